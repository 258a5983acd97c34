import type { Log } from '../ports/log';

/**
 * Every event that the runtime logs, with its level. Fields are ids, counts, durations and codes: no message text, names, tokens or
 * state.
 */
export const EVENTS = {
  /** An activity is durable. */
  accepted: 'debug',
  /** An activity waits, durably, for its time. */
  scheduled: 'debug',
  /** An activity was posted again and ignored. */
  duplicate: 'info',
  /** An activity was refused at the endpoint. */
  refused: 'warn',
  /** A request to notify somebody was refused. */
  notifyRefused: 'warn',
  /** The store could not make an activity durable in time; the channel was told to come again. */
  acceptFailed: 'error',
  /** A ring failed; the sweep will ring. */
  ringFailed: 'warn',
  /** A queue message is not a ring of this app. */
  ringNotOurs: 'warn',
  /** An activity was answered inside its HTTP response. */
  answered: 'info',
  /** A handler was not done when its answer was due; the activity runs again from the mailbox. */
  deferred: 'warn',
  /** A turn committed. */
  committed: 'info',
  /** A handler failed; the activity will be tried again. */
  attemptFailed: 'warn',
  /** An activity became a dead letter. */
  deadLettered: 'error',
  /** The bot's own error handler failed: `onTurnError`, or `onDeliveryFailed`. */
  errorHandlerFailed: 'error',
  /** A promise that is not awaited was rejected, in a turn or after it. The process goes on. */
  notAwaited: 'error',
  /** A value of the state was changed in place while a step ran. If the step did it, a later attempt will not have the change. */
  stateChangedInStep: 'warn',
  /** Something was flushed by an earlier attempt, and this one would send something else in its place: the channel keeps the first. */
  flushedDiffers: 'warn',
  /** A handler ran again because the state it had touched was changed by another turn. */
  conflict: 'info',
  /** A run was kept although state had moved, because it had touched none of what was changed. */
  rebased: 'debug',
  /** Another worker took the conversation over; this one's work was dropped. */
  fenced: 'warn',
  /** An effect reached its channel. */
  delivered: 'debug',
  /** An effect did not reach its channel and will be tried again. */
  deliveryFailed: 'warn',
  /** Something on the live lane (typing) did not reach its channel; it is not tried again. */
  liveDropped: 'debug',
  /** An effect was to go to a host that is not a known channel's. */
  serviceNotTrusted: 'error',
  /** An effect was given up as a dead letter. */
  deliveryDead: 'error',
  /** An effect may have been sent twice, or was left out because it may have been sent. */
  deliveryInDoubt: 'warn',
  /** Work remained when an invocation's time was over; it was handed over. */
  handedOver: 'info',
  /** What was learned of a conversation could not be noted in the registry; its next activity makes up for it. */
  referenceNotKept: 'warn',
  /** A request was answered 503, or a timer did nothing: a setting is wrong, the gate would let strangers in, or the store cannot be used. */
  notServing: 'error',
  /** A pause that a channel asked for could not be noted for all instances; the channel asks again. */
  pauseNotKept: 'warn',
  /** A conversation's record has grown so large that the holder cannot write it; the holder has let it go. */
  recordTooLarge: 'error',
  /** A store call is being repeated. */
  storeFault: 'warn',
  /** A request to Cosmos DB failed: with its status, and the service's id of it, which its support asks for. */
  storeRequestFailed: 'warn',
  /** No replica was as far as this process has seen a partition of Cosmos DB; the read is repeated. */
  sessionRefused: 'debug',
  /** The account does not keep a promise by the transport that is set, so the other one is used; the reason names the promise. */
  storeTransportChanged: 'warn',
  /** A question of the store's self-check had no answer; it is asked again with the next start. */
  storeCheckUndecided: 'warn',
  /** Traces, metrics or logs could not be sent, and are lost. Said at most every ten minutes. */
  telemetryLost: 'error',
  /** A sweep found conversations overdue. */
  swept: 'info',
  /** The timer had not swept for minutes, so an invocation of another function did. */
  sweptForTimer: 'warn',
  /** Looking for a missed sweep, making one, or recording one failed; another invocation does it, from a minute later on. */
  missedSweepFailed: 'warn',
  /** What had had its time was removed: dead letters, and conversations in which nothing happened any more. */
  pruned: 'info',
  /** Removing it failed; the next sweep does it. */
  pruneFailed: 'warn',
  /** Erasing that was interrupted is done: nothing of it is stored any more. */
  erasingFinished: 'info',
  /** A request to forget, whose command was interrupted, is carried out. */
  forgotten: 'info',
  /** Finishing one of these failed. What was erased stays unseen; the next sweep goes on. */
  erasingFailed: 'warn',
} as const satisfies Record<string, 'debug' | 'info' | 'warn' | 'error'>;

export type EventName = keyof typeof EVENTS;

/** Fields with what this code made up or counted: keys, ids of its own, numbers, words of its own. */
const OWN_FIELDS = [
  'activity',
  'applied',
  'attempt',
  'attempts',
  'container',
  'conversation',
  'effect',
  'epoch',
  'failures',
  'operation',
  'outcome',
  'overdue',
  'deadLetters',
  'conversations',
  'policy',
  'run',
  'status',
  'substatus',
  'transport',
  'turn',
  'waiting',
] as const;

/** `TypeError`, `ECONNRESET`. */
const NAME = /^[A-Za-z][\w.-]{0,159}$/;
/** `HTTP 503 ServiceUnavailable`, and what the connector says in our words. */
const REASON = /^[A-Za-z][\w.-]{0,159}(?:[ ,]{1,2}[\w.-]{1,160}){0,12}$/;

/** `smba.trafficmanager.net`, `[::1]`. */
const HOST = /^(?:[a-z\d](?:[a-z\d.-]{0,251}[a-z\d])?|\[[\da-f:.]{2,45}\])$/;

/** Ids that a service gives its requests and partitions. */
const SERVICE_ID = /^[\w-]{1,64}$/;

/** Fields with what others named, and how it has to look: anything can be written into an error. */
const NAMED = {
  code: NAME,
  error: NAME,
  reason: REASON,
  host: HOST,
  activityId: SERVICE_ID,
  partition: SERVICE_ID,
} as const;

/** The fields that an event may carry. There are no others: none has a text, a name of somebody, a token, or state. */
export type EventFields = {
  readonly [Field in (typeof OWN_FIELDS)[number] | keyof typeof NAMED]?: string | number | boolean;
};

/** Logs an event at its level. A log that throws costs its line and nothing else: no turn, no acknowledgement, no lease. */
export function logEvent(log: Log, name: EventName, fields: EventFields): void {
  try {
    log.event(EVENTS[name], name, allowed(fields));
  } catch {
    // There is nowhere left to say so.
  }
}

/** Leaves out what is not on the list, whoever logs it: types end where code is not checked. */
function allowed(fields: EventFields): Readonly<Record<string, string | number | boolean>> {
  const kept: Record<string, string | number | boolean> = {};
  for (const field of OWN_FIELDS) {
    const value = fields[field];
    if (value !== undefined) kept[field] = value;
  }
  for (const field of Object.keys(NAMED) as (keyof typeof NAMED)[]) {
    const value = fields[field];
    if (value !== undefined) kept[field] = NAMED[field].test(String(value)) ? value : 'unnamed';
  }
  return kept;
}

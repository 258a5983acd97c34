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
  /** An effect was given up as a dead letter. */
  deliveryDead: 'error',
  /** An effect may have been sent twice, or was left out because it may have been sent. */
  deliveryInDoubt: 'warn',
  /** Work remained when an invocation's time was over; it was handed over. */
  handedOver: 'info',
  /** What was learned of a conversation could not be noted in the registry; its next activity makes up for it. */
  referenceNotKept: 'warn',
  /** A store call is being repeated. */
  storeFault: 'warn',
  /** Traces, metrics or logs could not be sent, and are lost. Said at most every ten minutes. */
  telemetryLost: 'error',
  /** A sweep found conversations overdue. */
  swept: 'info',
} as const satisfies Record<string, 'debug' | 'info' | 'warn' | 'error'>;

export type EventName = keyof typeof EVENTS;

export type EventFields = Readonly<Record<string, string | number | boolean>>;

/** Logs an event at its level. A log that throws costs its line and nothing else: no turn, no acknowledgement, no lease. */
export function logEvent(log: Log, name: EventName, fields: EventFields): void {
  try {
    log.event(EVENTS[name], name, fields);
  } catch {
    // There is nowhere left to say so.
  }
}

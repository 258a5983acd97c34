import type { EndpointResponse } from '../ports/endpoint';
import { failure, TurnwiseError } from '../schema/errors';
import { StoreFault } from '../turn/fault';
import type { Answer, InlineFence } from '../turn/inline';
import { type ActivityKey, type ConversationKey, conversationKey, userKey } from '../turn/keys';
import type { DeliveredId } from '../turn/record';
import { commitInline } from './commit-inline';
import { deferredAnswer } from './deferred-answers';
import { translateIncoming } from './delivered-ids';
import { answerOf, RETRY_SOON_S, type ReceivedActivity, receivedEntry } from './endpoint-answers';
import { InlinePlace } from './inline-place';
import { InlineRunLost, InlineTurn } from './inline-turn';
import type { RuntimeOptions } from './options';
import { persist } from './persist';
import { errorName, type Runtime, report, ring } from './runtime';
import { stage, traced } from './stage';

/** How often a delivery looks whether the one before it has the answer, in ms. */
const POLL_MS = 100;

/** An activity that is answered inside its HTTP response, while this delivery of it lasts. */
interface Delivery extends ReceivedActivity {
  readonly conversation: ConversationKey;
  /** Under which it is claimed and answered: {@link own}, or the key of what the user did, where that is known. */
  readonly key: ActivityKey;
  /** Of this activity alone. */
  readonly own: ActivityKey;
  /** On the monotonic clock: when the handler has to be done. */
  readonly due: number;
  /** On the same clock: when the caller gets an answer, whatever it is. */
  readonly end: number;
}

/** A delivery that has the activity for itself. */
interface Claimed extends Delivery {
  readonly fence: InlineFence;
  readonly place: InlinePlace;
}

/**
 * Answers an invoke, or an activity that expects its replies, inside the HTTP response: the same middleware, handler and
 * commit as a queued turn, on a fresh snapshot and beside whatever turn holds the conversation. A handler that is not done in time is
 * run again from the mailbox, and the caller gets an answer that its protocol accepts. A second delivery gets the first one's answer.
 *
 * @param own the activity's dedupe key
 * @param key that of what the user did, where it is known
 */
export async function answerInline(
  runtime: Runtime,
  received: ReceivedActivity,
  own: ActivityKey,
  key = own,
): Promise<EndpointResponse> {
  const { clock, options } = runtime;
  const { activity } = received;
  const conversation = conversationKey(activity.channelId, activity.conversation.id);
  const due = clock.monotonic() + deadlineOf(options, activity.name ?? '');
  const end = due + options.acceptLimitMs;
  const answered = new AbortController();
  // Nothing that is waited for on the way may keep the caller waiting longer than this.
  const tooLate = clock.sleep(end - clock.monotonic(), answered.signal).then(() => 'tooLate' as const);
  try {
    const running = claimAndRun(runtime, { ...received, conversation, key, own, due, end });
    const answer = await Promise.race([running, tooLate]);
    if (answer !== 'tooLate') return answer;
    report(runtime, 'acceptFailed', conversation, { activity: key, applied: 'unknown' });
  } catch (error) {
    if (!(error instanceof StoreFault)) throw error;
    report(runtime, 'acceptFailed', conversation, { activity: key, applied: error.applied });
  } finally {
    answered.abort();
  }
  // Whatever has kept it waiting may have come to nothing: of a worker that has died there is nothing in the mailbox.
  return answerOf(failure(503, 'TryAgain'), RETRY_SOON_S);
}

/** The name is the caller's: a table has its own entries, and not those that every object has. */
function deadlineOf({ inlineDeadlineMs, inlineDeadlines }: RuntimeOptions, name: string): number {
  return (Object.hasOwn(inlineDeadlines, name) ? inlineDeadlines[name] : undefined) ?? inlineDeadlineMs;
}

async function claimAndRun(runtime: Runtime, first: Delivery): Promise<EndpointResponse | 'tooLate'> {
  const { clock, ids, options, store } = runtime;
  let delivery = first;
  for (;;) {
    const owner = ids.next();
    const left = delivery.due - clock.monotonic();
    const ttlMs = Math.max(0, left) + options.acceptLimitMs;
    const claimed = await persist(clock, () => store.inline.claim(delivery.conversation, delivery.key, owner, ttlMs), {
      limitMs: options.acceptLimitMs,
    });
    if (claimed.outcome === 'answered') {
      if (!isFailureOfAnother(delivery, claimed)) {
        report(runtime, 'duplicate', delivery.conversation, { activity: delivery.key });
        return claimed.answer;
      }
      delivery = { ...delivery, key: delivery.own };
    } else if (claimed.outcome === 'claimed') {
      const answer = await runClaimed(runtime, known(delivery, claimed.ids), claimed.fence);
      if (answer !== 'lost') return answer;
    } else if (clock.monotonic() >= delivery.end) {
      return 'tooLate';
    } else {
      await clock.sleep(POLL_MS);
    }
  }
}

/**
 * Whether what is recorded for the user's action is the failure of a delivery under another id. A failure stands for its own delivery
 * only: who tries again after it wants to be heard.
 */
function isFailureOfAnother(
  { key, own }: Delivery,
  { answer, delivery }: { readonly answer: Answer; readonly delivery?: ActivityKey },
): boolean {
  if (key === own || delivery === own) return false;
  const { statusCode } = (answer.body ?? {}) as { readonly statusCode?: unknown };
  // The HTTP status of an Action.Execute may be 200 whatever its own says.
  return answer.status >= 300 || (typeof statusCode === 'number' && statusCode >= 300);
}

/** The delivery with an id of ours in the place of the channel's. */
function known(delivery: Delivery, ids: readonly DeliveredId[]): Delivery {
  const { activity } = delivery;
  if (activity.replyToId === undefined) return delivery;
  return { ...delivery, activity: { ...activity, replyToId: translateIncoming(activity.replyToId, ids) } };
}

/** Runs until it is committed, deferred, or another delivery's. Conflicts run it again as long as there is time, however many they are. */
async function runClaimed(
  runtime: Runtime,
  delivery: Delivery,
  fence: InlineFence,
): Promise<EndpointResponse | 'lost'> {
  const { conversation, key, due } = delivery;
  const place = new InlinePlace(runtime, conversation, due);
  const claimed: Claimed = { ...delivery, fence, place };
  try {
    for (let run = 1; runtime.clock.monotonic() < due; run += 1) {
      const ran = await runInTime(runtime, claimed, turnOf(runtime, claimed, run));
      if (ran === 'late') break;
      if (ran === 'lost') return 'lost';
      const ended = await conclude(runtime, claimed, ran);
      if (ended === 'lost') return 'lost';
      if (ended !== 'conflict') {
        report(runtime, 'answered', conversation, { activity: key, status: ended.status });
        return ended;
      }
      report(runtime, 'conflict', conversation, { activity: key, run });
      await place.conflicted();
    }
  } finally {
    place.leave();
  }
  return defer(runtime, delivery, fence);
}

/** Commits what a run has come to; when it has failed, or what it wants to keep cannot be stored, the bot's apology. */
async function conclude(
  runtime: Runtime,
  claimed: Claimed,
  ran: Finished | Failed,
): Promise<Answer | 'conflict' | 'lost'> {
  if ('error' in ran) return commitApology(runtime, claimed, ran.error);
  try {
    return await commit(runtime, claimed, ran);
  } catch (error) {
    ran.turn.abandon();
    if (error instanceof StoreFault) throw error;
    return commitApology(runtime, claimed, error);
  }
}

/** Commits the bot's apology or, when what it sends does not fit into the record either, the answer alone. */
async function commitApology(
  runtime: Runtime,
  claimed: Claimed,
  error: unknown,
): Promise<Answer | 'conflict' | 'lost'> {
  const apology = await apologise(runtime, claimed, error);
  try {
    return await commit(runtime, claimed, apology);
  } catch (second) {
    apology.turn.abandon();
    if (!(second instanceof TurnwiseError)) throw second;
    const { conversation, key } = claimed;
    report(runtime, 'errorHandlerFailed', conversation, { activity: key, error: second.code });
    return commit(runtime, claimed, { turn: turnOf(runtime, claimed, 1), answer: FAILED });
  }
}

async function commit(
  runtime: Runtime,
  { conversation, key, own, fence, due }: Claimed,
  { turn, answer }: Finished,
): Promise<Answer | 'conflict' | 'lost'> {
  const run = { conversation, key, fence, due, ...(key === own ? {} : { delivery: own }) };
  const committed = await commitInline(runtime, run, turn, answer);
  if (committed === 'committed') return answer;
  turn.abandon();
  return committed;
}

function turnOf(
  runtime: Runtime,
  { conversation, key, activity, due, fence, place }: Claimed,
  run: number,
): InlineTurn {
  const { clock } = runtime;
  const user = activity.from?.id ? userKey(activity.channelId, activity.from.id) : undefined;
  const deadline = new Date(clock.now() + Math.max(0, due - clock.monotonic()));
  return new InlineTurn(runtime, { conversation, key, activity, user, fence, run, deadline, place });
}

interface Finished {
  readonly turn: InlineTurn;
  readonly answer: Answer;
}

interface Failed {
  readonly error: unknown;
}

async function runInTime(
  runtime: Runtime,
  { activity, due }: Claimed,
  turn: InlineTurn,
): Promise<Finished | Failed | 'late' | 'lost'> {
  const { bot, clock } = runtime;
  const done = new AbortController();
  const late = clock.sleep(due - clock.monotonic(), done.signal).then(() => 'late' as const);
  try {
    const outcome = await Promise.race([
      turn.run(() => stage(runtime, 'handler', {}, () => bot.run(turn, activity))),
      late,
    ]);
    if (outcome !== 'late') {
      turn.states.assertStorable();
      return { turn, answer: outcome ?? NO_CONTENT };
    }
    turn.abandon();
    return 'late';
  } catch (error) {
    turn.abandon();
    if (error instanceof InlineRunLost) return 'lost';
    if (error instanceof StoreFault) throw error;
    return { error };
  } finally {
    done.abort();
  }
}

const NO_CONTENT: Answer = { status: 200 };

/** What a handler that threw is answered with, as by a bot's endpoint. */
const FAILED: Answer = { status: 500 };

/** The bot's `onTurnError`, in a turn of its own: nothing of the failed one is kept. Should it fail too, or take too long, only the answer is. */
async function apologise(runtime: Runtime, claimed: Claimed, error: unknown): Promise<Finished> {
  const { conversation, key, activity, due } = claimed;
  report(runtime, 'attemptFailed', conversation, { activity: key, attempt: 1, error: errorName(error) });
  const turn = turnOf(runtime, claimed, 1);
  const { bot } = runtime;
  if (bot.onError === undefined) return { turn, answer: FAILED };
  const done = new AbortController();
  const left = Math.max(0, due - runtime.clock.monotonic());
  const late = runtime.clock.sleep(left, done.signal).then(() => {
    throw new TurnwiseError('TurnTimedOut');
  });
  try {
    await Promise.race([turn.run(async () => bot.onError?.(turn, activity, error)), late]);
    turn.states.assertStorable();
    return { turn, answer: FAILED };
  } catch (second) {
    turn.abandon();
    report(runtime, 'errorHandlerFailed', conversation, { activity: key, error: errorName(second) });
    return { turn: turnOf(runtime, claimed, 1), answer: FAILED };
  } finally {
    done.abort();
  }
}

/** Puts the activity into the mailbox first and answers then, so that it is durable when the caller goes away. */
async function defer(runtime: Runtime, delivery: Delivery, fence: InlineFence): Promise<EndpointResponse | 'lost'> {
  const { clock, options, store } = runtime;
  const { conversation, key, own, activity } = delivery;
  const answer = deferredAnswer(activity, options.deferralText);
  // Nobody collects replies any more: the queued turn sends them.
  const queued = activity.deliveryMode === 'expectReplies' ? { ...activity, deliveryMode: 'normal' } : activity;
  const received = { ...delivery, activity: queued };
  const { entry, bodies } = receivedEntry(key, received, options.inlineBytes, runtime.ids.next());
  const deferred = await stage(runtime, 'accept', { kind: 'producer' }, async (span) => {
    const deferral = {
      activity: traced(entry, span),
      bodies,
      answer,
      limit: options.backlogLimit,
      ...(key === own ? {} : { delivery: own }),
    };
    const outcome = await persist(clock, () => store.inline.defer(conversation, fence, deferral), {
      limitMs: options.acceptLimitMs,
    });
    span.set({ 'turnwise.outcome': outcome });
    return outcome;
  });
  if (deferred === 'lost') return 'lost';
  if (deferred === 'full') return answerOf(failure(429, 'BacklogFull'), RETRY_SOON_S);
  report(runtime, 'deferred', conversation, { activity: key });
  await ring(runtime, conversation, 0);
  return answer;
}

import type { EndpointResponse } from '../ports/endpoint';
import type { Activity } from '../schema/activity';
import { failure, TurnwiseError } from '../schema/errors';
import { StoreFault } from '../turn/fault';
import type { Answer, InlineFence } from '../turn/inline';
import { type ActivityKey, type ConversationKey, conversationKey, userKey } from '../turn/keys';
import type { DeliveredId } from '../turn/record';
import { commitInline } from './commit-inline';
import { deferredAnswer } from './deferred-answers';
import { translateIncoming } from './delivered-ids';
import { answerOf, mailboxEntry, RETRY_SOON_S } from './endpoint-answers';
import { InlineRunLost, InlineTurn } from './inline-turn';
import type { RuntimeOptions } from './options';
import { persist } from './persist';
import { errorName, type Runtime, report, ring } from './runtime';
import { stage, traced } from './stage';

/** How often a delivery looks whether the one before it has the answer, in ms. */
const POLL_MS = 100;

/** An activity that is answered inside its HTTP response, while this delivery of it lasts. */
interface Delivery {
  readonly conversation: ConversationKey;
  readonly key: ActivityKey;
  readonly activity: Activity;
  readonly bytes: number;
  /** On the monotonic clock: when the caller stops waiting. */
  readonly due: number;
}

/**
 * Answers an invoke, or an activity that expects its replies, inside the HTTP response: the same middleware, handler and
 * commit as a queued turn, on a fresh snapshot and beside whatever turn holds the conversation. A handler that is not done in time is
 * run again from the mailbox, and the caller gets an answer that its protocol accepts. A second delivery gets the first one's answer.
 */
export async function answerInline(
  runtime: Runtime,
  activity: Activity,
  bytes: number,
  key: ActivityKey,
): Promise<EndpointResponse> {
  const { clock, options } = runtime;
  const conversation = conversationKey(activity.channelId, activity.conversation.id);
  const limitMs = deadlineOf(options, activity.name ?? '');
  const delivery: Delivery = { conversation, key, activity, bytes, due: clock.monotonic() + limitMs };
  try {
    return await claimAndRun(runtime, delivery);
  } catch (error) {
    if (!(error instanceof StoreFault)) throw error;
    report(runtime, 'acceptFailed', conversation, { activity: key, applied: error.applied });
    return answerOf(failure(503, 'TryAgain'), RETRY_SOON_S);
  }
}

/** The name is the caller's: a table has its own entries, and not those that every object has. */
function deadlineOf({ inlineDeadlineMs, inlineDeadlines }: RuntimeOptions, name: string): number {
  return (Object.hasOwn(inlineDeadlines, name) ? inlineDeadlines[name] : undefined) ?? inlineDeadlineMs;
}

async function claimAndRun(runtime: Runtime, delivery: Delivery): Promise<EndpointResponse> {
  const { clock, ids, options, store } = runtime;
  for (;;) {
    const owner = ids.next();
    const left = delivery.due - clock.monotonic();
    const ttlMs = Math.max(0, left) + options.acceptLimitMs;
    const claimed = await persist(clock, () => store.inline.claim(delivery.conversation, delivery.key, owner, ttlMs), {
      limitMs: options.acceptLimitMs,
    });
    if (claimed.outcome === 'answered') {
      report(runtime, 'duplicate', delivery.conversation, { activity: delivery.key });
      return claimed.answer;
    }
    if (claimed.outcome === 'claimed') {
      const answer = await runClaimed(runtime, known(delivery, claimed.ids), claimed.fence);
      if (answer !== 'lost') return answer;
    } else if (left <= 0) {
      // A worker that lives has answered or deferred the activity by its own due time, which was earlier: this one may be dead, and
      // nothing is in the mailbox.
      return answerOf(failure(503, 'TryAgain'), RETRY_SOON_S);
    } else {
      await clock.sleep(Math.min(POLL_MS, left));
    }
  }
}

/** The delivery with an id of ours in the place of the channel's. */
function known(delivery: Delivery, ids: readonly DeliveredId[]): Delivery {
  const { activity } = delivery;
  if (activity.replyToId === undefined) return delivery;
  return { ...delivery, activity: { ...activity, replyToId: translateIncoming(activity.replyToId, ids) } };
}

/** Runs until it is committed, deferred, or somebody else's. Conflicts run it again while there is time. */
async function runClaimed(
  runtime: Runtime,
  delivery: Delivery,
  fence: InlineFence,
): Promise<EndpointResponse | 'lost'> {
  const { clock, options } = runtime;
  const { conversation, key } = delivery;
  for (let run = 1; run <= options.maxConflictRuns; run += 1) {
    const left = delivery.due - clock.monotonic();
    if (left <= 0) break;
    const outcome = await runInTime(runtime, delivery, turnOf(runtime, delivery, fence, run), left);
    if (outcome === 'late') break;
    if (outcome === 'lost') return 'lost';
    const { turn, answer } = 'error' in outcome ? await apologise(runtime, delivery, fence, outcome.error) : outcome;
    const committed = await commitInline(runtime, { conversation, key, fence }, turn, answer);
    if (committed === 'lost') return 'lost';
    if (committed === 'committed') {
      report(runtime, 'answered', conversation, { activity: key, status: answer.status });
      return answer;
    }
    turn.abandon();
    report(runtime, 'conflict', conversation, { activity: key, run });
  }
  return defer(runtime, delivery, fence);
}

function turnOf(
  runtime: Runtime,
  { conversation, key, activity, due }: Delivery,
  fence: InlineFence,
  run: number,
): InlineTurn {
  const { clock } = runtime;
  const user = activity.from?.id ? userKey(activity.channelId, activity.from.id) : undefined;
  const deadline = new Date(clock.now() + Math.max(0, due - clock.monotonic()));
  return new InlineTurn(runtime, { conversation, key, activity, user, fence, run, deadline });
}

type Ran = { readonly turn: InlineTurn; readonly answer: Answer } | { readonly error: unknown } | 'late' | 'lost';

async function runInTime(runtime: Runtime, { activity }: Delivery, turn: InlineTurn, left: number): Promise<Ran> {
  const { bot, clock } = runtime;
  const done = new AbortController();
  const late = clock.sleep(left, done.signal).then(() => 'late' as const);
  try {
    const outcome = await Promise.race([stage(runtime, 'handler', {}, () => bot.run(turn, activity)), late]);
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
async function apologise(
  runtime: Runtime,
  delivery: Delivery,
  fence: InlineFence,
  error: unknown,
): Promise<{ readonly turn: InlineTurn; readonly answer: Answer }> {
  const { conversation, key, activity } = delivery;
  report(runtime, 'attemptFailed', conversation, { activity: key, attempt: 1, error: errorName(error) });
  const turn = turnOf(runtime, delivery, fence, 1);
  if (runtime.bot.onError === undefined) return { turn, answer: FAILED };
  const done = new AbortController();
  const left = Math.max(0, delivery.due - runtime.clock.monotonic());
  const late = runtime.clock.sleep(left, done.signal).then(() => {
    throw new TurnwiseError('TurnTimedOut');
  });
  try {
    await Promise.race([runtime.bot.onError(turn, activity, error), late]);
    turn.states.assertStorable();
    return { turn, answer: FAILED };
  } catch (second) {
    turn.abandon();
    report(runtime, 'errorHandlerFailed', conversation, { activity: key, error: errorName(second) });
    return { turn: turnOf(runtime, delivery, fence, 1), answer: FAILED };
  } finally {
    done.abort();
  }
}

/** Puts the activity into the mailbox first and answers then, so that it is durable when the caller goes away. */
async function defer(runtime: Runtime, delivery: Delivery, fence: InlineFence): Promise<EndpointResponse | 'lost'> {
  const { clock, options, store } = runtime;
  const { conversation, key, activity, bytes } = delivery;
  const answer = deferredAnswer(activity);
  // Nobody collects replies any more: the queued turn sends them.
  const queued = activity.deliveryMode === 'expectReplies' ? { ...activity, deliveryMode: 'normal' } : activity;
  const { entry, bodies } = mailboxEntry(key, queued, bytes, options.inlineBytes, runtime.ids.next());
  const deferred = await stage(runtime, 'accept', { kind: 'producer' }, async (span) => {
    const deferral = { activity: traced(entry, span), bodies, answer, limit: options.backlogLimit };
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

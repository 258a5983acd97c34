import type { Activity } from '../schema/activity';
import { TurnwiseError } from '../schema/errors';
import { StoreFault } from '../turn/fault';
import type { Answer, InlineFence } from '../turn/inline';
import { type ActivityKey, type ConversationKey, conversationKey, userKey } from '../turn/keys';
import { keyOf } from './activity-keys';
import { commitInline } from './commit-inline';
import { conflictPauseMs } from './inline-place';
import { InlineRunLost, InlineTurn } from './inline-turn';
import { persist } from './persist';
import type { Runtime } from './runtime';
import { stage } from './stage';

/** One call of {@link runLogic}. */
interface Run {
  readonly conversation: ConversationKey;
  readonly key: ActivityKey;
  readonly activity: Activity;
}

type Outcome = { readonly answer: Answer | undefined } | 'conflict' | 'lost';

/**
 * Runs code that is not the app's bot as a turn of a conversation: at once, beside whatever turn holds the conversation, as inline turns do.
 * Resolves when it is committed; what it sends is delivered by the queue. `runtime.bot` is the code to run. Unlike a queued turn it is
 * gone with its process, and it is not tried again when it fails, because a closure cannot be stored.
 *
 * @returns what the code would answer in an HTTP response
 * @throws what it threw, when there is no `onTurnError` to answer for it; TurnwiseError `TurnTimedOut`, `TooManyConflicts`;
 * StoreFault when the store cannot be reached
 */
export function runLogic(runtime: Runtime, activity: Activity): Promise<Answer | undefined> {
  const conversation = conversationKey(activity.channelId, activity.conversation.id);
  return stage(runtime, 'turn', { attributes: { 'turnwise.conversation': conversation } }, async (span) => {
    const answer = await runUntilCommitted(runtime, conversation, activity);
    span.set({ 'turnwise.outcome': 'committed' });
    return answer;
  });
}

async function runUntilCommitted(
  runtime: Runtime,
  conversation: ConversationKey,
  activity: Activity,
): Promise<Answer | undefined> {
  const { clock, ids, options } = runtime;
  // Two calls with the same activity are two turns.
  const { id: _, ...anonymous } = activity;
  const run: Run = { conversation, key: keyOf(anonymous, () => ids.next()), activity };
  const retriedUntil = clock.monotonic() + options.inlineDeadlineMs;
  let fence: InlineFence | undefined;
  for (let attempt = 1; attempt <= options.maxConflictRuns || clock.monotonic() < retriedUntil; attempt += 1) {
    fence ??= await claim(runtime, run);
    const outcome = await runOnce(runtime, run, fence, attempt);
    if (typeof outcome === 'object') return outcome.answer;
    if (outcome === 'lost') fence = undefined;
    // It waits in no line: it may be called by a turn that is first in one.
    await clock.sleep(conflictPauseMs(ids, attempt));
  }
  throw new TurnwiseError('TooManyConflicts');
}

async function claim({ clock, ids, options, store }: Runtime, { conversation, key }: Run): Promise<InlineFence> {
  const owner = ids.next();
  const claimed = await persist(
    clock,
    () => store.inline.claim(conversation, key, owner, options.turnTimeoutMs + options.acceptLimitMs),
    { limitMs: options.acceptLimitMs },
  );
  if (claimed.outcome !== 'claimed') throw new Error('The key of a turn that only this call knows is taken.');
  return claimed.fence;
}

async function runOnce(runtime: Runtime, run: Run, fence: InlineFence, attempt: number): Promise<Outcome> {
  const { bot } = runtime;
  const { activity, conversation, key } = run;
  const turn = turnOf(runtime, run, fence, attempt);
  try {
    const answer = await inTime(runtime, turn, () => stage(runtime, 'handler', {}, () => bot.run(turn, activity)));
    return await commit(runtime, { conversation, key, fence }, turn, answer);
  } catch (error) {
    turn.abandon();
    if (error instanceof InlineRunLost) return 'lost';
    // It may have been committed: there is nothing to apologise for that is known of.
    if (error instanceof StoreFault) throw error;
    if (bot.onError === undefined) throw error;
    const apology = turnOf(runtime, run, fence, attempt);
    try {
      await inTime(runtime, apology, async () => bot.onError?.(apology, activity, error));
      return await commit(runtime, { conversation, key, fence }, apology, undefined);
    } catch (second) {
      apology.abandon();
      throw second;
    }
  }
}

async function commit(
  runtime: Runtime,
  run: { readonly conversation: ConversationKey; readonly key: ActivityKey; readonly fence: InlineFence },
  turn: InlineTurn,
  answer: Answer | undefined,
): Promise<Outcome> {
  turn.states.assertStorable();
  const due = runtime.clock.monotonic() + runtime.options.inlineDeadlineMs;
  const committed = await commitInline(runtime, { ...run, due }, turn, answer ?? { status: 200 });
  if (committed === 'committed') return { answer };
  turn.abandon();
  return committed;
}

function turnOf(runtime: Runtime, { activity, conversation, key }: Run, fence: InlineFence, run: number): InlineTurn {
  const { clock, options } = runtime;
  const user = activity.from?.id ? userKey(activity.channelId, activity.from.id) : undefined;
  const deadline = new Date(clock.now() + options.turnTimeoutMs);
  return new InlineTurn(runtime, { conversation, key, activity, user, fence, run, deadline });
}

/** @throws TurnwiseError `TurnTimedOut`; and what `work` throws */
async function inTime<T>({ clock, options }: Runtime, turn: InlineTurn, work: () => Promise<T>): Promise<T> {
  const done = new AbortController();
  let over = false;
  const late = clock.sleep(options.turnTimeoutMs, done.signal).then((): never => {
    if (over) return undefined as never;
    turn.abandon();
    throw new TurnwiseError('TurnTimedOut');
  });
  try {
    return await Promise.race([turn.run(work), late]);
  } finally {
    over = true;
    done.abort();
    late.catch(() => undefined);
  }
}

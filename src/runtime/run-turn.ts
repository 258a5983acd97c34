import type { DeadReason } from '../ports/store';
import type { Activity } from '../schema/activity';
import { TurnwiseError } from '../schema/errors';
import { wellFormed } from '../schema/well-formed';
import { StoreFault } from '../turn/fault';
import { userKey } from '../turn/keys';
import type { PendingActivity } from '../turn/record';
import { MAX_UNCOUNTED } from '../turn/timing';
import { loadBody } from './bodies';
import { CapturedTurn, type TurnInput } from './captured-turn';
import { commitTurn } from './commit-turn';
import { translateIncoming } from './delivered-ids';
import { ConversationLost, type Hold } from './hold';
import { jitter } from './jitter';
import { linkedSignal, OVER } from './linked-signal';
import { backoff } from './options';
import { threadPause } from './pacing';
import { atRecipient } from './recipients';
import { errorName, type Runtime, report } from './runtime';
import { stage } from './stage';
import { taskLogic } from './tasks';
import type { Leave } from './turn-lines';

/** Whether the hold goes on after the turn, or is over (released, or handed back). */
export type AfterTurn = 'continue' | 'stopped';

/** What an attempt came to, and what is next. */
export interface Ended {
  readonly outcome: 'committed' | 'failed' | 'dead' | 'conflict' | 'storeFault' | 'paused';
  readonly next: AfterTurn;
}

/**
 * Runs the turn of the first activity: middleware and handler with everything captured, then the commit. A failed attempt is
 * handed back with a back-off; the last one, and one that failed for good, ends as a dead letter.
 */
export async function runTurn(runtime: Runtime, hold: Hold): Promise<Ended> {
  const [pending] = hold.head.pend;
  if (pending === undefined) throw new Error('A turn needs an activity.');
  let activity: Activity | undefined;
  try {
    activity = await loadActivity(runtime, hold, pending);
  } catch (error) {
    if (hold.lost.aborted) throw error;
    return failed(runtime, hold, pending, undefined, error);
  }
  if (activity === undefined) return failed(runtime, hold, pending, undefined, new TurnwiseError('BodyMissing'));
  if (pending.proactive === 'task') return runLoaded({ ...runtime, bot: taskLogic(runtime) }, hold, pending, activity);
  if (pending.proactive !== undefined) return runProactive(runtime, hold, pending, activity);
  const noted = runtime.keeper?.seen(activity, pending.vouched);
  try {
    return await runLoaded(runtime, hold, pending, activity, noted);
  } finally {
    await noted;
  }
}

/** A longer pause between messages in one thread is waited for without the conversation, so that replies go first. In ms. */
const LONGEST_PAUSE_MS = 2_000;

/** What was posted, maybe long ago, goes where its recipient is now. Nobody apologises to one who cannot be reached any more. */
async function runProactive(
  runtime: Runtime,
  hold: Hold,
  pending: PendingActivity,
  activity: Activity,
): Promise<Ended> {
  let current: Activity;
  try {
    current = await atRecipient(runtime, activity);
  } catch (unreachable) {
    if (hold.lost.aborted) throw unreachable;
    return failed(runtime, hold, pending, undefined, unreachable);
  }
  const pauseMs = threadPause(current.channelId, hold.head, hold.storeNow);
  if (pauseMs > LONGEST_PAUSE_MS) {
    await hold.handBack(pauseMs, 'attemptTakenBack');
    return { outcome: 'paused', next: 'stopped' };
  }
  if (pauseMs > 0) await runtime.clock.sleep(pauseMs, hold.lost);
  return runLoaded(runtime, hold, pending, current);
}

async function runLoaded(
  runtime: Runtime,
  hold: Hold,
  pending: PendingActivity,
  activity: Activity,
  noted?: Promise<void>,
): Promise<Ended> {
  const about = noted === undefined ? {} : { noted };
  const input: TurnInput = { pending, activity, user: userOf(activity), repeats: true, ...about };
  // More attempts than allowed were counted: none of them lived to tell how it failed.
  if (hold.head.att > runtime.options.maxAttempts) {
    return giveUp(runtime, hold, pending, input, new TurnwiseError('WorkerDied'));
  }
  for (let run = 0; run < runtime.options.maxConflictRuns; run += 1) {
    const turn = new CapturedTurn(runtime, hold, input);
    const leave = run === 0 ? undefined : await aheadOfOthers(runtime, hold);
    try {
      const handle = () => runtime.bot.run(turn, activity, pending.proactive);
      await attempt(runtime, turn, () => stage(runtime, 'handler', {}, handle));
      const committed = await commitTurn(runtime, hold, turn, pending);
      if (committed !== 'conflict') return afterCommit(runtime, hold, pending, committed);
    } catch (error) {
      await turn.abandon();
      if (hold.lost.aborted) throw error;
      return failed(runtime, hold, pending, input, error);
    } finally {
      leave?.();
    }
    await turn.abandon();
    report(runtime, 'conflict', hold.key, { activity: pending.key, run: run + 1 });
    // What moved may have been moved by whoever has the conversation now: then the next run is theirs.
    if (hold.lost.aborted) throw new ConversationLost('Another worker has taken the conversation over.');
  }
  return contended(runtime, hold, pending, input);
}

/** Time for which inline runs of the same process wait for a queued turn that has met a conflict, and it for them; in ms. */
const MAX_LINE_MS = 2_000;

/**
 * Waits in the line of the conversation's inline runs, so that a queued turn commits even while many press a card. It is not waited for any longer
 * than its handler may reasonably take: an answer is.
 */
async function aheadOfOthers({ clock, inProcess }: Runtime, hold: Hold): Promise<Leave | undefined> {
  const leave = await inProcess.runs.enterWithin(clock, hold.key, MAX_LINE_MS);
  if (leave === undefined) return undefined;
  const over = new AbortController();
  void clock.sleep(MAX_LINE_MS, over.signal).then(leave);
  return () => over.abort();
}

/**
 * Pauses after the first, second, … attempt that others have ended, in ms; the last one repeats. Of each, half is at random: conversations of
 * one user that have met would meet again. They are shorter than those of a handler that fails, which would fail again.
 */
const CONTENDED_PAUSES_MS = [1_000, 1_000, 1_000, 2_000, 2_000, 5_000];

/** State has moved under each run. The attempt is not counted, with growing pauses; where that never ends, it is. */
async function contended(runtime: Runtime, hold: Hold, pending: PendingActivity, input: TurnInput): Promise<Ended> {
  const { uncounted = 0 } = hold.head;
  if (uncounted >= MAX_UNCOUNTED) return failed(runtime, hold, pending, input, new TurnwiseError('TooManyConflicts'));
  const pauseMs = backoff(CONTENDED_PAUSES_MS, uncounted + 1);
  await hold.handBack(pauseMs / 2 + jitter(runtime.ids, pauseMs / 2), 'contended');
  return { outcome: 'conflict', next: 'stopped' };
}

async function failed(
  runtime: Runtime,
  hold: Hold,
  pending: PendingActivity,
  input: TurnInput | undefined,
  error: unknown,
): Promise<Ended> {
  const { att } = hold.head;
  const { options } = runtime;
  if (error instanceof StoreFault) {
    // The store was throttled or away: nothing that another attempt of this activity could do better.
    await hold.handBack(backoff(options.attemptBackoffMs, 1), 'attemptTakenBack');
    return { outcome: 'storeFault', next: 'stopped' };
  }
  report(runtime, 'attemptFailed', hold.key, { activity: pending.key, attempt: att, error: errorName(error) });
  if (att >= options.maxAttempts || isTerminal(error)) return giveUp(runtime, hold, pending, input, error);
  await hold.handBack(Math.max(backoff(options.attemptBackoffMs, att), askedPause(error)), 'attemptCounts');
  return { outcome: 'failed', next: 'stopped' };
}

/**
 * Ends an activity as a dead letter. The bot's `onTurnError` gets one run to apologise; its state and sends commit together with
 * the dead letter. Should that fail too, the dead letter is written without them.
 */
async function giveUp(
  runtime: Runtime,
  hold: Hold,
  pending: PendingActivity,
  input: TurnInput | undefined,
  error: unknown,
): Promise<Ended> {
  const { bot } = runtime;
  const dead = reasonOf(error);
  report(runtime, 'deadLettered', hold.key, {
    activity: pending.key,
    attempts: hold.head.att,
    error: errorName(error),
  });
  // An attempt beyond the one that may apologise means that the apology killed its worker.
  if (input !== undefined && bot.onError !== undefined && hold.head.att <= runtime.options.maxAttempts + 1) {
    const committed = await apologise(runtime, hold, input, error, dead);
    if (committed !== 'failed') return { outcome: 'dead', next: after(committed) };
  }
  const committed = await commitTurn(runtime, hold, undefined, pending, dead);
  return { outcome: 'dead', next: after(committed) };
}

/** The run of `onTurnError`, repeated like the handler's when the state that it touched has moved meanwhile. */
async function apologise(
  runtime: Runtime,
  hold: Hold,
  input: TurnInput,
  error: unknown,
  dead: DeadReason,
): Promise<'held' | 'released' | 'failed'> {
  const { bot, options } = runtime;
  const { pending } = input;
  for (let run = 0; run < options.maxConflictRuns; run += 1) {
    const turn = new CapturedTurn(runtime, hold, { ...input, repeats: false });
    try {
      await attempt(runtime, turn, () => bot.onError?.(turn, input.activity, error) ?? Promise.resolve());
      const committed = await commitTurn(runtime, hold, turn, pending, dead);
      if (committed !== 'conflict') return committed;
    } catch (second) {
      await turn.abandon();
      if (hold.lost.aborted) throw second;
      report(runtime, 'errorHandlerFailed', hold.key, { activity: pending.key, error: errorName(second) });
      return 'failed';
    }
    await turn.abandon();
    report(runtime, 'conflict', hold.key, { activity: pending.key, run: run + 1 });
  }
  return 'failed';
}

/** Runs the bot with the turn's time limit, sending what it has so far at every `holdRepliesMs` on the way. */
async function attempt(runtime: Runtime, turn: CapturedTurn, run: () => Promise<unknown>): Promise<void> {
  const { clock, options } = runtime;
  const over = linkedSignal(turn.signal);
  let done = false;
  const timeout = clock.sleep(options.turnTimeoutMs, over.signal).then(() => {
    if (!done) throw new TurnwiseError(turn.signal.aborted ? 'TurnLost' : 'TurnTimedOut');
  });
  const flushing = flushAtIntervals(runtime, turn, over.signal);
  try {
    await Promise.race([turn.run(run), timeout]);
  } finally {
    done = true;
    over.abort(OVER);
    timeout.catch(() => undefined);
    await flushing;
  }
}

async function flushAtIntervals({ clock, options }: Runtime, turn: CapturedTurn, over: AbortSignal): Promise<void> {
  if (options.holdRepliesMs <= 0) return;
  for (;;) {
    await clock.sleep(options.holdRepliesMs, over);
    if (over.aborted) return;
    try {
      await turn.flush();
    } catch {
      return; // The turn's next write, or its commit, meets the same trouble and reports it.
    }
  }
}

function afterCommit(runtime: Runtime, hold: Hold, pending: PendingActivity, committed: 'held' | 'released'): Ended {
  report(runtime, 'committed', hold.key, { activity: pending.key, turn: hold.head.n });
  return { outcome: 'committed', next: after(committed) };
}

const after = (committed: 'held' | 'released' | 'conflict'): AfterTurn =>
  committed === 'released' ? 'stopped' : 'continue';

async function loadActivity(runtime: Runtime, hold: Hold, { body }: PendingActivity): Promise<Activity | undefined> {
  const activity = await loadBody(runtime, hold.key, body);
  if (activity?.replyToId === undefined) return activity;
  return { ...activity, replyToId: translateIncoming(activity.replyToId, hold.head.ids) };
}

function userOf({ channelId, from }: Activity): TurnInput['user'] {
  return from?.id ? userKey(channelId, from.id) : undefined;
}

/** An error can say that another attempt would be pointless, with a property `retry` that is false. */
const isTerminal = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'retry' in error && error.retry === false;

/** An error can ask for a longer pause before the next attempt, with a property `retryAfterMs`. */
function askedPause(error: unknown): number {
  const asked = typeof error === 'object' && error !== null && 'retryAfterMs' in error ? error.retryAfterMs : 0;
  return typeof asked === 'number' && Number.isFinite(asked) ? Math.max(0, asked) : 0;
}

/** Longest text of an error that is kept with a dead letter, in UTF-16 units: the record has to hold it. */
const MAX_REASON_LENGTH = 8_000;

/** Returns why an activity is given up, as the record can hold it: errors may have texts of any length, cut anywhere. */
function reasonOf(error: unknown): DeadReason {
  const message = error instanceof Error ? error.message : String(error);
  return { code: errorName(error), message: wellFormed(message.slice(0, MAX_REASON_LENGTH)) };
}

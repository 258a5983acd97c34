import { StoreFault } from '../turn/fault';
import { measureBacklog } from './backlog';
import { logEvent } from './events';
import { finishForgetting } from './forget';
import { persist } from './persist';
import { type Runtime, ring } from './runtime';

/** Most rings at a time. */
const RINGS_AT_ONCE = 16;

/** Time for which the question for overdue conversations is repeated while the store fails, in ms. */
const STORE_LIMIT_MS = 5_000;

/**
 * Rings for every conversation whose `wake` has passed: what a lost ring, a purged queue or a dead worker left behind. That changes
 * nothing, so it may run anywhere, twice, or late. Then it finishes erasing that was interrupted, and removes what has had its time.
 *
 * @returns how many conversations were overdue.
 * @throws StoreFault when the store cannot be reached
 */
export async function sweep(runtime: Runtime): Promise<number> {
  const { overdue } = await ringForOverdue(runtime, runtime.options.sweepLimit);
  await measureBacklog(runtime, overdue);
  await finishForgetting(runtime, FINISHED_AT_ONCE);
  await prune(runtime);
  return overdue;
}

/**
 * Rings for at most `limit` conversations whose `wake` has passed, the longest overdue first.
 *
 * @param limitMs no ring is begun after this many ms
 * @returns how many are overdue, up to the limit, and how many of these were not rung for
 * @throws StoreFault when the store cannot be reached
 */
export async function ringForOverdue(
  runtime: Runtime,
  limit: number,
  limitMs = Number.POSITIVE_INFINITY,
): Promise<{ readonly overdue: number; readonly left: number }> {
  const { clock, log, store } = runtime;
  const started = clock.monotonic();
  const overdue = await persist(clock, () => store.mailbox.overdue(limit), { limitMs: STORE_LIMIT_MS });
  let rung = 0;
  for (let from = 0; from < overdue.length; from += RINGS_AT_ONCE) {
    if (clock.monotonic() - started >= limitMs) break;
    const next = overdue.slice(from, from + RINGS_AT_ONCE);
    await Promise.all(next.map((key) => ring(runtime, key, 0)));
    rung += next.length;
  }
  if (overdue.length > 0) logEvent(log, 'swept', { overdue: overdue.length });
  return { overdue: overdue.length, left: overdue.length - rung };
}

/** Most conversations whose erasing, and most requests to forget, that one sweep finishes. */
const FINISHED_AT_ONCE = 20;

/** Most of each kind that one sweep removes: a minute later comes the next. */
const PRUNED_AT_ONCE = 200;

/** Nothing waits for it, so a store that does not answer is left alone. */
async function prune({ log, store }: Runtime): Promise<void> {
  try {
    const pruned = await store.upkeep.prune(PRUNED_AT_ONCE);
    if (pruned.deadLetters + pruned.conversations > 0) logEvent(log, 'pruned', { ...pruned });
  } catch (error) {
    if (!(error instanceof StoreFault)) throw error;
    logEvent(log, 'pruneFailed', { applied: error.applied });
  }
}

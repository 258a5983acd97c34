import { StoreFault } from '../turn/fault';
import { measureBacklog } from './backlog';
import { logEvent } from './events';
import { persist } from './persist';
import { type Runtime, ring } from './runtime';

/** Most rings at a time. */
const RINGS_AT_ONCE = 16;

/**
 * Rings for every conversation whose `wake` has passed: what a lost ring, a purged queue or a dead worker left behind. That changes
 * nothing, so it may run anywhere, twice, or late. Then it removes what has had its time.
 *
 * @returns how many conversations were overdue.
 * @throws StoreFault when the store cannot be reached
 */
export async function sweep(runtime: Runtime): Promise<number> {
  const { clock, log, options, store } = runtime;
  const overdue = await persist(clock, () => store.mailbox.overdue(options.sweepLimit), { limitMs: 5_000 });
  for (let from = 0; from < overdue.length; from += RINGS_AT_ONCE) {
    await Promise.all(overdue.slice(from, from + RINGS_AT_ONCE).map((key) => ring(runtime, key, 0)));
  }
  if (overdue.length > 0) logEvent(log, 'swept', { overdue: overdue.length });
  await measureBacklog(runtime, overdue.length);
  await prune(runtime);
  return overdue.length;
}

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

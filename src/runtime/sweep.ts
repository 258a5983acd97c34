import { measureBacklog } from './backlog';
import { logEvent } from './events';
import { persist } from './persist';
import { type Runtime, ring } from './runtime';

/** Most rings at a time. */
const RINGS_AT_ONCE = 16;

/**
 * Rings for every conversation whose `wake` has passed: what a lost ring, a purged queue or a dead worker left behind. Changes nothing
 * itself, so it may run anywhere, twice, or late.
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
  return overdue.length;
}

import { randomUUID } from 'node:crypto';
import type { Clock } from '../ports/clock';
import type { Ids } from '../ports/ids';

/** The machine's clocks and timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, Math.min(ms, LONGEST_TIMER_MS));
      signal?.addEventListener('abort', end);
    }),
};

/** A timer set for longer goes off at once: a time limit of `Infinity` would be none at all. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Random identifiers. */
export const systemIds: Ids = { next: () => randomUUID() };

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
      const timer = setTimeout(end, ms);
      signal?.addEventListener('abort', end);
    }),
};

/** Random identifiers. */
export const systemIds: Ids = { next: () => randomUUID() };

import type { Clock } from '../ports/clock';
import { StoreFault } from '../turn/fault';

export interface Persistence {
  /** Give up (with the last fault) when the next try would start later than this many ms after the first. */
  readonly limitMs: number;
  readonly firstPauseMs?: number;
  readonly onFault?: (fault: StoreFault) => void;
}

/**
 * Repeats one idempotent store call until it answers with an outcome. Every primitive of the store may be repeated with the same
 * arguments after a fault, which is how an unknown outcome becomes known.
 *
 * @throws StoreFault the last one, once the time is over. Anything else passes through at once.
 */
export async function persist<T>(clock: Clock, call: () => Promise<T>, how: Persistence): Promise<T> {
  const started = clock.monotonic();
  for (let pause = how.firstPauseMs ?? 20; ; pause = Math.min(pause * 2, 1_000)) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof StoreFault)) throw error;
      how.onFault?.(error);
      const wait = Math.max(pause, error.retryAfterMs ?? 0);
      if (clock.monotonic() + wait - started > how.limitMs) throw error;
      await clock.sleep(wait);
    }
  }
}

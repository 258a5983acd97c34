import { performance } from 'node:perf_hooks';
// From the module, because tests replace the global ones.
import { clearTimeout, setTimeout } from 'node:timers';
import type { Clock } from '../ports/clock';

interface Sleeper {
  readonly at: number;
  readonly timer: NodeJS.Timeout;
  readonly wake: () => void;
}

/** A clock for one worker, which can be stopped with everything that sleeps on it. */
export interface WorkerClock extends Clock {
  /** The worker is dead: whatever slept on its clock never wakes. */
  stop(): void;
}

/**
 * The machine's time, with the waiting left out: while a bot's handler runs it goes like any clock, and when all that is left to do is to
 * wait it is put forward to the moment that is waited for. Leaves no timer behind that would keep a process alive.
 */
export class TestClock {
  private skippedMs = 0;
  private readonly sleepers = new Set<Sleeper>();

  now(): number {
    return Date.now() + Math.ceil(this.skippedMs);
  }

  monotonic(): number {
    return performance.now() + this.skippedMs;
  }

  /** Puts the clock forward to a moment on its monotonic scale, unless that has passed. */
  skipTo(moment: number): void {
    this.skippedMs += Math.max(0, moment - this.monotonic());
    for (const sleeper of [...this.sleepers]) if (sleeper.at <= this.monotonic()) sleeper.wake();
  }

  /** Puts the clock forward to whoever would wake first; does nothing when nobody sleeps. */
  skipToNextSleeper(): void {
    if (this.sleepers.size > 0) this.skipTo(Math.min(...[...this.sleepers].map(({ at }) => at)));
  }

  forWorker(): WorkerClock {
    const mine = new Set<Sleeper>();
    return {
      now: () => this.now(),
      monotonic: () => this.monotonic(),
      sleep: (ms, signal) => this.sleep(ms, signal, mine),
      stop: () => {
        for (const sleeper of mine) {
          clearTimeout(sleeper.timer);
          this.sleepers.delete(sleeper);
        }
      },
    };
  }

  private sleep(ms: number, signal: AbortSignal | undefined, mine: Set<Sleeper>): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(sleeper.timer);
        signal?.removeEventListener('abort', wake);
        this.sleepers.delete(sleeper);
        mine.delete(sleeper);
        resolve();
      };
      const sleeper: Sleeper = { at: this.monotonic() + ms, timer: setTimeout(wake, ms).unref(), wake };
      signal?.addEventListener('abort', wake);
      this.sleepers.add(sleeper);
      mine.add(sleeper);
    });
  }
}

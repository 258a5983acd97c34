import type { Clock } from '../../src/ports/clock';

/** A clock that stands still until it is told to go on. */
export interface ManualClock extends Clock {
  /** Lets time pass: what sleeps until then wakes up, and what it goes on to do gets its turn. */
  advance(ms: number): Promise<void>;
  /** Lets time pass while nothing runs, as when the event loop is blocked: what was due in it is still to come. */
  jump(ms: number): void;
  /** Lets what is under way go on, without any time passing. */
  settle(): Promise<void>;
}

export function createManualClock(now = Date.UTC(2030, 0, 1)): ManualClock {
  let elapsed = 0;
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();

  async function settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  return {
    now: () => now + elapsed,
    monotonic: () => elapsed,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const wake = (): void => {
          sleepers.delete(sleeper);
          resolve();
        };
        const sleeper = { at: elapsed + ms, wake };
        sleepers.add(sleeper);
        if (signal?.aborted === true) wake();
        else signal?.addEventListener('abort', wake, { once: true });
      }),
    settle,
    jump: (ms) => {
      elapsed += ms;
    },
    async advance(ms) {
      elapsed += ms;
      for (const { at, wake } of [...sleepers]) if (at <= elapsed) wake();
      await settle();
    },
  };
}

import type { LastSweep, SweptBy } from '../ports/sweeps';
import { logEvent } from './events';
import { finishForgetting } from './forget';
import { persist } from './persist';
import { errorName, type Runtime } from './runtime';
import { ringForOverdue, sweep } from './sweep';

/** Time after a claim in which no other claim is granted, in ms. A claimer that dies, or leaves work behind, costs this much. */
const CLAIM_MS = 60_000;

/** Time after which a sweep in place of the timer's begins no further ring, in ms. The invocation that makes it came for something else. */
const MISSED_SWEEP_LIMIT_MS = 10_000;

/** Most conversations whose erasing, and most requests to forget, that such a sweep finishes. */
const FINISHED_AT_ONCE = 1;

/** Time for which a claim, or the record of a sweep, is repeated while the store fails, in ms. */
const STORE_LIMIT_MS = 2_000;

/** Age of the timer's last sweep, in ms, from which it counts as a sign that the timer has stopped. */
const STOPPED_MS = 600_000;

/**
 * Returns whether the timer's last sweep is so long ago that its timer has stopped. A sweep in its place is no sign by itself: after a pause of
 * the whole app the first call makes one, and the timer goes on.
 */
export function showsStoppedTimer({ timerAgoMs }: Pick<LastSweep, 'timerAgoMs'>): boolean {
  return timerAgoMs > STOPPED_MS;
}

/**
 * Keeps the app swept although its timer may have stopped: any invocation makes a sweep when the last one ended at least `missedSweepMs`
 * ago. There is one object per process. It asks the store only when a sweep can be due by what it knows, so a process reads the record about once in
 * five minutes while the timer runs.
 */
export class SweepWatch {
  readonly #runtime: Runtime;
  readonly #ready: () => Promise<void>;
  /** Monotonic time before which the store is not asked. */
  #askAt = Number.NEGATIVE_INFINITY;

  /** @param ready makes sure that the store can be used */
  constructor(runtime: Runtime, ready: () => Promise<void> = async () => undefined) {
    this.#runtime = runtime;
    this.#ready = ready;
  }

  /** Makes the timer's sweep, and records it. @throws StoreFault when the store cannot be reached */
  async sweepOnTime(): Promise<void> {
    await this.#ready();
    await sweep(this.#runtime);
    await this.#ended('timer');
  }

  /**
   * Makes a sweep, smaller than the timer's, if the last one is too long ago and no other instance makes one. Returns at once while none can be due.
   * Never rejects, because the invocation that calls it has done its own work already.
   */
  async sweepIfMissed(): Promise<void> {
    const { clock, log } = this.#runtime;
    if (clock.monotonic() < this.#askAt) return;
    // Invocations that come meanwhile do not ask as well.
    this.#askAgainIn(CLAIM_MS);
    try {
      await this.#ready();
      if (await this.#claim()) await this.#sweepInPlaceOfTimer();
    } catch (error) {
      logEvent(log, 'missedSweepFailed', { error: errorName(error) });
    }
  }

  async #claim(): Promise<boolean> {
    const { clock, ids, options, store } = this.#runtime;
    const owner = ids.next();
    const claim = await persist(clock, () => store.sweeps.claim(owner, options.missedSweepMs, CLAIM_MS), {
      limitMs: STORE_LIMIT_MS,
    });
    if (claim.outcome === 'notDue') this.#askAgainIn(claim.remainingMs);
    return claim.outcome === 'claimed';
  }

  async #sweepInPlaceOfTimer(): Promise<void> {
    const { log, options } = this.#runtime;
    const { left, overdue } = await ringForOverdue(this.#runtime, options.missedSweepLimit, MISSED_SWEEP_LIMIT_MS);
    logEvent(log, 'sweptForTimer', { overdue });
    await finishForgetting(this.#runtime, FINISHED_AT_ONCE);
    // Where there may be more, it is no end: another one may be made when the claim is over.
    if (left === 0 && overdue < options.missedSweepLimit) await this.#ended('invocation');
  }

  /** Records the end of a sweep, best effort: without the record, a sweep is made sooner than need be. */
  async #ended(by: SweptBy): Promise<void> {
    const { clock, log, options, store } = this.#runtime;
    try {
      await persist(clock, () => store.sweeps.ended(by), { limitMs: STORE_LIMIT_MS });
      this.#askAgainIn(options.missedSweepMs);
    } catch (error) {
      logEvent(log, 'missedSweepFailed', { error: errorName(error) });
    }
  }

  #askAgainIn(ms: number): void {
    this.#askAt = this.#runtime.clock.monotonic() + ms;
  }
}

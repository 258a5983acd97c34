/**
 * How long the host waits before it looks at a queue again: not at all after a look that found something, else from 100 ms up to
 * `maxPollingInterval`, doubling with a little randomness so that instances do not look in step.
 */
export class PollingBackoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #emptyLooks = 0;

  constructor(minMs: number, maxMs: number, random: () => number = Math.random) {
    this.#minMs = minMs;
    this.#maxMs = Math.max(minMs, maxMs);
    this.#random = random;
  }

  /** The queue had something: the next empty look waits the shortest time again. */
  reset(): void {
    this.#emptyLooks = 0;
  }

  /** The pause after one more look that found nothing. */
  next(): number {
    this.#emptyLooks += 1;
    if (this.#emptyLooks === 1) return this.#minMs;
    const spread = 0.8 + this.#random() * 0.4;
    // Past 2^20 steps the maximum has long been reached; the cap keeps the power finite.
    const added = this.#minMs * 2 ** Math.min(this.#emptyLooks - 2, 20) * spread;
    return Math.min(this.#maxMs, Math.round(this.#minMs + added));
  }
}

import type { Clock } from '../ports/clock';

/** How far this machine's monotonic clock may run apart from the service's: 200 ms in a quarter of an hour. */
const DRIFT = 2e-4;

/** Bounds on what has to be added to monotonic time to have the service's time, as they were at monotonic time `at`. */
interface Bounds {
  readonly low: number;
  readonly high: number;
  readonly at: number;
}

/**
 * The service's time, estimated from the `Date` headers of its answers. Instances' own clocks may differ by minutes; the service's front
 * ends agree with one another, so instances that go by them agree too.
 *
 * A header names the second in which the answer was made, which was between sending the request and having the answer. Each
 * answer so bounds the offset to this process's monotonic clock within a second and a round trip; as answers fall on different
 * parts of a second, their bounds have ever less in common. The estimate is the middle: at first at most half a second and half a
 * round trip off, soon a few hundredths of a second. Leases are 20 s: a takeover that comes half a second early or late is harmless, as
 * epochs and ETags, not leases, keep writes apart.
 */
export class CosmosClock {
  private bounds: Bounds | undefined;

  constructor(private readonly clock: Clock) {}

  /** Monotonic time, for {@link observe}. */
  get monotonic(): number {
    return this.clock.monotonic();
  }

  /** Takes an answer's `Date` header into account. `sentAt` is monotonic time. */
  observe(date: unknown, sentAt: number): void {
    const second = typeof date === 'string' ? Date.parse(date) : Number.NaN;
    if (Number.isNaN(second)) return;
    const at = this.clock.monotonic();
    const sample = { low: second - at, high: second + 1_000 - sentAt, at };
    const known = this.bounds === undefined ? sample : widened(this.bounds, at);
    const both = { low: Math.max(known.low, sample.low), high: Math.min(known.high, sample.high), at };
    // Nothing in common: the service's clock was set, or this machine slept. What was known is worth nothing any more.
    this.bounds = both.low <= both.high ? both : sample;
  }

  /** The service's time now, in ms since the epoch; this machine's before the first answer. */
  now(): number {
    if (this.bounds === undefined) return this.clock.now();
    return Math.round(this.clock.monotonic() + (this.bounds.low + this.bounds.high) / 2);
  }
}

function widened({ low, high, at }: Bounds, now: number): Bounds {
  const drift = (now - at) * DRIFT;
  return { low: low - drift, high: high + drift, at: now };
}

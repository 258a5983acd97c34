import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CosmosClock } from '../../src/azure/cosmos-clock';
import type { Clock } from '../../src/ports/clock';

/** A machine whose wall clock is off by `skew` and whose monotonic clock runs a little fast or slow. */
function machine(skew: number, rate: number) {
  const time = { service: 1_900_000_000_123 };
  const clock: Clock = {
    now: () => time.service + skew,
    monotonic: () => (time.service - 1_900_000_000_000) * rate + 77,
    sleep: async () => undefined,
  };
  return { time, clock, estimate: new CosmosClock(clock) };
}

const exchange = fc.record({ idle: fc.integer({ min: 0, max: 40_000 }), there: fc.nat(150), back: fc.nat(150) });

test('whatever the machine believes, the estimate is at most half a second and a round trip off, and gets better', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -600_000, max: 600_000 }),
      fc.double({ min: -1e-4, max: 1e-4, noNaN: true }),
      fc.array(exchange, { minLength: 1, maxLength: 60 }),
      (skew, drift, exchanges) => {
        const { time, estimate } = machine(skew, 1 + drift);
        for (const { idle, there, back } of exchanges) {
          time.service += idle;
          const sentAt = estimate.monotonic;
          time.service += there;
          const date = new Date(time.service).toUTCString();
          time.service += back;
          estimate.observe(date, sentAt);
          expect(Math.abs(estimate.now() - time.service)).toBeLessThanOrEqual(500 + 150 + 10);
        }
      },
    ),
  );
});

test('answers on different parts of a second narrow it to about a round trip', () => {
  const { time, estimate } = machine(240_000, 1);
  for (let index = 0; index < 100; index += 1) {
    time.service += 137;
    const sentAt = estimate.monotonic;
    time.service += 5;
    estimate.observe(new Date(time.service).toUTCString(), sentAt);
  }
  expect(Math.abs(estimate.now() - time.service)).toBeLessThan(20);
});

test('a clock that was set on the other side is followed', () => {
  const { time, estimate } = machine(0, 1);
  estimate.observe(new Date(time.service).toUTCString(), estimate.monotonic);
  estimate.observe(new Date(time.service + 3_600_000).toUTCString(), estimate.monotonic);
  expect(Math.abs(estimate.now() - time.service - 3_600_000)).toBeLessThanOrEqual(1_000);
});

test("before the first answer, and with answers that have no date, it is the machine's own time", () => {
  const { clock, estimate } = machine(5_000, 1);
  estimate.observe(undefined, 0);
  estimate.observe('yesterday', 0);
  expect(estimate.now()).toBe(clock.now());
});

import type { Clock } from '../../src/ports/clock';
import { systemClock } from '../../src/runtime/system';

/** A clock that can be put forward: pauses take their real time, leases and back-offs do not have to. */
export interface ShiftedClock extends Clock {
  pass(ms: number): void;
}

/** @param clock what is put forward; the real clock unless it is said */
export function createShiftedClock(clock: Clock = systemClock): ShiftedClock {
  let shift = 0;
  return {
    now: () => clock.now() + shift,
    monotonic: () => clock.monotonic() + shift,
    sleep: clock.sleep,
    pass: (ms) => {
      shift += ms;
    },
  };
}

import type { Clock } from '../../src/ports/clock';
import { systemClock } from '../../src/runtime/system';

/** The real clock, which can be put forward: pauses take their real time, leases and back-offs do not have to. */
export interface ShiftedClock extends Clock {
  pass(ms: number): void;
}

export function createShiftedClock(): ShiftedClock {
  let shift = 0;
  return {
    now: () => systemClock.now() + shift,
    monotonic: () => systemClock.monotonic() + shift,
    sleep: systemClock.sleep,
    pass: (ms) => {
      shift += ms;
    },
  };
}

import type { Random } from './random';

/** How bad a day it is: probabilities per opportunity. */
export interface Faults {
  crash: number;
  stall: number;
  storeRefuses: number;
  storeUnknown: number;
  staleRead: number;
  /** For a while, an instance can write to the store and not read from it. */
  storeUnreadable: number;
  /** A store call takes seconds. */
  storeSlow: number;
  /** How long each commit takes at most, in ms, and at least half of it. Goes on when the other faults have stopped. */
  commitSlowMs: number;
  ringLost: number;
  ringDoubled: number;
  queuePurged: number;
  sendUnknown: number;
  sendThrottled: number;
  sendRejected: number;
  ringDelayedMs: number;
  /** Whether some instances run newer code, with a record format of its own. */
  deploys: boolean;
  /** Whether the bot has handlers that throw, hang or kill the process. */
  poison: boolean;
  /** Most that instances' wall clocks differ by, in ms. */
  skewMs: number;
}

export const NO_FAULTS: Faults = {
  crash: 0,
  stall: 0,
  storeRefuses: 0,
  storeUnknown: 0,
  staleRead: 0,
  storeUnreadable: 0,
  storeSlow: 0,
  commitSlowMs: 0,
  ringLost: 0,
  ringDoubled: 0,
  queuePurged: 0,
  sendUnknown: 0,
  sendThrottled: 0,
  sendRejected: 0,
  ringDelayedMs: 0,
  deploys: false,
  poison: false,
  skewMs: 0,
};

/** A day like no other: each kind of fault is absent, rare or common. */
export function randomFaults(random: Random): Faults {
  if (random.chance(0.05)) return NO_FAULTS;
  const level = (common: number): number => (random.chance(0.35) ? 0 : random.chance(0.7) ? common / 3 : common);
  return {
    crash: level(0.012),
    stall: level(0.012),
    storeRefuses: level(0.06),
    storeUnknown: level(0.09),
    staleRead: level(0.5),
    storeUnreadable: level(0.004),
    storeSlow: level(0.15),
    commitSlowMs: 0,
    ringLost: level(0.3),
    ringDoubled: level(0.2),
    queuePurged: level(0.01),
    sendUnknown: level(0.12),
    sendThrottled: level(0.12),
    sendRejected: level(0.02),
    ringDelayedMs: random.chance(0.5) ? 0 : 5_000,
    deploys: random.chance(0.2),
    poison: random.chance(0.5),
    skewMs: random.chance(0.5) ? 0 : 240_000,
  };
}

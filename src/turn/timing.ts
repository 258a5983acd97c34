/** The durations that transitions work with, in ms. Absolute times come from the store's clock alone. */
export interface Timing {
  /** How long a worker may be silent before another takes its conversation over. */
  readonly leaseMs: number;
  /** How long after work became due the sweep may ring for it: time for the doorbell to have done its job. */
  readonly graceMs: number;
  /** Time for which an intent of a live attempt is waited for before the attempt is fenced: the first time; twice as long each further time. */
  readonly patienceMs: number;
  /** How long before a scheduled activity is due the sweep begins to look at its conversation: longer than it takes from sweep to sweep. */
  readonly aheadMs: number;
  /** How long an accepted activity's key is remembered. */
  readonly dedupeMs: number;
  /** The same for what the app has posted itself: longer than the delivery of an effect is tried. */
  readonly postMemoryMs: number;
  /** How long the id of a delivered send can be used for update and delete. */
  readonly deliveredIdMs: number;
}

/** Longest time for which an effect or a handler is put off, in ms. An engine cannot keep every number that a bot may ask for. */
export const MAX_PUT_OFF_MS = 366 * 24 * 3_600_000;

/** Returns the store time that is so many ms after `now`, up to {@link MAX_PUT_OFF_MS}: whole ms, as stores keep times. */
export function timeAfter(now: number, ms: number): number {
  return now + Math.min(Math.ceil(ms), MAX_PUT_OFF_MS);
}

export const DEFAULT_TIMING: Timing = {
  leaseMs: 20_000,
  graceMs: 5_000,
  patienceMs: 1_600,
  aheadMs: 90_000,
  dedupeMs: 10 * 60_000,
  postMemoryMs: 24 * 3_600_000,
  deliveredIdMs: 7 * 24 * 3_600_000,
};

/** Attempts on one activity that others may end without its being counted. Those after them count. */
export const MAX_UNCOUNTED = 10;

/** Most keys kept for dedupe; beyond it the oldest go before their time, so that a flood cannot grow the record. */
export const MAX_SEEN = 400;

/** Most activities of one conversation that wait for their time. */
export const MAX_SCHEDULED = 100;

/** Most of these that other applications may have asked for together: the rest is the bot's own. */
export const MAX_SCHEDULED_BY_CALLERS = 50;

/** Most of these that one other application may have asked for. */
export const MAX_SCHEDULED_BY_ONE_CALLER = 25;

/** Most ids of delivered sends kept. */
export const MAX_DELIVERED_IDS = 32;

/** Longest id of a delivered send that is kept, in characters; a channel's longer one cannot be used for update and delete later on. */
export const MAX_DELIVERED_ID_LENGTH = 1_024;

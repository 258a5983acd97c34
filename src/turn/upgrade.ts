import { type Head, NEW_HEAD, RECORD_VERSION } from './record';

/**
 * Record formats. During a deploy, code of two versions works on the same records, so a format may only add fields, or change those that
 * nobody but a holder touches. `v`, `pend`, `seen`, `out`, `lease`, `notBefore`, `wake` and `epoch` keep their shape for ever:
 *
 * - accepting and requeueing append to a record of any format, older or newer, and leave the rest of it as it is;
 * - acquiring upgrades an older record, and leaves a newer one (`later`) to the code that knows it;
 * - a holder whose record has become newer meanwhile is fenced: it no longer knows what its writes would mean.
 *
 * Code from before effects had back-offs of their own keeps them in `notBefore`, for handlers and deliveries alike. Each understands the other: it
 * waits for a little longer (older code), or tries a delivery that has failed once more (newer code).
 */

/** Whether a record was written in a format that this code does not know. */
export function isNewer(head: Pick<Head, 'v'>): boolean {
  return head.v > RECORD_VERSION;
}

/** Takes a record from format `v` to `v + 1`; index 0 is for records from before formats were numbered. */
const UPGRADES: readonly ((head: Head) => Head)[] = [
  (head) => ({ ...NEW_HEAD, ...head, v: 1 }),
  // Before this, nothing was scheduled, and nothing posted: code that knows neither must not let go of what is.
  (head) => ({ ...head, sched: head.sched ?? [], v: 2 }),
  // Before this, a body record was one activity: code that does not know packs must not deliver from them.
  (head) => ({ ...head, v: 3 }),
];

/** The record in this code's format. A record of this format, or of a newer one, is returned as it is. */
export function upgrade(head: Head): Head {
  const from = head.v ?? 0;
  return UPGRADES.slice(from).reduce((older, step) => step(older), head);
}

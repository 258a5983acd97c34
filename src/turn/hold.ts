import type { Effect, Head } from './record';
import { type Timing, timeAfter } from './timing';
import { isNewer } from './upgrade';

/** What a worker quotes with every write: the epoch and the owner of its own acquire. */
export interface Fence {
  readonly epoch: number;
  readonly owner: string;
}

/**
 * What a write of the holder came to:
 * - `held`: applied (now, or by an identical earlier write); the conversation is still ours.
 * - `released`: applied, and nothing is left to do: the conversation is free.
 * - `fenced`: refused. Another worker has it, or our own earlier write ended our hold. Drop everything and stop.
 */
export type HoldOutcome =
  | { readonly outcome: 'held'; readonly head: Head }
  | { readonly outcome: 'released'; readonly head: Head }
  | { readonly outcome: 'fenced' };

export const FENCED: HoldOutcome = { outcome: 'fenced' };

/** Whether a head written by the holder kept the lease or let it go. */
export function holdOutcome(head: Head): HoldOutcome {
  return { outcome: head.lease === null ? 'released' : 'held', head };
}

/** Whether the conversation is still this worker's. Both are compared: its own hand-back keeps the epoch and gives up the lease. */
export function isHeldBy(head: Head, fence: Fence): boolean {
  return !isNewer(head) && head.epoch === fence.epoch && head.lease !== null && head.lease.owner === fence.owner;
}

/** Whether this worker gave the conversation back itself: nobody has acquired it since. */
export function wasGivenBackBy(head: Head, fence: Fence): boolean {
  return !isNewer(head) && head.epoch === fence.epoch && head.lease === null;
}

/** The record with the lease running anew, as every write of its holder leaves it. */
export function extended(head: Head, now: number, fence: Fence, timing: Timing): Head {
  const until = now + timing.leaseMs;
  return { ...head, lease: { owner: fence.owner, until }, wake: until + timing.graceMs };
}

/**
 * When the next step of a conversation may be taken: the delivery of its first effect, which has a time of its own, or else the start of a
 * handler, which `notBefore` puts off. A failed turn so holds up no effects that others have recorded.
 *
 * @returns `undefined` when there is nothing to do
 */
export function nextStepAt({ notBefore, out, pend }: Pick<Head, 'notBefore' | 'out' | 'pend'>): number | undefined {
  const [first] = out;
  if (first !== undefined) return first.due ?? 0;
  return pend.length > 0 ? notBefore : undefined;
}

/**
 * Returns the record without a holder, to be looked at again when its next step may be taken. A back-off that still runs stays as it is, unless
 * this one is longer.
 *
 * @param delayMs no handler starts before this many ms have passed
 */
export function freed(head: Head, now: number, delayMs: number, timing: Timing): Head {
  const backoffEnds = Math.max(head.notBefore > now ? head.notBefore : 0, delayMs > 0 ? timeAfter(now, delayMs) : 0);
  const free: Head = { ...head, lease: null, notBefore: head.pend.length === 0 ? 0 : backoffEnds };
  const next = nextStepAt(free);
  const work = next === undefined ? null : Math.max(now, next) + timing.graceMs;
  return { ...free, wake: wakeForSchedule(free, work, timing) };
}

/**
 * When somebody has to look at a free conversation: for its work, or ahead of its first scheduled activity, whichever is earlier. Ahead, so
 * that the sweep finds it in time to have it rung for at the very moment. Nobody can act on it before its back-off is over.
 *
 * @param work when its work is to be looked at; null when there is none
 */
export function wakeForSchedule(head: Head, work: number | null, timing: Timing): number | null {
  const [first] = head.sched;
  if (first === undefined) return work;
  const ahead = Math.max(first.due - timing.aheadMs, head.notBefore);
  return work === null ? ahead : Math.min(work, ahead);
}

/**
 * What the holder does next, decided in the same write as what it just did: deliver the first effect, start the next
 * activity (its attempt is counted here, before its handler runs), or let go because nothing is left, or nothing before a back-off is over.
 */
export function proceed(head: Head, now: number, fence: Fence, timing: Timing): Head {
  if (head.out.length > 0) return extended(withFirstStarted(head), now, fence, timing);
  if (head.pend.length > 0 && head.notBefore <= now) {
    return extended({ ...head, att: head.att + 1, notBefore: 0 }, now, fence, timing);
  }
  return freed(head, now, 0, timing);
}

/** Records that the first effect's delivery may begin. */
export function withFirstStarted(head: Head): Head {
  const [first, ...rest] = head.out;
  return first === undefined || first.started ? head : { ...head, out: [{ ...first, started: true }, ...rest] };
}

/**
 * As {@link withFirstStarted}, for a new holder: a delivery that an earlier one began is in doubt, and counts as one, so that what
 * kills every worker that delivers it comes to an end.
 */
export function withFirstTakenOver(head: Head): Head {
  const [first, ...rest] = head.out;
  if (first === undefined) return head;
  const effect: Effect = first.started
    ? { ...first, inDoubt: true, tries: first.tries + 1 }
    : { ...first, started: true };
  return { ...head, out: [effect, ...rest] };
}

import { extended, type Fence, freed, withFirstTakenOver } from './hold';
import type { Head } from './record';
import type { Timing } from './timing';
import { isNewer, upgrade } from './upgrade';

export type Acquire =
  /** Held. `fence` goes with every further write. `head` is the current one when an identical earlier write had done it. */
  | { readonly outcome: 'acquired'; readonly fence: Fence; readonly head: Head }
  /** Another worker holds it; its conditional release covers whatever is waiting. */
  | { readonly outcome: 'busy'; readonly remainingMs: number }
  /** A back-off runs, or newer code has to do it. */
  | { readonly outcome: 'later'; readonly remainingMs: number }
  /** Nothing to do before a scheduled activity is due. `head` as for `idle`. */
  | { readonly outcome: 'scheduled'; readonly remainingMs: number; readonly head?: Head }
  /** Nothing to do. `head` is present when a lease that outlived its work has to be cleared. */
  | { readonly outcome: 'idle'; readonly head?: Head };

/**
 * Takes the conversation, if the lease is free or has expired by the store's time, no back-off runs, and there is work. Raises
 * the epoch, which fences every earlier holder. The attempt on the first activity is counted here when nothing is left to deliver
 * before it; otherwise by the write that empties `out`.
 *
 * @param owner unique to this call; repeating the call with it after an unknown outcome is harmless.
 */
export function acquire(stored: Head | undefined, now: number, owner: string, timing: Timing): Acquire {
  if (stored === undefined) return { outcome: 'idle' };
  if (isNewer(stored)) return { outcome: 'later', remainingMs: timing.leaseMs };
  const current = upgrade(stored);
  const { lease } = current;
  if (lease !== null && lease.owner === owner) {
    return { outcome: 'acquired', fence: { epoch: current.epoch, owner }, head: current };
  }
  if (lease !== null && lease.until > now) return { outcome: 'busy', remainingMs: lease.until - now };
  if (current.pend.length === 0 && current.out.length === 0) {
    return withoutWork(current, now, timing);
  }
  if (current.notBefore > now) return { outcome: 'later', remainingMs: current.notBefore - now };
  const fence: Fence = { epoch: current.epoch + 1, owner };
  const starting = current.out.length === 0 ? { ...current, att: current.att + 1 } : withFirstTakenOver(current);
  return {
    outcome: 'acquired',
    fence,
    head: extended({ ...starting, epoch: fence.epoch, notBefore: 0 }, now, fence, timing),
  };
}

function withoutWork(head: Head, now: number, timing: Timing): Acquire {
  const cleared = head.lease === null ? {} : { head: freed(head, now, 0, timing) };
  const [first] = head.sched;
  if (first === undefined) return { outcome: 'idle', ...cleared };
  return { outcome: 'scheduled', remainingMs: Math.max(0, Math.max(first.due, head.notBefore) - now), ...cleared };
}

import { extended, type Fence, freed, nextStepAt, withFirstTakenOver } from './hold';
import type { Head } from './record';
import type { Timing } from './timing';
import { isNewer, upgrade } from './upgrade';

export type Acquire =
  /** Held. `fence` goes with every further write. `head` is the current one when an identical earlier write had done it. */
  | { readonly outcome: 'acquired'; readonly fence: Fence; readonly head: Head }
  /** Another worker holds it; its conditional release covers whatever is waiting. */
  | { readonly outcome: 'busy'; readonly remainingMs: number }
  /** A back-off or a delay runs, or newer code has to do it. */
  | { readonly outcome: 'later'; readonly remainingMs: number }
  /** Nothing to do before a scheduled activity is due. `head` as for `idle`. */
  | { readonly outcome: 'scheduled'; readonly remainingMs: number; readonly head?: Head }
  /** Nothing to do. `head` is present when a lease that outlived its work has to be cleared. */
  | { readonly outcome: 'idle'; readonly head?: Head };

/**
 * Takes the conversation, if the lease is free or has expired by the store's time and there is something to do: a delivery that is due, or
 * a handler to start whose back-off is over. Raises the epoch, which fences every earlier holder. The attempt on the first activity is
 * counted here when nothing is left to deliver before it; otherwise by the write that empties `out`, if its back-off is over by then.
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
  const next = nextStepAt(current);
  if (next === undefined) return withoutWork(current, now, timing);
  // What a holder that is gone was waiting for is waited for anew, by the caller that frees the conversation of it.
  const isFree = lease === null || current.out.length === 0;
  if (isFree && next > now) return { outcome: 'later', remainingMs: next - now };
  const fence: Fence = { epoch: current.epoch + 1, owner };
  // An attempt's back-off outlasts the deliveries that are made during it.
  const notBefore = current.notBefore > now ? current.notBefore : 0;
  const starting = current.out.length === 0 ? { ...current, att: current.att + 1 } : withFirstTakenOver(current);
  return {
    outcome: 'acquired',
    fence,
    head: extended({ ...starting, epoch: fence.epoch, notBefore }, now, fence, timing),
  };
}

function withoutWork(head: Head, now: number, timing: Timing): Acquire {
  const cleared = head.lease === null ? {} : { head: freed(head, now, 0, timing) };
  const [first] = head.sched;
  if (first === undefined) return { outcome: 'idle', ...cleared };
  return { outcome: 'scheduled', remainingMs: Math.max(0, Math.max(first.due, head.notBefore) - now), ...cleared };
}

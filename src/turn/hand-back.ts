import { extended, FENCED, type Fence, freed, type HoldOutcome, isHeldBy, wasGivenBackBy } from './hold';
import type { Effect, Head } from './record';
import type { Timing } from './timing';

/** A delivery that did not succeed. */
export interface FailedDelivery {
  readonly effect: string;
  /** `notSent`: it certainly did not go out, and may be sent again freely. `unknown`: it may have. */
  readonly outcome: 'notSent' | 'unknown';
}

/** Why the holder lets go although work remains. */
export interface HandBack {
  /** Nobody acquires before this many ms have passed. */
  readonly delayMs: number;
  /** The first activity's attempt was counted, but its handler did not run or has to be run again through no fault of its own. */
  readonly uncountAttempt: boolean;
  readonly failed?: FailedDelivery;
}

/** Gives the conversation back with work remaining: lease null, `notBefore` and `wake` set. */
export function handBack(head: Head, now: number, fence: Fence, reason: HandBack, timing: Timing): HoldOutcome {
  if (!isHeldBy(head, fence)) return wasGivenBackBy(head, fence) ? { outcome: 'released', head } : FENCED;
  const att = reason.uncountAttempt ? Math.max(0, head.att - 1) : head.att;
  const out = reason.failed === undefined ? head.out : afterFailure(head.out, reason.failed);
  return { outcome: 'released', head: freed({ ...head, att, out }, now, reason.delayMs, timing) };
}

function afterFailure(out: readonly Effect[], failed: FailedDelivery): readonly Effect[] {
  const [first, ...rest] = out;
  if (first?.id !== failed.effect) return out;
  const { started, ...unsent } = first;
  const tried: Effect = failed.outcome === 'notSent' && !first.inDoubt ? unsent : { ...first };
  return [{ ...tried, tries: first.tries + 1 }, ...rest];
}

/** Renews the lease. Refused once another worker has acquired, or after our own hand-back. */
export function renew(head: Head, now: number, fence: Fence, timing: Timing): HoldOutcome {
  return isHeldBy(head, fence) ? { outcome: 'held', head: extended(head, now, fence, timing) } : FENCED;
}

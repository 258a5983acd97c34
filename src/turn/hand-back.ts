import {
  extended,
  FENCED,
  type Fence,
  freed,
  type HoldOutcome,
  isHeldBy,
  wasGivenBackBy,
  withFirstStarted,
} from './hold';
import type { Effect, Head } from './record';
import { MAX_UNCOUNTED, type Timing, timeAfter } from './timing';

/** How far the holder got with the first effect, which stays in the record. */
export interface UndeliveredEffect {
  readonly effect: string;
  /** `notTried` and `notSent`: it certainly did not go out under this hold. `unknown`: it may have. */
  readonly outcome: 'notTried' | 'notSent' | 'unknown';
  /** It is not delivered before this many ms have passed; absent: at once. */
  readonly pauseMs?: number;
}

/** Why the holder lets go although work remains. */
export interface HandBack {
  /** No handler starts before this many ms have passed. What is to be delivered has its own times. */
  readonly delayMs: number;
  /** The first activity's attempt was counted, but its handler did not run or has to be run again through no fault of its own. */
  readonly uncountAttempt: boolean;
  /** Present when others have ended the attempt. It is not counted then, up to {@link MAX_UNCOUNTED} times. */
  readonly contended?: true;
  readonly undelivered?: UndeliveredEffect;
}

/** Gives the conversation back with work remaining: lease null, `notBefore`, the first effect's `due`, and `wake` set. */
export function handBack(head: Head, now: number, fence: Fence, reason: HandBack, timing: Timing): HoldOutcome {
  if (!isHeldBy(head, fence)) return wasGivenBackBy(head, fence) ? { outcome: 'released', head } : FENCED;
  const counted = reason.contended ? withAttemptEnded(head) : head;
  const att = reason.uncountAttempt ? Math.max(0, head.att - 1) : counted.att;
  const out = reason.undelivered === undefined ? head.out : withFirstUndelivered(head.out, now, reason.undelivered);
  return { outcome: 'released', head: freed({ ...counted, att, out }, now, reason.delayMs, timing) };
}

/** The record after others have ended an attempt: it is taken back, as long as that has not happened too often. */
export function withAttemptEnded(head: Head): Head {
  const uncounted = head.uncounted ?? 0;
  if (uncounted >= MAX_UNCOUNTED) return head;
  return { ...head, att: Math.max(0, head.att - 1), uncounted: uncounted + 1 };
}

function withFirstUndelivered(
  out: readonly Effect[],
  now: number,
  { effect, outcome, pauseMs = 0 }: UndeliveredEffect,
): readonly Effect[] {
  const [first, ...rest] = out;
  if (first?.id !== effect) return out;
  const { started, ...waiting } = first;
  const unsent = pauseMs > 0 ? { ...waiting, due: Math.max(first.due ?? 0, timeAfter(now, pauseMs)) } : waiting;
  // What an earlier worker may have sent stays in doubt, however this one fared.
  const left: Effect = outcome === 'unknown' ? { ...unsent, inDoubt: true } : unsent;
  return [outcome === 'notTried' ? left : { ...left, tries: first.tries + 1 }, ...rest];
}

/**
 * Renews the lease. Refused once another worker has acquired, or after our own hand-back.
 * @param delivers the delivery of the first effect is about to begin, and no earlier write has said so.
 */
export function renew(head: Head, now: number, fence: Fence, timing: Timing, delivers = false): HoldOutcome {
  if (!isHeldBy(head, fence)) return FENCED;
  return { outcome: 'held', head: extended(delivers ? withFirstStarted(head) : head, now, fence, timing) };
}

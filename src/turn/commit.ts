import {
  extended,
  FENCED,
  type Fence,
  type HoldOutcome,
  holdOutcome,
  isHeldBy,
  proceed,
  wasGivenBackBy,
  withFirstStarted,
} from './hold';
import { type Effect, type Head, turnPrefix } from './record';
import { isLarger, type RecordSizes } from './size';
import { type Timing, timeAfter } from './timing';

/** An effect as a turn leaves it: the record adds when it was recorded and when it is due. */
export type NewEffect = DistributiveOmit<Effect, 'at' | 'due' | 'tries' | 'started' | 'inDoubt'> & {
  /** How long after the record it becomes due, in ms; absent: at once. */
  readonly afterMs?: number;
};

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** What a finished turn changes in the record. State documents are written by the same transaction, guarded by `sv`. */
export interface TurnResult {
  /** Names the activity that the turn was run for: its {@link turnPrefix}. */
  readonly turn: string;
  readonly effects: readonly NewEffect[];
  readonly writesState: boolean;
}

/**
 * Commits a turn: pops its activity, counts it, appends its effects, and decides what comes next. Guarded by the fence
 * and by the activity still being first; the caller's transaction guards the state that the turn read.
 *
 * Repeated after an unknown outcome, it finds its activity gone under its own epoch and knows that the write was its own.
 *
 * @returns `tooLarge` when the effects do not fit into the record. A commit without effects always fits.
 */
export function commit(
  head: Head,
  now: number,
  fence: Fence,
  turn: TurnResult,
  timing: Timing,
  sizes: RecordSizes,
): HoldOutcome | TooLarge {
  const first = head.pend[0];
  if (!isHeldBy(head, fence)) {
    const ours = wasGivenBackBy(head, fence) && head.pend.every((pending) => turnPrefix(pending) !== turn.turn);
    return ours ? { outcome: 'released', head } : FENCED;
  }
  if (first === undefined || turnPrefix(first) !== turn.turn) return { outcome: 'held', head };
  const popped: Head = {
    ...withNothingBegun(head),
    pend: head.pend.slice(1),
    n: head.n + 1,
    sv: turn.writesState ? head.sv + 1 : head.sv,
    att: 0,
    notBefore: 0,
    out: [...head.out, ...recorded(turn.effects, now)],
  };
  const next = proceed(popped, now, fence, timing);
  return turn.effects.length > 0 && isLarger(next, sizes.turnBytes) ? TOO_LARGE : holdOutcome(next);
}

/** Outcome of a write that would make the record larger than its holder may: nothing was changed. */
export interface TooLarge {
  readonly outcome: 'tooLarge';
}

export const TOO_LARGE: TooLarge = { outcome: 'tooLarge' };

/** What a running turn has sent so far. */
export interface FlushedEffects {
  /** As in {@link TurnResult}. */
  readonly turn: string;
  readonly effects: readonly NewEffect[];
  /** How many effects of the turn were recorded before this flush. */
  readonly from: number;
  /** A digest of each effect, one after the other, for a later attempt to see whether it would send the same. */
  readonly digests?: string;
}

/** Length of the digest of a flushed effect: enough to notice a difference, and little in the record. */
export const DIGEST_LENGTH = 6;

/** Digest of an effect that was flushed by code which made none. */
const NO_DIGEST = '.'.repeat(DIGEST_LENGTH);

/** Returns the digest of a turn's flushed effect; `undefined` when none is known. */
export function flushedDigest({ flushedAs = '' }: Head, ordinal: number): string | undefined {
  const digest = flushedAs.slice(ordinal * DIGEST_LENGTH, (ordinal + 1) * DIGEST_LENGTH);
  return digest.length < DIGEST_LENGTH || digest === NO_DIGEST ? undefined : digest;
}

/** The record as if no attempt on its first activity had been made: nothing is flushed, and nothing was left uncounted. */
export function withNothingBegun({ flushedAs: _, uncounted: __, ...head }: Head): Head {
  return { ...head, flushed: 0 };
}

/**
 * Records effects of a turn that is still running, so that they can leave before its commit. By ordinal: a later attempt
 * counts its own effects and leaves out the first `flushed` of them, whatever their text would be now. `flushedAs` lets it notice a difference.
 *
 * @returns `tooLarge` as for {@link commit}
 */
export function flush(
  head: Head,
  now: number,
  fence: Fence,
  flushed: FlushedEffects,
  timing: Timing,
  sizes: RecordSizes,
): HoldOutcome | TooLarge {
  const first = head.pend[0];
  if (!isHeldBy(head, fence) || first === undefined || turnPrefix(first) !== flushed.turn) return FENCED;
  const to = flushed.from + flushed.effects.length;
  if (head.flushed >= to) return { outcome: 'held', head };
  if (head.flushed !== flushed.from) return FENCED;
  const before = (head.flushedAs ?? '').slice(0, flushed.from * DIGEST_LENGTH);
  const flushedAs = before.padEnd(flushed.from * DIGEST_LENGTH, NO_DIGEST) + (flushed.digests ?? '');
  const grown: Head = { ...head, flushed: to, flushedAs, out: [...head.out, ...recorded(flushed.effects, now)] };
  const next = extended(withFirstStarted(grown), now, fence, timing);
  return isLarger(next, sizes.turnBytes) ? TOO_LARGE : { outcome: 'held', head: next };
}

/** Effects as the record keeps them. */
export function recorded(effects: readonly NewEffect[], now: number): Effect[] {
  return effects.map(({ afterMs, ...effect }) => ({
    ...effect,
    at: now,
    tries: 0,
    ...(afterMs === undefined ? {} : { due: timeAfter(now, afterMs) }),
  }));
}

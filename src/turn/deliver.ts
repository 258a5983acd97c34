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
import type { DeliveredId, Head } from './record';
import { MAX_DELIVERED_ID_LENGTH, MAX_DELIVERED_IDS, type Timing } from './timing';

/** An effect that is done with: delivered, given up as a dead letter, or skipped because its outcome is in doubt. */
export interface Delivered {
  readonly effect: string;
  /** The channel's id of what was sent, when it gave one. */
  readonly channelActivityId?: string;
}

/**
 * Takes the first effect out of the record. While a turn is running (`turnRuns`) the holder only goes on holding; otherwise
 * the same write decides what comes next, and counts the attempt of the activity whose handler it is about to start.
 */
export function markDelivered(
  head: Head,
  now: number,
  fence: Fence,
  delivered: Delivered,
  turnRuns: boolean,
  timing: Timing,
): HoldOutcome {
  const gone = head.out.every((effect) => effect.id !== delivered.effect);
  if (!isHeldBy(head, fence)) return gone && wasGivenBackBy(head, fence) ? { outcome: 'released', head } : FENCED;
  if (gone) return { outcome: 'held', head };
  if (head.out[0]?.id !== delivered.effect) return FENCED;
  const marked: Head = { ...head, out: head.out.slice(1), ids: withId(head, now, delivered, timing) };
  if (turnRuns) return { outcome: 'held', head: extended(withFirstStarted(marked), now, fence, timing) };
  return holdOutcome(proceed(marked, now, fence, timing));
}

function withId(head: Head, now: number, delivered: Delivered, timing: Timing): readonly DeliveredId[] {
  const theirs = delivered.channelActivityId;
  if (theirs === undefined || theirs.length > MAX_DELIVERED_ID_LENGTH) return head.ids;
  const kept = head.ids.filter((id) => id.ours !== delivered.effect && id.at > now - timing.deliveredIdMs);
  return [...kept, { ours: delivered.effect, theirs, at: now }].slice(-MAX_DELIVERED_IDS);
}

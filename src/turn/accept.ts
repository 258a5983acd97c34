import { nextStepAt } from './hold';
import type { ActivityKey } from './keys';
import { type Head, NEW_HEAD, type Payload, type PendingActivity, type ProactiveKind } from './record';
import { isLarger, type RecordSizes } from './size';
import { MAX_SEEN, type Timing } from './timing';

export interface NewActivity {
  readonly key: ActivityKey;
  readonly body: Payload;
  /** Absent for what came from the channel. */
  readonly proactive?: ProactiveKind;
  /** As in {@link PendingActivity}. */
  readonly vouched?: true;
  /** As in {@link PendingActivity}. */
  readonly trace?: string;
}

export type Accept =
  | { readonly outcome: 'accepted'; readonly head: Head }
  | { readonly outcome: 'duplicate' }
  | { readonly outcome: 'full' };

/**
 * Appends an activity to the mailbox unless its key was accepted before. Never touches lease, attempts or `notBefore`:
 * an impatient user does not shorten a back-off.
 *
 * @param limit most activities that may wait. Beyond it, or beyond the record's size, the answer is `full` and nothing changes.
 */
export function accept(
  current: Head | undefined,
  now: number,
  activity: NewActivity,
  limit: number,
  timing: Timing,
  sizes: RecordSizes,
): Accept {
  const head = current ?? NEW_HEAD;
  const known = head.seen.some((seen) => seen.key === activity.key && seen.at > now - timing.dedupeMs);
  if (known || head.pend.some((pending) => pending.key === activity.key)) return { outcome: 'duplicate' };
  if (head.pend.length >= limit) return { outcome: 'full' };
  const pending: PendingActivity = { ...activity, at: now };
  const accepted = appended(head, now, pending, timing);
  return isLarger(accepted, sizes.acceptBytes) ? { outcome: 'full' } : { outcome: 'accepted', head: accepted };
}

/** The record with one more pending activity, its key remembered and someone due to look at it. */
export function appended(head: Head, now: number, pending: PendingActivity, timing: Timing): Head {
  const seen = [
    ...head.seen.filter(({ key }) => key !== pending.key),
    { key: pending.key, at: seenAt(pending, now, timing) },
  ];
  const longer: Head = { ...head, pend: [...head.pend, pending], seen };
  return { ...withoutOldKeys(longer, now, timing), wake: wakeForWork(longer, now, timing) };
}

/**
 * What the dedupe horizon of an accepted activity is counted from. A post's lies ahead, so that it is remembered for `postMemoryMs`: what delivers
 * it may be gone in between, and come back late, where a channel has given up long ago.
 */
export function seenAt({ proactive }: Pick<NewActivity, 'proactive'>, now: number, timing: Timing): number {
  return proactive === undefined ? now : now + timing.postMemoryMs - timing.dedupeMs;
}

/** Adds keys of scheduled activities that were taken back to the dedupe horizon, for as long as posts are remembered. */
export function remembered(head: Head, now: number, keys: readonly ActivityKey[], timing: Timing): Head {
  const at = seenAt({ proactive: 'send' }, now, timing);
  const cancelled = keys.map((key) => ({ key, at, cancelled: true as const }));
  return withoutOldKeys({ ...head, seen: [...head.seen, ...cancelled] }, now, timing);
}

/** The record without the keys whose horizon has passed. A key is never forgotten while its activity waits. */
export function withoutOldKeys(head: Head, now: number, timing: Timing): Head {
  const waiting = new Set(head.pend.map(({ key }) => key));
  const recent = head.seen.filter((seen) => waiting.has(seen.key) || seen.at > now - timing.dedupeMs);
  const seen = recent.filter((each, index) => waiting.has(each.key) || recent.length - index <= MAX_SEEN);
  return seen.length === head.seen.length ? head : { ...head, seen };
}

/**
 * Returns the time at which a conversation with more work, which the record has already, has to be looked at. A held one is looked at when its lease ends; a
 * free one soon, but not before its next step may be taken, and otherwise never later than before.
 */
export function wakeForWork(head: Head, now: number, timing: Timing): number {
  if (head.lease !== null && head.wake !== null) return head.wake;
  const next = nextStepAt(head) ?? 0;
  const due = Math.max(now, next) + timing.graceMs;
  // An effect with a time of its own puts off what waits behind it. What is scheduled (records of an older format have nothing) keeps its time.
  const isPutOff = next > now && (head.sched ?? []).length === 0;
  return head.wake === null || isPutOff ? due : Math.min(head.wake, due);
}

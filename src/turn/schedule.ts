import { accept, appended, type NewActivity, remembered } from './accept';
import { wakeForSchedule } from './hold';
import type { ActivityKey } from './keys';
import { type Head, NEW_HEAD, type PendingActivity, type Scheduled } from './record';
import { isLarger, type RecordSizes } from './size';
import { MAX_SCHEDULED, MAX_SCHEDULED_BY_CALLERS, MAX_SCHEDULED_BY_ONE_CALLER, type Timing } from './timing';
import { upgrade } from './upgrade';

/** An activity that waits for its time, in a record of its own beside the head, which has its key and its time. */
export interface ScheduledActivity extends NewActivity {
  /** Store time, in ms since the epoch. */
  readonly due: number;
  /** As in {@link Scheduled}. */
  readonly by?: string;
}

export type Schedule =
  | { readonly outcome: 'scheduled'; readonly head: Head }
  /** Its time has come already, and it went into the mailbox. */
  | { readonly outcome: 'accepted'; readonly head: Head }
  | { readonly outcome: 'duplicate' }
  | { readonly outcome: 'full' };

/**
 * Has an activity accepted at its time. What is due already is accepted at once. Where too many activities wait for their time, in all or of
 * those that the same source has asked for, the answer is `full` and nothing changes.
 *
 * @param limit most activities that may wait in the mailbox. Beyond it, or beyond the record's size, the answer is `full` too.
 */
export function schedule(
  current: Head | undefined,
  now: number,
  activity: ScheduledActivity,
  limit: number,
  timing: Timing,
  sizes: RecordSizes,
): Schedule {
  const head = current === undefined ? NEW_HEAD : upgrade(current);
  const { due, by, ...entry } = activity;
  const known = [...head.seen, ...head.pend, ...head.sched].some(({ key }) => key === activity.key);
  if (known) return { outcome: 'duplicate' };
  if (due <= now) return accept(head, now, entry, limit, timing, sizes);
  if (isFull(head.sched, by)) return { outcome: 'full' };
  const sched = inOrder([...head.sched, { key: activity.key, due, ...(by === undefined ? {} : { by }) }]);
  const scheduled = withSchedule(head, sched, timing);
  return isLarger(scheduled, sizes.acceptBytes) ? { outcome: 'full' } : { outcome: 'scheduled', head: scheduled };
}

/** Returns whether a source may have no more activities wait for their time. Other applications have shares, so that the bot always has room. */
function isFull(sched: readonly Scheduled[], by: string | undefined): boolean {
  if (sched.length >= MAX_SCHEDULED) return true;
  if (by === undefined) return false;
  const ofCallers = sched.filter((each) => each.by !== undefined);
  if (ofCallers.length >= MAX_SCHEDULED_BY_CALLERS) return true;
  return ofCallers.filter((each) => each.by === by).length >= MAX_SCHEDULED_BY_ONE_CALLER;
}

/**
 * Outcome of taking a scheduled activity back.
 * - `cancelled`: it does not happen, because of this call or of an earlier one. The record remembers the key, so that the activity does not
 *   come back when the call that schedules it is repeated late, or arrives only now.
 * - `gone`: it was accepted before.
 */
export type Unschedule = { readonly outcome: 'cancelled'; readonly head: Head } | { readonly outcome: 'gone' };

/**
 * Takes a scheduled activity back. The same record is returned when nothing has to be written.
 *
 * @param placed whether the caller knows that the activity was scheduled: one that is nowhere any more has been accepted then.
 */
export function unschedule(stored: Head, now: number, key: ActivityKey, placed: boolean, timing: Timing): Unschedule {
  const head = upgrade(stored);
  const known = head.seen.find((seen) => seen.key === key);
  if (known !== undefined) return known.cancelled ? { outcome: 'cancelled', head: stored } : { outcome: 'gone' };
  if (head.pend.some((pending) => pending.key === key)) return { outcome: 'gone' };
  const sched = head.sched.filter((each) => each.key !== key);
  const waits = sched.length < head.sched.length;
  if (placed && !waits) return { outcome: 'gone' };
  const without = remembered(head, now, [key], timing);
  return { outcome: 'cancelled', head: waits ? withSchedule(without, sched, timing) : without };
}

/** Most scheduled activities that come due in one write. */
const MOST_AT_ONCE = 20;

/** The scheduled activities whose time has come, the earliest first. Nobody but a new holder moves them. */
export function dueNow(head: Head, now: number): readonly ActivityKey[] {
  const free = head.lease === null || head.lease.until <= now;
  if (!free || head.notBefore > now) return [];
  return head.sched
    .filter(({ due }) => due <= now)
    .slice(0, MOST_AT_ONCE)
    .map(({ key }) => key);
}

/**
 * Moves a scheduled activity to the end of the mailbox, as if it had been accepted now.
 *
 * @returns `full` when the record would be too large. The mailbox takes one into an empty one whatever its size: its turn makes room.
 */
export function cameDue(
  head: Head,
  now: number,
  activity: PendingActivity,
  timing: Timing,
  sizes: RecordSizes,
): Head | 'full' {
  const rest: Head = { ...head, sched: head.sched.filter(({ key }) => key !== activity.key) };
  const grown = appended(rest, now, { ...activity, at: now }, timing);
  return head.pend.length > 0 && isLarger(grown, sizes.acceptBytes) ? 'full' : grown;
}

function inOrder(sched: readonly Scheduled[]): readonly Scheduled[] {
  return [...sched].sort((a, b) => a.due - b.due || (a.key < b.key ? -1 : 1));
}

/** Somebody who holds the conversation sets `wake` when they let go; for one that is free it is set here. */
function withSchedule(head: Head, sched: readonly Scheduled[], timing: Timing): Head {
  const changed: Head = { ...head, sched };
  if (head.lease !== null) return changed;
  const work = head.pend.length > 0 || head.out.length > 0;
  return { ...changed, wake: wakeForSchedule(changed, work ? head.wake : null, timing) };
}

import { accept, appended, type NewActivity } from './accept';
import { wakeForSchedule } from './hold';
import type { ActivityKey } from './keys';
import { type Head, NEW_HEAD, type PendingActivity, type Scheduled } from './record';
import type { Timing } from './timing';
import { upgrade } from './upgrade';

/** An activity that waits for its time, in a record of its own beside the head, which has its key and its time. */
export interface ScheduledActivity extends NewActivity {
  /** Store time, in ms since the epoch. */
  readonly due: number;
}

export type Schedule =
  | { readonly outcome: 'scheduled'; readonly head: Head }
  /** Its time has come already, and it went into the mailbox. */
  | { readonly outcome: 'accepted'; readonly head: Head }
  | { readonly outcome: 'duplicate' }
  | { readonly outcome: 'full' };

/**
 * Has an activity accepted at its time. What is due already is accepted at once.
 *
 * @param limit most activities that may wait: for their time, and in the mailbox; beyond it the answer is `full` and nothing changes.
 */
export function schedule(
  current: Head | undefined,
  now: number,
  activity: ScheduledActivity,
  limit: { readonly scheduled: number; readonly pending: number },
  timing: Timing,
): Schedule {
  const head = current === undefined ? NEW_HEAD : upgrade(current);
  const { due, ...entry } = activity;
  const known = [...head.seen, ...head.pend, ...head.sched].some(({ key }) => key === activity.key);
  if (known) return { outcome: 'duplicate' };
  if (due <= now) return accept(head, now, entry, limit.pending, timing);
  if (head.sched.length >= limit.scheduled) return { outcome: 'full' };
  const sched = inOrder([...head.sched, { key: activity.key, due }]);
  return { outcome: 'scheduled', head: withSchedule(head, sched, timing) };
}

/** The record without one scheduled activity; the same record when there is none of that key. */
export function unschedule(stored: Head, key: ActivityKey, timing: Timing): Head {
  const head = upgrade(stored);
  const sched = head.sched.filter((each) => each.key !== key);
  return sched.length === head.sched.length ? stored : withSchedule(head, sched, timing);
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

/** The record with scheduled activities at the end of the mailbox, as if they had been accepted now, in this order. */
export function cameDue(head: Head, now: number, activities: readonly PendingActivity[], timing: Timing): Head {
  const keys = new Set<string>(activities.map(({ key }) => key));
  const rest: Head = { ...head, sched: head.sched.filter(({ key }) => !keys.has(key)) };
  return activities.reduce((grown, activity) => appended(grown, now, { ...activity, at: now }, timing), rest);
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

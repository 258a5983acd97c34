import type { Mailbox } from '../ports/store';
import { accept } from '../turn/accept';
import { bodyRefs, type Head, type PendingActivity } from '../turn/record';
import { cameDue, dueNow, type ScheduledActivity, schedule, unschedule } from '../turn/schedule';
import type { Timing } from '../turn/timing';
import { upgrade } from '../turn/upgrade';
import type { Partitions, PartitionView, RecordName } from './partition';
import { bodyNames, bodyRecords } from './records';

/** The mailbox on a storage engine. */
export function mailbox(partitions: Partitions, timing: Timing): Mailbox {
  return {
    accept: (key, activity, bodies, limit) =>
      partitions.transact(key, ({ head, now }) => {
        const accepted = accept(head, now, activity, limit, timing);
        if (accepted.outcome !== 'accepted') return { result: accepted.outcome };
        return { result: accepted.outcome, writes: { head: accepted.head, put: bodyRecords(bodies) } };
      }),
    schedule: (key, activity, bodies, limit) =>
      partitions.transact(key, ({ head, now }) => {
        const scheduled = schedule(head, now, activity, limit, timing);
        if (!('head' in scheduled)) return { result: scheduled.outcome };
        const waits = scheduled.outcome === 'scheduled';
        const record = { kind: 'scheduled' as const, id: activity.key, value: activity };
        const put = [...(waits ? [record] : []), ...bodyRecords(bodies)];
        return { result: scheduled.outcome, writes: { head: scheduled.head, put } };
      }),
    unschedule: (key, activity, placed = false) =>
      partitions.transact<'cancelled' | 'gone'>(key, ({ head, now, get }) => {
        // Where there is no record, none is made to remember a key: erasing may have removed it.
        if (head === undefined) return { result: placed ? 'gone' : 'cancelled', confirm: true };
        const taken = unschedule(head, now, activity, placed, timing);
        if (taken.outcome === 'gone' || taken.head === head) return { result: taken.outcome, confirm: true };
        const record = get('scheduled', activity) as ScheduledActivity | undefined;
        const waited = upgrade(head).sched.some((each) => each.key === activity);
        const names = [{ kind: 'scheduled' as const, id: activity }, ...bodyNames(bodyRefs([record?.body]))];
        return { result: 'cancelled', writes: { head: taken.head, drop: waited ? names : [] } };
      }),
    overdue: (limit) => partitions.overdue(limit),
  };
}

/**
 * The head with what has come due in the mailbox, and the records that go with that. The head says what is scheduled: a record that a
 * view does not have (yet) stays where it is.
 */
export function withDue(
  { head, now, get }: PartitionView,
  timing: Timing,
): { readonly head: Head | undefined; readonly drop: readonly RecordName[] } {
  // Older formats have no schedule.
  if (head === undefined || upgrade(head).sched.length === 0) return { head, drop: [] };
  const due = dueNow(head, now).flatMap((key) => {
    const record = get('scheduled', key) as ScheduledActivity | undefined;
    return record === undefined ? [] : [record];
  });
  if (due.length === 0) return { head, drop: [] };
  const activities = due.map(({ due: at, by, ...activity }): PendingActivity => ({ ...activity, at }));
  return {
    head: cameDue(head, now, activities, timing),
    drop: due.map(({ key }) => ({ kind: 'scheduled', id: key })),
  };
}

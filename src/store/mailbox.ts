import type { Body, Mailbox } from '../ports/store';
import { accept, type NewActivity } from '../turn/accept';
import { bodyRefs, type Head, type PendingActivity } from '../turn/record';
import { cameDue, dueNow, type ScheduledActivity, schedule, unschedule } from '../turn/schedule';
import { isLarger, type RecordSizes } from '../turn/size';
import type { Timing } from '../turn/timing';
import { upgrade } from '../turn/upgrade';
import type { PartitionRecord, Partitions, PartitionView, RecordName } from './partition';
import { bodyNames, bodyRecords } from './records';

/** The mailbox on a storage engine. */
export function mailbox(partitions: Partitions, timing: Timing, sizes: RecordSizes): Mailbox {
  return {
    accept: (key, activity, bodies, limit) =>
      partitions.transact(key, ({ head, now }) => {
        const fitted = fittedEntry(head, now, activity, sizes);
        const accepted = accept(head, now, fitted.entry, limit, timing, sizes);
        if (accepted.outcome !== 'accepted') return { result: accepted.outcome };
        return {
          result: accepted.outcome,
          writes: { head: accepted.head, put: bodyRecords([...bodies, ...fitted.bodies]) },
        };
      }),
    schedule: (key, activity, bodies, limit) =>
      partitions.transact(key, ({ head, now }) => {
        const fitted = fittedEntry(head, now, activity, sizes);
        const scheduled = schedule(head, now, fitted.entry, limit, timing, sizes);
        if (!('head' in scheduled)) return { result: scheduled.outcome };
        const waits = scheduled.outcome === 'scheduled';
        const record = { kind: 'scheduled' as const, id: activity.key, value: activity };
        const put = [...(waits ? [record] : bodyRecords(fitted.bodies)), ...bodyRecords(bodies)];
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
 * Returns an entry as the record takes it. The body of an activity that would make the record large lies beside it, under a name that no
 * other acceptance of its key has.
 *
 * @param name is unique in this millisecond
 */
export function fittedEntry<Entry extends Pick<NewActivity, 'key' | 'body'>>(
  head: Head | undefined,
  now: number,
  entry: Entry,
  sizes: RecordSizes,
  name = `${entry.key}-at`,
): { readonly entry: Entry; readonly bodies: readonly Body[] } {
  const isSmall = head === undefined || head.pend.length + head.out.length === 0;
  if (isSmall || !('inline' in entry.body)) return { entry, bodies: [] };
  if (!isLarger(head, sizes.asideBytes - entry.body.bytes)) return { entry, bodies: [] };
  const ref = `${name}${now.toString(36)}`;
  return {
    entry: { ...entry, body: { ref, bytes: entry.body.bytes } },
    bodies: [{ ref, activity: entry.body.inline }],
  };
}

interface CameDue {
  readonly head: Head | undefined;
  readonly put: readonly PartitionRecord[];
  readonly drop: readonly RecordName[];
}

/**
 * The head with what has come due in the mailbox, as far as there is room, and the records that go with that. The head says what is
 * scheduled: a record that a view does not have (yet) stays where it is.
 */
export function withDue({ head, now, get }: PartitionView, timing: Timing, sizes: RecordSizes): CameDue {
  // Older formats have no schedule.
  if (head === undefined || upgrade(head).sched.length === 0) return { head, put: [], drop: [] };
  let grown = head;
  const put: PartitionRecord[] = [];
  const drop: RecordName[] = [];
  for (const key of dueNow(head, now)) {
    const record = get('scheduled', key) as ScheduledActivity | undefined;
    if (record === undefined) continue;
    const { due, by, ...activity } = record;
    const { entry, bodies } = fittedEntry(grown, now, { ...activity, at: due } satisfies PendingActivity, sizes);
    const after = cameDue(grown, now, entry, timing, sizes);
    if (after === 'full') break;
    grown = after;
    put.push(...bodyRecords(bodies));
    drop.push({ kind: 'scheduled', id: key });
  }
  return { head: grown, put, drop };
}

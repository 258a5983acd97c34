import type { InlineCommit, InlineTurns } from '../ports/store';
import { accept } from '../turn/accept';
import { answered, claim, commitInline, type InlineFence, type InlineRecord, isClaimedBy } from '../turn/inline';
import type { ActivityKey } from '../turn/keys';
import type { Timing } from '../turn/timing';
import type { PartitionRecord, Partitions, PartitionView, RecordName } from './partition';
import { bodyRecords, hasMoved, type StepValue, stepId } from './records';

type ClaimOutcome = Awaited<ReturnType<InlineTurns['claim']>>;

/** Turns that are answered inside their HTTP response, on a storage engine. */
export function inlineTurns(partitions: Partitions, timing: Timing): InlineTurns {
  return {
    claim: (key, activity, owner, ttlMs) =>
      partitions.transact<ClaimOutcome>(key, (view) => {
        const claimed = claim(recordOf(view, activity), view.now, owner, ttlMs);
        if (claimed.outcome !== 'claimed') return { result: claimed };
        const { outcome, fence, record } = claimed;
        return {
          result: { outcome, fence, ids: view.head?.ids ?? [] },
          writes: { put: [inlineRecord(activity, record)], drop: old(view, activity, timing) },
          headIsAdvisory: true,
        };
      }),

    commit: (key, fence, turn) =>
      partitions.transact<'committed' | 'conflict' | 'lost'>(key, (view) => {
        if (!isClaimedBy(recordOf(view, turn.activity), fence))
          return { result: endOf(view, turn, fence), confirm: true };
        const moved = turn.reads.some(({ id, version }) => hasMoved(view, view.head, id, version));
        const head = commitInline(view.head, view.now, turn.effects, turn.writes.length > 0, timing);
        // As in the commit of a queued turn: what has moved may be what this call's first try wrote.
        if (moved || head === undefined) return { result: 'conflict', confirm: true };
        const put: PartitionRecord[] = [
          inlineRecord(turn.activity, answered(fence, turn, view.now)),
          ...bodyRecords(turn.bodies),
          ...turn.writes.map(({ id, data }) => ({ kind: 'state' as const, id, value: { version: head.sv, data } })),
        ];
        return { result: 'committed', writes: { head, put, drop: stepsOf(view, turn.activity) } };
      }),

    defer: (key, fence, { activity, bodies, limit, ...deferral }) =>
      partitions.transact<'deferred' | 'lost' | 'full'>(key, (view) => {
        const record = recordOf(view, activity.key);
        if (record?.state === 'answered' && record.epoch === fence.epoch) return { result: 'deferred' };
        if (!isClaimedBy(record, fence)) return { result: 'lost', confirm: true };
        const accepted = accept(view.head, view.now, activity, limit, timing);
        if (accepted.outcome === 'full') return { result: 'full' };
        const put = [inlineRecord(activity.key, answered(fence, deferral, view.now)), ...bodyRecords(bodies)];
        return {
          result: 'deferred',
          writes: { ...(accepted.outcome === 'accepted' ? { head: accepted.head } : {}), put },
        };
      }),

    recordStep: (key, fence, activity, name, value) =>
      partitions.transact<Awaited<ReturnType<InlineTurns['recordStep']>>>(key, (view) => {
        if (!isClaimedBy(recordOf(view, activity), fence)) return { result: { outcome: 'lost' }, confirm: true };
        const id = stepId(activity, name);
        const known = view.get('step', id) as StepValue | undefined;
        if (known !== undefined) return { result: { outcome: 'recorded', value: known.value } };
        const step: StepValue = { name, value };
        return { result: { outcome: 'recorded', value }, writes: { put: [{ kind: 'step', id, value: step }] } };
      }),
  };
}

const inlineRecord = (activity: ActivityKey, value: InlineRecord): PartitionRecord => ({
  kind: 'inline',
  id: activity,
  value,
});

const recordOf = ({ get }: PartitionView, activity: ActivityKey): InlineRecord | undefined =>
  get('inline', activity) as InlineRecord | undefined;

const stepsOf = ({ scan }: PartitionView, activity: ActivityKey): readonly RecordName[] =>
  scan('step', stepId(activity, ''));

/** A commit that is repeated after an unknown outcome finds the answer of its own epoch. */
function endOf(view: PartitionView, { activity }: InlineCommit, fence: InlineFence): 'committed' | 'lost' {
  const record = recordOf(view, activity);
  return record?.state === 'answered' && record.epoch === fence.epoch ? 'committed' : 'lost';
}

/** Records of other activities whose dedupe horizon is over. */
function old({ now, scan }: PartitionView, claimed: ActivityKey, { dedupeMs }: Timing): RecordName[] {
  return scan('inline', '').filter(({ id, value }) => {
    const record = value as InlineRecord;
    return id !== claimed && (record.state === 'running' ? record.until : record.at) <= now - dedupeMs;
  });
}

import type { InlineCommit, InlineTurns } from '../ports/store';
import { accept } from '../turn/accept';
import { answered, claim, commitInline, type InlineFence, type InlineRecord, isClaimedBy } from '../turn/inline';
import type { ActivityKey } from '../turn/keys';
import type { RecordSizes } from '../turn/size';
import type { Timing } from '../turn/timing';
import { fittedEntry } from './mailbox';
import type { PartitionRecord, Partitions, PartitionView, RecordName } from './partition';
import {
  bodyRecords,
  hasMoved,
  hasRoomFor,
  INLINE_TTL_MS,
  STEP_TTL_MS,
  type StepValue,
  stepId,
  unlessTooLarge,
} from './records';

type ClaimOutcome = Awaited<ReturnType<InlineTurns['claim']>>;
type StepOutcome = Awaited<ReturnType<InlineTurns['recordStep']>>;

/** Turns that are answered inside their HTTP response, on a storage engine. */
export function inlineTurns(partitions: Partitions, timing: Timing, sizes: RecordSizes): InlineTurns {
  return {
    claim: (key, activity, owner, ttlMs) =>
      partitions.transact<ClaimOutcome>(key, (view) => {
        const claimed = claim(recordOf(view, activity), view.now, generationOf(view), owner, ttlMs);
        if (claimed.outcome !== 'claimed') return { result: claimed };
        const { outcome, fence, record } = claimed;
        return {
          result: { outcome, fence, ids: view.head?.ids ?? [] },
          writes: { put: [inlineRecord(activity, record)], drop: old(view, activity, timing) },
          headIsAdvisory: true,
        };
      }),

    commit: (key, fence, turn) =>
      partitions.transact<'committed' | 'conflict' | 'lost' | 'full'>(key, (view) => {
        if (!isClaimedBy(recordOf(view, turn.activity, fence), fence))
          return { result: endOf(view, turn, fence), confirm: true };
        const moved = turn.reads.some(({ id, version }) => hasMoved(view, view.head, id, version));
        const head = commitInline(view.head, view.now, turn.effects, turn.writes.length > 0, timing, sizes);
        // As in the commit of a queued turn: what has moved may be what this call's first try wrote.
        if (moved || head === 'newer') return { result: 'conflict', confirm: true };
        if (head === 'full') return { result: 'full', confirm: true };
        const put: PartitionRecord[] = [
          inlineRecord(turn.activity, answered(fence, turn, view.now)),
          ...bodyRecords(turn.bodies),
          ...turn.writes.map(({ id, data }) => ({ kind: 'state' as const, id, value: { version: head.sv, data } })),
        ];
        return { result: 'committed', writes: { head, put, drop: stepsOf(view, turn.activity) } };
      }),

    defer: (key, fence, { activity, bodies, limit, ...deferral }) =>
      partitions.transact<'deferred' | 'lost' | 'full'>(key, (view) => {
        const claimed = recordOf(view, activity.key, fence);
        if (claimed?.state === 'answered' && claimed.epoch === fence.epoch) return { result: 'deferred' };
        if (!isClaimedBy(claimed, fence)) return { result: 'lost', confirm: true };
        const fitted = fittedEntry(view.head, view.now, activity, sizes);
        const accepted = accept(view.head, view.now, fitted.entry, limit, timing, sizes);
        if (accepted.outcome === 'full') return { result: 'full' };
        const record = inlineRecord(activity.key, answered(fence, deferral, view.now));
        // An activity that is in the mailbox already, or was, has no need of another body.
        if (accepted.outcome === 'duplicate') return { result: 'deferred', writes: { put: [record] } };
        const put = [record, ...bodyRecords([...bodies, ...fitted.bodies])];
        return { result: 'deferred', writes: { head: accepted.head, put } };
      }),

    recordStep: (key, fence, activity, name, value) =>
      unlessTooLarge<StepOutcome>(
        () =>
          partitions.transact<StepOutcome>(key, (view) => {
            if (!isClaimedBy(recordOf(view, activity, fence), fence))
              return { result: { outcome: 'lost' }, confirm: true };
            const id = stepId(activity, name);
            const known = view.get('step', id) as StepValue | undefined;
            if (known !== undefined) return { result: { outcome: 'recorded', value: known.value } };
            const step: StepValue = { name, value };
            if (!hasRoomFor(step, stepsOf(view, activity))) return { result: { outcome: 'full' } };
            return {
              result: { outcome: 'recorded', value },
              writes: { put: [{ kind: 'step', id, value: step, ttlMs: STEP_TTL_MS }] },
            };
          }),
        { outcome: 'full' },
      ),
  };
}

const inlineRecord = (activity: ActivityKey, value: InlineRecord): PartitionRecord => ({
  kind: 'inline',
  id: activity,
  value,
  ttlMs: INLINE_TTL_MS,
});

const generationOf = ({ head }: PartitionView): number => head?.gen ?? 0;

/** The activity's record; for a run from before the conversation was erased there is none. */
function recordOf(view: PartitionView, activity: ActivityKey, fence?: InlineFence): InlineRecord | undefined {
  if (fence !== undefined && fence.gen !== generationOf(view)) return undefined;
  return view.get('inline', activity) as InlineRecord | undefined;
}

const stepsOf = ({ scan }: PartitionView, activity: ActivityKey): readonly PartitionRecord[] =>
  scan('step', stepId(activity, ''));

/** A commit that is repeated after an unknown outcome finds the answer of its own epoch. */
function endOf(view: PartitionView, { activity }: InlineCommit, fence: InlineFence): 'committed' | 'lost' {
  const record = recordOf(view, activity, fence);
  return record?.state === 'answered' && record.epoch === fence.epoch ? 'committed' : 'lost';
}

/** Records of other activities whose dedupe horizon is over. */
function old({ now, scan }: PartitionView, claimed: ActivityKey, { dedupeMs }: Timing): RecordName[] {
  return scan('inline', '').filter(({ id, value }) => {
    const record = value as InlineRecord;
    return id !== claimed && (record.state === 'running' ? record.until : record.at) <= now - dedupeMs;
  });
}

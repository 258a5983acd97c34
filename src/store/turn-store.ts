import type { AcquireOutcome, Held, StateSnapshot, TurnCommit, TurnStore } from '../ports/store';
import type { Activity } from '../schema/activity';
import { acquire } from '../turn/acquire';
import { commit, flush, TOO_LARGE, type TooLarge } from '../turn/commit';
import { markDelivered } from '../turn/deliver';
import { handBack, renew } from '../turn/hand-back';
import { FENCED, type HoldOutcome, isHeldBy } from '../turn/hold';
import type { ConversationKey } from '../turn/keys';
import { type Head, turnPrefix } from '../turn/record';
import type { RecordSizes } from '../turn/size';
import type { Timing } from '../turn/timing';
import { withDue } from './mailbox';
import type { PartitionDecision, PartitionRecord, Partitions, PartitionView, PartitionWrites } from './partition';
import {
  bodyRecords,
  deadActivity,
  deadEffect,
  hasMoved,
  hasRoomFor,
  NO_STATE,
  STEP_TTL_MS,
  type StepValue,
  stepId,
  unlessTooLarge,
  unreferenced,
} from './records';

type CommitOutcome = HoldOutcome | TooLarge | { readonly outcome: 'conflict' };
type StepOutcome = Awaited<ReturnType<TurnStore['recordStep']>>;

/** What a worker does, one transition of `src/turn` per transaction. */
export function turnStore(partitions: Partitions, timing: Timing, sizes: RecordSizes): TurnStore {
  const held = heldWrites(partitions);
  return {
    acquire: (key, owner) => acquireConversation(partitions, timing, sizes, key, owner),
    renew: (hold, delivers = false) => held(hold, (head, now) => renew(head, now, hold.fence, timing, delivers)),
    commit: (hold, turn) => {
      const write = (): Promise<CommitOutcome> => commitTurn(partitions, timing, sizes, hold, turn);
      // One that adds nothing has failed for the record's sake, and not for the turn's.
      return turn.effects.length + turn.writes.length > 0 ? unlessTooLarge(write, TOO_LARGE) : write();
    },
    flush: (hold, flushed, bodies) =>
      unlessTooLarge(
        () =>
          held<HoldOutcome | TooLarge>(
            hold,
            (head, now) => flush(head, now, hold.fence, flushed, timing, sizes),
            () => ({ put: bodyRecords(bodies) }),
          ),
        TOO_LARGE,
      ),
    markDelivered: (hold, delivered, turnRuns) =>
      held(
        hold,
        (head, now) => markDelivered(head, now, hold.fence, delivered, turnRuns, timing),
        (before, view) => {
          const effect = before.out[0];
          if (delivered.dead === undefined || effect === undefined) return {};
          return { put: [deadEffect(view, before, effect, { conversation: hold.key, reason: delivered.dead })] };
        },
      ),
    handBack: (hold, reason) => held(hold, (head, now) => handBack(head, now, hold.fence, reason, timing)),
    recordStep: (hold, turn, name, value) =>
      unlessTooLarge(() => recordStep(partitions, hold, turn, { name, value }), { outcome: 'full' }),
    hasEffects: (key) => partitions.read(key, ({ head }) => (head?.out.length ?? 0) > 0),
    readState: (key, id) =>
      partitions.read(key, ({ get }) => (get('state', id) as StateSnapshot | undefined) ?? NO_STATE),
    readSteps: (key, turn) => partitions.read(key, ({ scan }) => stepsOf(scan('step', stepId(turn, '')))),
    readBody: (key, ref) =>
      partitions.read(key, ({ get }) => get('body', ref) as Activity | readonly Activity[] | undefined),
  };
}

/** Makes fenced writes: the transition decides, and bodies that nothing refers to any more go with it. */
function heldWrites(partitions: Partitions) {
  return <Outcome extends HoldOutcome | TooLarge>(
    { key, head: known }: Held,
    transition: (head: Head, now: number) => Outcome,
    more: (before: Head, view: PartitionView) => PartitionWrites = () => ({}),
  ): Promise<Outcome | typeof FENCED> =>
    partitions.transact<Outcome | typeof FENCED>(
      key,
      (view) => {
        const before = view.head;
        if (before === undefined) return { result: FENCED };
        const result = transition(before, view.now);
        if (!('head' in result) || result.head === before) return { result };
        const { put = [], drop = [] } = more(before, view);
        return {
          result,
          writes: { head: result.head, put, drop: [...drop, ...unreferenced(before, result.head, put)] },
        };
      },
      known,
    );
}

function acquireConversation(
  partitions: Partitions,
  timing: Timing,
  sizes: RecordSizes,
  key: ConversationKey,
  owner: string,
): Promise<AcquireOutcome> {
  return partitions.transact<AcquireOutcome>(key, (view) => {
    const { head, put, drop } = withDue(view, timing, sizes);
    const acquired = acquire(head, view.now, owner, timing);
    switch (acquired.outcome) {
      case 'acquired':
        return {
          result: { outcome: 'acquired', held: { key, fence: acquired.fence, head: acquired.head } },
          ...(acquired.head === view.head ? {} : { writes: { head: acquired.head, put, drop } }),
        };
      case 'idle':
      case 'scheduled': {
        const { head: cleared, ...result } = acquired;
        return { result, ...(cleared === undefined ? {} : { writes: { head: cleared } }) };
      }
      default:
        return { result: acquired };
    }
  });
}

function commitTurn(
  partitions: Partitions,
  timing: Timing,
  sizes: RecordSizes,
  { key, fence, head: known }: Held,
  turn: TurnCommit,
): Promise<CommitOutcome> {
  const decide = (view: PartitionView): PartitionDecision<CommitOutcome> => {
    const { head, now, scan } = view;
    if (head === undefined) return { result: { outcome: 'fenced' } };
    const result = { turn: turn.turn, effects: turn.effects, writesState: turn.writes.length > 0 };
    const committed = commit(head, now, fence, result, timing, sizes);
    const activity = head.pend[0];
    if (!('head' in committed) || committed.head === head || activity === undefined) return { result: committed };
    const moved = turn.reads.some(({ id, version }) => hasMoved(view, head, id, version));
    // A commit whose first try was applied must not take what it wrote for somebody else's: its user's change would be withdrawn.
    if (moved) return { result: { outcome: 'conflict' }, confirm: true };
    const put: PartitionRecord[] = [
      ...bodyRecords(turn.bodies),
      ...turn.writes.map(({ id, data }) => ({
        kind: 'state' as const,
        id,
        value: { version: committed.head.sv, data },
      })),
      ...(turn.dead === undefined
        ? []
        : [deadActivity(view, head, activity, { conversation: key, reason: turn.dead })]),
    ];
    const steps = scan('step', stepId(turnPrefix(activity), ''));
    return {
      result: committed,
      writes: { head: committed.head, put, drop: [...steps, ...unreferenced(head, committed.head, put)] },
    };
  };
  return partitions.transact(key, decide, known);
}

function recordStep(partitions: Partitions, hold: Held, turn: string, step: StepValue): Promise<StepOutcome> {
  return partitions.transact<StepOutcome>(
    hold.key,
    ({ head, get, scan }) => {
      const first = head?.pend[0];
      if (head === undefined || !isHeldBy(head, hold.fence) || first === undefined || turnPrefix(first) !== turn) {
        return { result: { outcome: 'fenced' } };
      }
      const id = stepId(turn, step.name);
      const recorded = get('step', id);
      if (recorded !== undefined) return { result: { outcome: 'recorded', value: (recorded as StepValue).value } };
      if (!hasRoomFor(step, scan('step', stepId(turn, '')))) return { result: { outcome: 'full' } };
      return {
        result: { outcome: 'recorded', value: step.value },
        writes: { put: [{ kind: 'step', id, value: step, ttlMs: STEP_TTL_MS }] },
      };
    },
    hold.head,
  );
}

function stepsOf(records: readonly PartitionRecord[]): ReadonlyMap<string, unknown> {
  return new Map(records.map(({ value }) => [(value as StepValue).name, (value as StepValue).value]));
}

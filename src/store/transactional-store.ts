import type {
  AcquireOutcome,
  Body,
  DeadLetter,
  DeadLetters,
  DeadReason,
  Held,
  Mailbox,
  StateSnapshot,
  Store,
  TurnCommit,
  TurnStore,
  UserStates,
} from '../ports/store';
import type { Activity } from '../schema/activity';
import { accept } from '../turn/accept';
import { acquire } from '../turn/acquire';
import { commit, flush } from '../turn/commit';
import { markDelivered } from '../turn/deliver';
import { handBack, renew } from '../turn/hand-back';
import { type HoldOutcome, isHeldBy } from '../turn/hold';
import type { ConversationKey } from '../turn/keys';
import {
  bodyRefs,
  type Effect,
  effectPayload,
  type Head,
  NEW_HEAD,
  type PendingActivity,
  turnPrefix,
} from '../turn/record';
import { requeueActivity, requeueEffect } from '../turn/requeue';
import type { Timing } from '../turn/timing';
import { fold, judge, NEW_USER, propose, withdraw } from '../turn/user-state';
import { inspection } from './inspection';
import type { PartitionRecord, Partitions, PartitionView, PartitionWrites, RecordName } from './partition';

/** The store port on a storage engine with transactions: every primitive is one transition of `src/turn` in one transaction. */
export function transactionalStore(partitions: Partitions, timing: Timing): Store {
  return {
    timing,
    mailbox: mailbox(partitions, timing),
    turns: turnStore(partitions, timing),
    users: userStates(partitions, timing),
    deadLetters: deadLetters(partitions, timing),
    inspection: inspection(partitions),
    open: () => partitions.open(),
    close: () => partitions.close(),
  };
}

function mailbox(partitions: Partitions, timing: Timing): Mailbox {
  return {
    accept: (key, activity, bodies, limit) =>
      partitions.transact(key, ({ head, now }) => {
        const accepted = accept(head, now, activity, limit, timing);
        if (accepted.outcome !== 'accepted') return { result: accepted.outcome };
        return { result: accepted.outcome, writes: { head: accepted.head, put: bodyRecords(bodies) } };
      }),
    overdue: (limit) => partitions.overdue(limit),
  };
}

function turnStore(partitions: Partitions, timing: Timing): TurnStore {
  /** One fenced write: the transition decides, and bodies that nothing refers to any more go with it. */
  const held = (
    { key, head: known }: Held,
    transition: (head: Head, now: number, view: PartitionView) => HoldOutcome,
    more: (before: Head, view: PartitionView) => PartitionWrites = () => ({}),
  ): Promise<HoldOutcome> =>
    partitions.transact<HoldOutcome>(
      key,
      (view) => {
        const before = view.head;
        if (before === undefined) return { result: { outcome: 'fenced' } };
        const result = transition(before, view.now, view);
        if (result.outcome === 'fenced' || result.head === before) return { result };
        const { put = [], drop = [] } = more(before, view);
        return {
          result,
          writes: { head: result.head, put, drop: [...drop, ...unreferenced(before, result.head, put)] },
        };
      },
      known,
    );

  return {
    acquire: (key, owner) =>
      partitions.transact<AcquireOutcome>(key, ({ head, now }) => {
        const acquired = acquire(head, now, owner, timing);
        switch (acquired.outcome) {
          case 'acquired':
            return {
              result: { outcome: 'acquired', held: { key, fence: acquired.fence, head: acquired.head } },
              ...(acquired.head === head ? {} : { writes: { head: acquired.head } }),
            };
          case 'idle':
            return {
              result: { outcome: 'idle' },
              ...(acquired.head === undefined ? {} : { writes: { head: acquired.head } }),
            };
          default:
            return { result: acquired };
        }
      }),

    renew: (hold) => held(hold, (head, now) => renew(head, now, hold.fence, timing)),

    commit: (hold, turn) => commitTurn(partitions, timing, hold, turn),

    flush: (hold, flushed, bodies) =>
      held(
        hold,
        (head, now) => flush(head, now, hold.fence, flushed, timing),
        () => ({ put: bodyRecords(bodies) }),
      ),

    markDelivered: (hold, delivered, turnRuns) =>
      held(
        hold,
        (head, now) => markDelivered(head, now, hold.fence, delivered, turnRuns, timing),
        ({ out }, { now }) => {
          const effect = out[0];
          if (delivered.dead === undefined || effect === undefined) return {};
          return { put: [deadRecord(deadEffect(hold.key, now, effect, delivered.dead))] };
        },
      ),

    handBack: (hold, reason) => held(hold, (head, now) => handBack(head, now, hold.fence, reason, timing)),

    recordStep: (hold, turn, name, value) =>
      partitions.transact<StepOutcome>(hold.key, ({ head, get }) => {
        const first = head?.pend[0];
        if (head === undefined || !isHeldBy(head, hold.fence) || first === undefined || turnPrefix(first) !== turn) {
          return { result: { outcome: 'fenced' } };
        }
        const id = stepId(turn, name);
        const recorded = get('step', id);
        if (recorded !== undefined) return { result: { outcome: 'recorded', value: (recorded as StepValue).value } };
        const step: StepValue = { name, value };
        return { result: { outcome: 'recorded', value }, writes: { put: [{ kind: 'step', id, value: step }] } };
      }),

    readState: (key, id) =>
      partitions.read(key, ({ get }) => (get('state', id) as StateSnapshot | undefined) ?? NO_STATE),

    readSteps: (key, turn) =>
      partitions.read(
        key,
        ({ scan }) =>
          new Map(
            scan('step', stepId(turn, '')).map(({ value }) => [(value as StepValue).name, (value as StepValue).value]),
          ),
      ),

    readBody: (key, ref) => partitions.read(key, ({ get }) => get('body', ref) as Activity | undefined),
  };
}

function commitTurn(
  partitions: Partitions,
  timing: Timing,
  { key, fence }: Held,
  turn: TurnCommit,
): Promise<HoldOutcome | { readonly outcome: 'conflict' }> {
  return partitions.transact<HoldOutcome | { readonly outcome: 'conflict' }>(key, ({ head, now, get, scan }) => {
    if (head === undefined) return { result: { outcome: 'fenced' } };
    const result = { turn: turn.turn, effects: turn.effects, writesState: turn.writes.length > 0 };
    const committed = commit(head, now, fence, result, timing);
    const activity = head.pend[0];
    if (committed.outcome === 'fenced' || committed.head === head || activity === undefined)
      return { result: committed };
    const moved = turn.reads.some(
      ({ id, version }) => ((get('state', id) as StateSnapshot | undefined)?.version ?? 0) !== version,
    );
    if (moved) return { result: { outcome: 'conflict' } };
    const put: PartitionRecord[] = [
      ...bodyRecords(turn.bodies),
      ...turn.writes.map(({ id, data }) => ({
        kind: 'state' as const,
        id,
        value: { version: committed.head.sv, data },
      })),
      ...(turn.dead === undefined ? [] : [deadRecord(deadActivity(key, now, activity, head.att, turn.dead))]),
    ];
    const steps = scan('step', stepId(turnPrefix(activity), ''));
    return {
      result: committed,
      writes: { head: committed.head, put, drop: [...steps, ...unreferenced(head, committed.head, put)] },
    };
  });
}

function userStates(partitions: Partitions, timing: Timing): UserStates {
  return {
    read: async (user) => {
      const { version, data, intents } = (await partitions.readUser(user)) ?? NEW_USER;
      return { version, data, intents };
    },
    propose: (user, version, intent) =>
      partitions.transactUser<'proposed' | 'conflict'>(user, (current) => {
        const record = propose(current, version, intent);
        if (record === undefined) return { result: 'conflict' };
        return { result: 'proposed', ...(record === current ? {} : { record }) };
      }),
    settle: (user, intentId, counts) =>
      partitions.transactUser<void>(user, (current) => {
        if (current === undefined) return { result: undefined };
        const record = counts ? fold(current, intentId) : withdraw(current, intentId);
        return { result: undefined, ...(record === current ? {} : { record }) };
      }),
    judge: (intent, insist) =>
      partitions.transact<'counts' | 'void' | 'open'>(intent.conversation, ({ head, now }) => {
        const judged = judge(head, now, intent, insist, timing);
        const fenced = judged.verdict === 'void' ? judged.head : undefined;
        return { result: judged.verdict, ...(fenced === undefined ? {} : { writes: { head: fenced } }) };
      }),
  };
}

function deadLetters(partitions: Partitions, timing: Timing): DeadLetters {
  return {
    list: async (limit) => (await partitions.dead(limit)) as DeadLetter[],
    get: (key, id) => partitions.read(key, ({ get }) => get('dead', id) as DeadLetter | undefined),
    requeue: (key, id) =>
      partitions.transact<boolean>(key, ({ head, now, get }) => {
        const letter = get('dead', id) as DeadLetter | undefined;
        if (letter === undefined) return { result: false };
        const { dead } = letter;
        const current = head ?? NEW_HEAD;
        const requeued =
          dead.kind === 'activity'
            ? requeueActivity(current, now, dead.activity, timing)
            : requeueEffect(current, now, dead.effect, timing);
        return { result: true, writes: { head: requeued, drop: [{ kind: 'dead', id }] } };
      }),
    discard: (key, id) =>
      partitions.transact<boolean>(key, ({ get }) => {
        const letter = get('dead', id) as DeadLetter | undefined;
        if (letter === undefined) return { result: false };
        return { result: true, writes: { drop: [{ kind: 'dead', id }, ...bodyNames(deadRefs(letter))] } };
      }),
  };
}

const NO_STATE: StateSnapshot = { version: 0, data: {} };

type StepOutcome = Awaited<ReturnType<TurnStore['recordStep']>>;

interface StepValue {
  readonly name: string;
  readonly value: unknown;
}

const stepId = (turn: string, name: string): string => `${turn}/${name}`;

const bodyRecords = (bodies: readonly Body[]): PartitionRecord[] =>
  bodies.map(({ ref, activity }) => ({ kind: 'body', id: ref, value: activity }));

const bodyNames = (refs: readonly string[]): RecordName[] => refs.map((id) => ({ kind: 'body', id }));

const headRefs = (head: Head): string[] =>
  bodyRefs([...head.pend.map(({ body }) => body), ...head.out.map(effectPayload)]);

const deadRefs = ({ dead }: DeadLetter): string[] =>
  bodyRefs([dead.kind === 'activity' ? dead.activity.body : effectPayload(dead.effect)]);

/** The bodies that the write leaves without anyone who refers to them. */
function unreferenced(before: Head, after: Head, put: readonly PartitionRecord[]): RecordName[] {
  const dead = put.filter(({ kind }) => kind === 'dead').flatMap(({ value }) => deadRefs(value as DeadLetter));
  const kept = new Set([...headRefs(after), ...dead]);
  return bodyNames(headRefs(before).filter((ref) => !kept.has(ref)));
}

const deadRecord = (letter: DeadLetter): PartitionRecord => ({ kind: 'dead', id: letter.id, value: letter });

function deadActivity(
  conversation: ConversationKey,
  at: number,
  activity: PendingActivity,
  attempts: number,
  reason: DeadReason,
): DeadLetter {
  return { id: turnPrefix(activity), conversation, at, attempts, reason, dead: { kind: 'activity', activity } };
}

function deadEffect(conversation: ConversationKey, at: number, effect: Effect, reason: DeadReason): DeadLetter {
  return { id: effect.id, conversation, at, attempts: effect.tries + 1, reason, dead: { kind: 'effect', effect } };
}

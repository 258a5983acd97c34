import type { DeadLetter, Erasure } from '../ports/store';
import type { Activity } from '../schema/activity';
import { eraseConversation, eraseUser, eraseUserIn, isMarker, type TracesOfUser } from '../turn/erase';
import { type ConversationKey, partsOfKey, type UserKey } from '../turn/keys';
import { bodyRefs, type Effect, effectPayload, type Head, type Payload, turnPrefix } from '../turn/record';
import type { Timing } from '../turn/timing';
import { erasureRequests } from './erasure-requests';
import type { PartitionRecord, Partitions, PartitionView, RecordName } from './partition';
import { activityOf, bodyNames, deadRefs, stepId, unreferenced } from './records';

/** Erasing, on a storage engine. */
export function erasure(partitions: Partitions, timing: Timing): Erasure {
  return {
    conversation: (key) =>
      partitions.transact<boolean>(key, ({ head, now }) => ({
        result: head !== undefined,
        writes: { head: eraseConversation(head, now, timing) },
      })),
    user: (user) =>
      partitions.transactUser<boolean>(user, (current) => ({
        result: current !== undefined,
        record: eraseUser(current),
      })),
    conversationsOf: (user) => partitions.conversationsOf(user),
    async userIn(key, user) {
      let erased = false;
      for (;;) {
        const found = await erasePart(partitions, timing, key, user);
        if (found === 'nothing') return erased;
        erased = true;
        if (found === 'all') return true;
      }
    },
    finish: (limit) => partitions.finishErasing(limit),
    ...erasureRequests(partitions.collections),
  };
}

/** Most dead letters, activities and effects, of each, that go in one transaction: an engine may bound how much one of them does. */
const AT_ONCE = 10;

function erasePart(
  partitions: Partitions,
  timing: Timing,
  key: ConversationKey,
  user: UserKey,
): Promise<'nothing' | 'part' | 'all'> {
  return partitions.transact<'nothing' | 'part' | 'all'>(key, (view) => {
    const { head, now, get, scan } = view;
    if (head === undefined || isMarker(head)) return { result: 'nothing' };
    const all = tracesOf(view, user);
    const traces: TracesOfUser = {
      activity: among(head.pend, all.activity),
      effect: amongEffects(head.out, all.effect),
    };
    const priv: RecordName = { kind: 'state', id: `private:${user}` };
    const letters = scan('dead', '').filter(({ value }) => isAbout(value as DeadLetter, all));
    const rest = eraseUserIn(head, now, traces, timing);
    const states = get(priv.kind, priv.id) === undefined ? [] : [priv];
    if (rest === head && states.length === 0 && letters.length === 0) return { result: 'nothing' };
    const gone = letters.slice(0, AT_ONCE);
    // The version of state rises, so that a turn that has read what goes now finds that it has moved.
    const after: Head = { ...rest, sv: rest.sv + 1 };
    const drop = [
      ...states,
      ...gone.flatMap(({ id, value }) => [{ kind: 'dead' as const, id }, ...bodyNames(deadRefs(value as DeadLetter))]),
      ...stepsOfGone(view, head, after),
      ...unreferenced(head, after, []),
    ];
    const put = packsWithout(view, head, after);
    const more = gone.length < letters.length || rest.pend.some(all.activity) || rest.out.some(all.effect);
    return { result: more ? 'part' : 'all', writes: { head: after, put, drop } };
  });
}

/** Holds for the first few of those for which it holds. */
function among<T>(list: readonly T[], holds: (each: T) => boolean): (each: T) => boolean {
  const first = new Set(list.filter(holds).slice(0, AT_ONCE));
  return (each) => first.has(each);
}

/** As {@link among}, up to where a second pack would have to be written again: several may be too large for one transaction. */
function amongEffects(out: readonly Effect[], holds: (each: Effect) => boolean): (each: Effect) => boolean {
  const found = out.filter(holds).slice(0, AT_ONCE);
  const [pack] = found.flatMap(packsOf);
  const end = found.findIndex((effect) => packsOf(effect).some((ref) => ref !== pack));
  const first = new Set(end < 0 ? found : found.slice(0, end));
  return (each) => first.has(each);
}

function packsOf(effect: Effect): string[] {
  const payload = effectPayload(effect);
  return payload !== undefined && 'ref' in payload && payload.index !== undefined ? [payload.ref] : [];
}

function tracesOf(view: PartitionView, user: UserKey): TracesOfUser {
  const { id } = partsOfKey(user);
  const read = (payload: Payload | undefined): Activity | undefined => {
    return payload === undefined ? undefined : activityOf(view, payload);
  };
  return {
    activity: ({ body }) => read(body)?.from?.id === id,
    effect: (effect) => read(effectPayload(effect))?.recipient?.id === id,
  };
}

function isAbout({ dead }: DeadLetter, traces: TracesOfUser): boolean {
  return dead.kind === 'activity' ? traces.activity(dead.activity) : traces.effect(dead.effect);
}

/** Packs that are still needed, without the activities of effects that are gone. */
function packsWithout({ get }: PartitionView, before: Head, after: Head): readonly PartitionRecord[] {
  const left = new Set(after.out);
  const gone = before.out.filter((effect) => !left.has(effect)).map(effectPayload);
  const needed = new Set(bodyRefs(after.out.map(effectPayload)));
  const indexes = new Map<string, Set<number>>();
  for (const payload of gone) {
    if (payload === undefined || 'inline' in payload || payload.index === undefined || !needed.has(payload.ref))
      continue;
    const known = indexes.get(payload.ref) ?? new Set<number>();
    indexes.set(payload.ref, known.add(payload.index));
  }
  return [...indexes].flatMap(([id, erased]) => {
    const pack = get('body', id) as readonly Activity[] | undefined;
    if (pack === undefined) return [];
    return [{ kind: 'body' as const, id, value: pack.map((activity, index) => (erased.has(index) ? null : activity)) }];
  });
}

function stepsOfGone({ scan }: PartitionView, before: Head, after: Head): readonly RecordName[] {
  return before.pend
    .filter((pending) => !after.pend.includes(pending))
    .flatMap((pending) => scan('step', stepId(turnPrefix(pending), '')));
}

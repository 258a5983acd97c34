import type { JSONObject, OperationInput } from '@azure/cosmos';
import type { PartitionDecision, PartitionRecord, PartitionWrites, RecordName } from '../store/partition';
import { NO_STATE } from '../store/records';
import { leavesOldRecords } from '../turn/erase';
import type { ConversationKey } from '../turn/keys';
import { NEW_HEAD } from '../turn/record';
import { jsonBytes } from '../turn/size';
import {
  type HeadMarks,
  headId,
  headItem,
  type Item,
  recordId,
  recordItem,
  type StepsItem,
  stepsItem,
} from './cosmos-documents';
import { chunkName, OWN_STATE, type Snapshot, turnOf } from './cosmos-snapshot';

/** The operations of one transaction. The guarded head comes first; `head` is what it will be, without the ETag that it gets. */
export interface Plan {
  readonly operations: readonly OperationInput[];
  readonly head: Item | undefined;
}

/**
 * Turns a decision into conditional operations: whatever it looked at must still be what it saw, so that a stale read costs a
 * repetition and never leads to a wrong write.
 *
 * - the head is replaced if its ETag stands, or created if there was none; a decision that saw it and leaves it as it is writes it all the same;
 * - a record that was read is replaced, deleted or (when it is to stay, and is no body) written back if its ETag stands, or created if there was none;
 * - a record that nobody looked at is written over: nothing but a write of this head could have changed it.
 *
 * @param gone ids of items that nobody looked at and that a delete did not find; what was seen has to be there to be deleted
 */
export function planOf(
  snapshot: Snapshot,
  { writes = {}, confirm, headIsAdvisory: advisoryHead }: Omit<PartitionDecision<unknown>, 'result'>,
  gone: ReadonlySet<string>,
): Plan {
  const { key } = snapshot;
  const { put = [], drop = [] } = writes;
  const gen = writes.head?.gen ?? snapshot.generation ?? 0;
  const erases = gen !== (snapshot.generation ?? 0);
  const steps = stepChange(snapshot, gen, put, drop);
  const own = ownStateChange(snapshot, put);
  const marks = {
    ...(erases ? {} : { steps: steps.names, ...own.marks }),
    ...(leavesOld(snapshot, writes) ? { unpurged: true as const } : {}),
  };
  const head = advisoryHead && writes.head === undefined ? undefined : headChange(snapshot, writes, marks);
  const records = put.filter((each) => each.kind !== 'step' && each !== own.inHead);
  const drops = [...own.drop, ...drop.filter(({ kind }) => kind !== 'step').map(({ kind, id }) => recordId(kind, id))];
  const written = new Set([...records.map(({ kind, id }) => recordId(kind, id)), ...drops]);
  return {
    head,
    operations: [
      ...(head === undefined ? [] : [guarded(headEtag(snapshot), head)]),
      ...records.map((record) => asWritten(snapshot, recordItem(key, gen, record))),
      ...steps.operations,
      ...drops.flatMap((id) => deletion(snapshot, id, gone)),
      ...untouched(snapshot, gen, written, confirm === undefined),
    ],
  };
}

function leavesOld({ head }: Snapshot, writes: PartitionWrites): boolean {
  const known = head === undefined || head === 'absent' ? undefined : head;
  const unpurged = known?.marks.unpurged === true;
  return writes.head === undefined ? unpurged : leavesOldRecords(known?.head, writes.head, unpurged);
}

function headEtag({ head }: Snapshot): string | undefined {
  return head === undefined || head === 'absent' ? undefined : head.etag;
}

function headChange(
  { key, head, headConsulted }: Snapshot,
  writes: PartitionWrites,
  marks: Omit<HeadMarks, 'rev'>,
): Item | undefined {
  const known = head === undefined || head === 'absent' ? undefined : head;
  const marked = marks.steps !== undefined && marks.steps.length > 0;
  const after = writes.head ?? (headConsulted ? known?.head : undefined) ?? (marked ? NEW_HEAD : undefined);
  if (after === undefined) return undefined;
  return headItem(key, after, { ...marks, rev: (known?.marks.rev ?? 0) + 1 });
}

/**
 * State of up to this many bytes of JSON lies in the head: what a write costs hardly depends on an item's size up to 8 KB, and so
 * three small additions are cheaper than one more item.
 */
const MOST_IN_HEAD = 5_000;

/** Where the conversation's own state goes: into the head that is written anyway, or, when it is large, into an item of its own. */
function ownStateChange(
  snapshot: Snapshot,
  put: readonly PartitionRecord[],
): { readonly inHead?: PartitionRecord; readonly marks: Omit<HeadMarks, 'rev'>; readonly drop: readonly string[] } {
  const known = snapshot.head === undefined || snapshot.head === 'absent' ? undefined : snapshot.head.marks;
  const state = put.find(({ kind, id }) => kind === 'state' && id === OWN_STATE);
  if (state === undefined) {
    const { state: before, stateApart } = known ?? {};
    const marks = { ...(before === undefined ? {} : { state: before }), ...(stateApart ? { stateApart } : {}) };
    return { marks, drop: [] };
  }
  if (jsonBytes(state.value) > MOST_IN_HEAD) return { marks: { stateApart: true }, drop: [] };
  const drop = known?.stateApart ? [recordId('state', OWN_STATE)] : [];
  return { inHead: state, marks: { state: state.value }, drop };
}

/** Replaces the item that was read, or creates the one that was not there. */
function guarded(etag: string | undefined, item: Item): OperationInput {
  return etag === undefined
    ? { operationType: 'Create', resourceBody: item as JSONObject }
    : { operationType: 'Replace', id: item.id, ifMatch: etag, resourceBody: item as JSONObject };
}

function asWritten(snapshot: Snapshot, item: Item): OperationInput {
  const read = snapshot.items.get(item.id);
  if (read === undefined) return { operationType: 'Upsert', resourceBody: item as JSONObject };
  return guarded(read === 'absent' ? undefined : read._etag, item);
}

function deletion({ items }: Snapshot, id: string, gone: ReadonlySet<string>): OperationInput[] {
  const read = items.get(id);
  if (read === 'absent' || (read === undefined && gone.has(id))) return [];
  return [{ operationType: 'Delete', id, ...(read?._etag === undefined ? {} : { ifMatch: read._etag }) }];
}

/** Records that the decision looked at and leaves as they are. */
function untouched(
  { key, items, consulted }: Snapshot,
  gen: number,
  written: ReadonlySet<string>,
  creates: boolean,
): OperationInput[] {
  return [...consulted].flatMap(([id, { kind, name }]) => {
    const read = items.get(id);
    // A body is changed by nothing but a write of the head that refers to it, which is guarded; written back, many would fit into no transaction.
    if (written.has(id) || read === undefined || kind === 'body') return [];
    if (read !== 'absent') return [guarded(read._etag, read)];
    // Only of state does anybody rely on there being none.
    return creates && kind === 'state'
      ? [guarded(undefined, recordItem(key, gen, { kind, id: name, value: NO_STATE }))]
      : [];
  });
}

/** Size of an item of steps, in bytes, beyond which the next step goes into another: each step writes its item anew. */
const MAX_CHUNK_BYTES = 64_000;

/** Writes and removes steps. Those of a turn share items, and the head has the names of these. */
function stepChange(
  snapshot: Snapshot,
  gen: number,
  put: readonly PartitionRecord[],
  drop: readonly RecordName[],
): { readonly operations: OperationInput[]; readonly names: readonly string[] } {
  const added = put.filter(({ kind }) => kind === 'step');
  const dropped = new Set(drop.flatMap(({ kind, id }) => (kind === 'step' ? [id] : [])));
  let names = (snapshot.head === 'absent' ? undefined : snapshot.head?.marks.steps) ?? [];
  const operations: OperationInput[] = [];
  for (const turn of new Set([...added.map(({ id }) => id), ...dropped].map(turnOf))) {
    const before = snapshot.stepChunks(turn);
    const after = new Map(before.map((chunk) => [chunk.name, left(chunk, turn, dropped)]));
    for (const { id, value } of added.filter(({ id }) => turnOf(id) === turn)) {
      append(after, turn, { name: id.slice(turn.length + 1), record: value });
    }
    for (const [name, steps] of after) {
      if (steps === before.find((chunk) => chunk.name === name)?.steps) continue;
      const item = stepsItem(snapshot.key, gen, name, steps);
      operations.push(...(steps.length > 0 ? [asWritten(snapshot, item)] : deletion(snapshot, item.id, new Set())));
    }
    const written = [...after].flatMap(([name, steps]) => (steps.length > 0 ? [name] : []));
    names = [...names.filter((name) => !after.has(name)), ...written];
  }
  return { operations, names };
}

type Steps = StepsItem['steps'];

/** The steps of an item that stay; the same list if all do. */
function left({ steps }: { readonly steps: Steps }, turn: string, dropped: ReadonlySet<string>): Steps {
  const kept = steps.filter(({ name }) => !dropped.has(`${turn}/${name}`));
  return kept.length === steps.length ? steps : kept;
}

/** Adds a step to the last item of its turn, or to a new one. */
function append(chunks: Map<string, Steps>, turn: string, step: Steps[number]): void {
  const [name, steps] = [...chunks].at(-1) ?? [chunkName(turn, 0), []];
  const isFull = steps.length > 0 && jsonBytes(steps) + jsonBytes(step) > MAX_CHUNK_BYTES;
  if (isFull) chunks.set(chunkName(turn, chunks.size), [step]);
  else chunks.set(name, [...steps, step]);
}

/** Which item an operation of a plan is about. */
export function itemOf(plan: Plan, index: number): string {
  const operation = plan.operations[index];
  if (operation === undefined) return '';
  return 'id' in operation && operation.id !== undefined
    ? operation.id
    : String((operation as { resourceBody?: { id?: unknown } }).resourceBody?.id ?? '');
}

/** Whether it is the head that an operation is about. */
export function isHead(key: ConversationKey, id: string): boolean {
  return id === headId(key);
}

import type { Clock } from '../ports/clock';
import type { Lifetimes } from '../ports/lifetimes';
import type { DeadLetter, Store } from '../ports/store';
import type { Partitions, PartitionView, PartitionWrites, RecordKind, RecordName } from '../store/partition';
import { searchFor } from '../store/records';
import { transactionalStore } from '../store/transactional-store';
import { isMarker, MARKER_MS } from '../turn/erase';
import type { ConversationKey, UserKey } from '../turn/keys';
import type { Head } from '../turn/record';
import { DEFAULT_TIMING, type Timing } from '../turn/timing';
import type { UserRecord } from '../turn/user-state';
import { memoryCollections } from './memory-collections';

/** JSON text, so that nothing is shared with the caller and what JSON cannot hold does not survive. */
type Stored<T> = string & { readonly of?: T };

interface Partition {
  head: Stored<Head> | undefined;
  headAt: number | undefined;
  readonly records: Map<string, StoredRecord>;
}

interface StoredRecord extends RecordName {
  readonly value: Stored<unknown>;
  readonly expires: number;
}

interface StoredUser {
  readonly record: Stored<UserRecord>;
  readonly expires: number;
}

/** The engine, with what tests look at. */
export interface MemoryPartitions extends Partitions {
  /** All that is stored. */
  content(): unknown;
}

const nameOf = (kind: RecordKind, id: string): string => `${kind}/${id}`;

/** A store in this process's memory, for tests and simulation: gone with the process. Values are kept as JSON, as in the durable stores. */
export function createMemoryStore(clock: Clock, timing: Timing = DEFAULT_TIMING, lifetimes: Lifetimes = {}): Store {
  return transactionalStore(memoryPartitions(clock), timing, lifetimes);
}

/** The engine of {@link createMemoryStore}. */
export function memoryPartitions(clock: Clock): MemoryPartitions {
  const conversations = new Map<ConversationKey, Partition>();
  const users = new Map<UserKey, StoredUser>();
  const endOf = (ttlMs: number | undefined): number =>
    ttlMs === undefined ? Number.POSITIVE_INFINITY : clock.now() + ttlMs;

  const write = (partition: Partition, { head, put = [], drop = [] }: PartitionWrites): void => {
    const records = put.map(({ kind, id, value, ttlMs }) => ({
      kind,
      id,
      value: stored(value),
      expires: endOf(ttlMs),
    }));
    if (head?.wake != null && !Number.isInteger(head.wake)) throw new TypeError('A time is in whole ms.');
    const after = head === undefined ? partition.head : stored(head);
    if (head !== undefined && head.gen !== (parsed(partition.head)?.gen ?? 0)) partition.records.clear();
    for (const { kind, id } of drop) partition.records.delete(nameOf(kind, id));
    for (const record of records) partition.records.set(nameOf(record.kind, record.id), record);
    partition.head = after;
    if (head !== undefined) partition.headAt = clock.now();
  };

  const view = ({ head, headAt, records }: Partition): PartitionView => ({
    now: clock.now(),
    head: parsed(head),
    headAt,
    get: (kind, id) => parsed(records.get(nameOf(kind, id))?.value),
    scan: (kind, prefix) =>
      [...records.values()]
        .filter((each) => each.kind === kind && each.id.startsWith(prefix))
        .map(({ id, value }) => ({ kind, id, value: parsed(value) })),
  });

  const partitionOf = (key: ConversationKey): Partition =>
    conversations.get(key) ?? { head: undefined, headAt: undefined, records: new Map() };

  const awake = (): { key: ConversationKey; head: Head; wake: number }[] =>
    [...conversations]
      .map(([key, partition]) => ({ key, head: parsed(partition.head) }))
      .flatMap(({ key, head }) => (head?.wake == null ? [] : [{ key, head, wake: head.wake }]))
      .sort((a, b) => a.wake - b.wake);

  return {
    collections: memoryCollections(clock),
    async transact(key, decide) {
      const partition = partitionOf(key);
      const { result, writes } = decide(view(partition));
      if (writes !== undefined) {
        write(partition, writes);
        conversations.set(key, partition);
      }
      return result;
    },
    async read(key, look) {
      return look(view(partitionOf(key)));
    },
    async transactUser(user, decide) {
      const { result, record, ttlMs } = decide(parsed(users.get(user)?.record));
      const lifetime = record?.erased ? MARKER_MS : ttlMs;
      if (record !== undefined) users.set(user, { record: stored(record), expires: endOf(lifetime) });
      return result;
    },
    async readUser(user) {
      return parsed(users.get(user)?.record);
    },
    async overdue(limit) {
      const now = clock.now();
      return awake()
        .filter(({ wake }) => wake <= now)
        .slice(0, limit)
        .map(({ key }) => key);
    },
    async busy(limit) {
      return awake()
        .slice(0, limit)
        .map(({ key, head }) => ({ key, head }));
    },
    async conversationsOf(user) {
      const { channel, quotedId, stateId } = searchFor(user);
      const has = ({ head, records }: Partition): boolean =>
        head?.includes(quotedId) === true ||
        [...records.values()].some(({ id, value }) => id === stateId || value.includes(quotedId));
      return [...conversations].flatMap(([key, each]) => (key.startsWith(channel) && has(each) ? [key] : []));
    },
    async dead(limit) {
      return [...conversations.values()]
        .flatMap(({ records }) => [...records.values()].filter(({ kind }) => kind === 'dead'))
        .map(({ value }) => parsed(value) as { at: number })
        .sort((a, b) => b.at - a.at)
        .slice(0, limit);
    },
    async deadFor(ms, limit) {
      const letters = (await this.dead(Number.POSITIVE_INFINITY)) as DeadLetter[];
      return letters
        .filter(({ at }) => at <= clock.now() - ms)
        .reverse()
        .slice(0, limit);
    },
    async idleFor(ms, limit) {
      return [...conversations]
        .map(([key, { head, headAt = Number.POSITIVE_INFINITY }]) => ({ key, head: parsed(head), headAt }))
        .filter(({ head, headAt }) => head?.wake === null && !isMarker(head) && headAt <= clock.now() - ms)
        .sort((a, b) => a.headAt - b.headAt)
        .slice(0, limit)
        .map(({ key }) => key);
    },
    // Erasing is one step here.
    finishErasing: async () => 0,
    async prune() {
      const now = clock.now();
      for (const [user, { expires }] of users) if (expires <= now) users.delete(user);
      for (const [key, { head, headAt = now, records }] of conversations) {
        for (const [name, { expires }] of records) if (expires <= now) records.delete(name);
        const marker = parsed(head);
        if (marker !== undefined && isMarker(marker) && headAt + MARKER_MS <= now) conversations.delete(key);
      }
    },
    content: () => [
      [...conversations].map(([key, { head, records }]) => [key, head, [...records.values()]]),
      [...users],
    ],
    async open() {},
    async close() {},
  };
}

function stored<T>(value: T): Stored<T> {
  return JSON.stringify(value);
}

function parsed<T>(value: Stored<T>): T;
function parsed<T>(value: Stored<T> | undefined): T | undefined;
function parsed<T>(value: Stored<T> | undefined): T | undefined {
  return value === undefined ? undefined : (JSON.parse(value) as T);
}

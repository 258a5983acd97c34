import type { Clock } from '../ports/clock';
import type { Store } from '../ports/store';
import type { Partitions, PartitionView, PartitionWrites, RecordKind, RecordName } from '../store/partition';
import { transactionalStore } from '../store/transactional-store';
import type { ConversationKey, UserKey } from '../turn/keys';
import type { Head } from '../turn/record';
import { DEFAULT_TIMING, type Timing } from '../turn/timing';
import type { UserRecord } from '../turn/user-state';
import { memoryCollections } from './memory-collections';

/** JSON text, so that nothing is shared with the caller and what JSON cannot hold does not survive. */
type Stored<T> = string & { readonly of?: T };

interface Partition {
  head: Stored<Head> | undefined;
  readonly records: Map<string, RecordName & { readonly value: Stored<unknown> }>;
}

const nameOf = (kind: RecordKind, id: string): string => `${kind}/${id}`;

/** A store in this process's memory, for tests and simulation: gone with the process. Values are kept as JSON, as in the durable stores. */
export function createMemoryStore(clock: Clock, timing: Timing = DEFAULT_TIMING): Store {
  return transactionalStore(memoryPartitions(clock), timing);
}

/** The engine of {@link createMemoryStore}. */
export function memoryPartitions(clock: Clock): Partitions {
  const conversations = new Map<ConversationKey, Partition>();
  const users = new Map<UserKey, Stored<UserRecord>>();

  const write = (partition: Partition, { head, put = [], drop = [] }: PartitionWrites): void => {
    const records = put.map(({ kind, id, value }) => ({ kind, id, value: stored(value) }));
    const after = head === undefined ? partition.head : stored(head);
    for (const { kind, id } of drop) partition.records.delete(nameOf(kind, id));
    for (const record of records) partition.records.set(nameOf(record.kind, record.id), record);
    partition.head = after;
  };

  const view = ({ head, records }: Partition): PartitionView => ({
    now: clock.now(),
    head: parsed(head),
    get: (kind, id) => parsed(records.get(nameOf(kind, id))?.value),
    scan: (kind, prefix) =>
      [...records.values()]
        .filter((each) => each.kind === kind && each.id.startsWith(prefix))
        .map(({ id, value }) => ({ kind, id, value: parsed(value) })),
  });

  const partitionOf = (key: ConversationKey): Partition =>
    conversations.get(key) ?? { head: undefined, records: new Map() };

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
      const { result, record } = decide(parsed(users.get(user)));
      if (record !== undefined) users.set(user, stored(record));
      return result;
    },
    async readUser(user) {
      return parsed(users.get(user));
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
    async dead(limit) {
      return [...conversations.values()]
        .flatMap(({ records }) => [...records.values()].filter(({ kind }) => kind === 'dead'))
        .map(({ value }) => parsed(value) as { at: number })
        .sort((a, b) => b.at - a.at)
        .slice(0, limit);
    },
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

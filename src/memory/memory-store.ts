import type { Clock } from '../ports/clock';
import type { Store } from '../ports/store';
import type { PartitionRecord, Partitions, PartitionView, PartitionWrites, RecordKind } from '../store/partition';
import { transactionalStore } from '../store/transactional-store';
import type { ConversationKey, UserKey } from '../turn/keys';
import type { Head } from '../turn/record';
import { DEFAULT_TIMING, type Timing } from '../turn/timing';
import type { UserRecord } from '../turn/user-state';

interface Partition {
  head: Head | undefined;
  readonly records: Map<string, PartitionRecord>;
}

const nameOf = (kind: RecordKind, id: string): string => `${kind}/${id}`;

/**
 * A store in this process's memory, for tests and simulation: gone with the process. Values pass through JSON on their way in,
 * as in the durable stores, so that nothing is shared with the caller and what JSON cannot hold does not survive.
 */
export function createMemoryStore(clock: Clock, timing: Timing = DEFAULT_TIMING): Store {
  return transactionalStore(memoryPartitions(clock), timing);
}

function memoryPartitions(clock: Clock): Partitions {
  const conversations = new Map<ConversationKey, Partition>();
  const users = new Map<UserKey, UserRecord>();

  const write = (partition: Partition, { head, put = [], drop = [] }: PartitionWrites): void => {
    const values = put.map((record) => ({ ...record, value: throughJson(record.value) }));
    if (head !== undefined) partition.head = throughJson(head);
    for (const { kind, id } of drop) partition.records.delete(nameOf(kind, id));
    for (const record of values) partition.records.set(nameOf(record.kind, record.id), record);
  };

  const view = ({ head, records }: Partition): PartitionView => ({
    now: clock.now(),
    head,
    get: (kind, id) => throughJson(records.get(nameOf(kind, id))?.value),
    scan: (kind, prefix) => [...records.values()].filter((each) => each.kind === kind && each.id.startsWith(prefix)),
  });

  const partitionOf = (key: ConversationKey): Partition =>
    conversations.get(key) ?? { head: undefined, records: new Map() };

  return {
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
      const { result, record } = decide(users.get(user));
      if (record !== undefined) users.set(user, throughJson(record));
      return result;
    },
    async readUser(user) {
      return throughJson(users.get(user));
    },
    async overdue(limit) {
      const now = clock.now();
      return [...conversations]
        .flatMap(([key, { head }]) => (head?.wake != null && head.wake <= now ? [{ key, wake: head.wake }] : []))
        .sort((a, b) => a.wake - b.wake)
        .slice(0, limit)
        .map(({ key }) => key);
    },
    async dead(limit) {
      return [...conversations.values()]
        .flatMap(({ records }) => [...records.values()].filter(({ kind }) => kind === 'dead'))
        .map(({ value }) => value as { at: number })
        .sort((a, b) => b.at - a.at)
        .slice(0, limit);
    },
    async open() {},
    async close() {},
  };
}

function throughJson<T>(value: T): T {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T);
}

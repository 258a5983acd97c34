import type { PartitionRecord, PartitionWrites } from '../../src/store/partition';
import { isOfGeneration, leavesOldRecords, recordLifetime } from '../../src/turn/erase';
import type { ConversationKey } from '../../src/turn/keys';
import type { Version } from './partitions';

/** A record as it lies in the engine, with the generation in which it was written. */
export interface Leftover {
  readonly partition: ConversationKey;
  readonly gen: number;
  readonly record: PartitionRecord;
}

interface Marks {
  /** Whether records of earlier generations may be left. */
  unpurged: boolean;
  /** Rises with every write of the record. */
  version: number;
  writtenAt: number;
}

/**
 * What erasing leaves behind in an engine that cannot erase in one step, as Cosmos DB cannot: records of earlier generations stay until
 * they are removed one by one, a mark says so, and a marker ends by itself when its time is over.
 */
export class Leftovers {
  readonly #records = new Map<ConversationKey, Map<string, Leftover>>();
  readonly #marks = new Map<ConversationKey, Marks>();
  /** What was erased, by conversation, for whoever checks that nobody reads it. */
  readonly erased = new Map<ConversationKey, Leftover[]>();

  constructor(private readonly now: () => number) {}

  wrote(key: ConversationKey, before: Version, after: Version, { head, put = [], drop = [] }: PartitionWrites): void {
    const old = this.#records.get(key) ?? new Map<string, Leftover>();
    this.#records.set(key, old);
    const gen = before.head?.gen ?? 0;
    if (after.head !== undefined && after.head.gen !== gen) {
      for (const [name, record] of before.records) old.set(name, { partition: key, gen, record });
      this.erased.set(key, [...(this.erased.get(key) ?? []), ...old.values()]);
    }
    // A record of the same name is written over, whichever generation it is of.
    for (const { kind, id } of [...put, ...drop]) old.delete(`${kind}/${id}`);
    if (head === undefined) return;
    const marks = this.#of(key);
    marks.unpurged = leavesOldRecords(before.head, head, marks.unpurged);
    marks.version += 1;
    marks.writtenAt = this.now();
  }

  /** The records that a reader sees who takes the conversation to be in this generation. */
  seenFrom(key: ConversationKey, current: number): readonly PartitionRecord[] {
    const old = [...(this.#records.get(key)?.values() ?? [])];
    return old.filter(({ gen }) => isOfGeneration(gen, current)).map(({ record }) => record);
  }

  all(): readonly Leftover[] {
    return [...this.#records.values()].flatMap((each) => [...each.values()]);
  }

  before(key: ConversationKey, gen: number): readonly Leftover[] {
    return [...(this.#records.get(key)?.values() ?? [])].filter((each) => each.gen < gen);
  }

  remove({ partition, record }: Leftover): void {
    this.#records.get(partition)?.delete(`${record.kind}/${record.id}`);
  }

  unpurged(): readonly ConversationKey[] {
    return [...this.#marks].flatMap(([key, { unpurged }]) => (unpurged ? [key] : []));
  }

  /** The version of a marked record; `undefined` when it has no mark. */
  versionOf(key: ConversationKey): string | undefined {
    const marks = this.#of(key);
    return marks.unpurged ? String(marks.version) : undefined;
  }

  unmark(key: ConversationKey, version: string): boolean {
    if (this.versionOf(key) !== version) return false;
    const marks = this.#of(key);
    marks.unpurged = false;
    marks.version += 1;
    marks.writtenAt = this.now();
    return true;
  }

  /** Whether a record has ended by now. */
  hasEnded(key: ConversationKey, { head }: Version): boolean {
    const { unpurged, writtenAt } = this.#of(key);
    const lifetime = head === undefined ? undefined : recordLifetime(head, unpurged);
    return lifetime !== undefined && writtenAt + lifetime <= this.now();
  }

  /** A record that has ended has no marks either. */
  forget(key: ConversationKey): void {
    this.#marks.delete(key);
  }

  #of(key: ConversationKey): Marks {
    const marks = this.#marks.get(key) ?? { unpurged: false, version: 0, writtenAt: this.now() };
    this.#marks.set(key, marks);
    return marks;
  }
}

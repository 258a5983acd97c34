import { memoryCollections } from '../../src/memory/memory-collections';
import type { Clock } from '../../src/ports/clock';
import type { Collections } from '../../src/store/collections';
import type {
  PartitionDecision,
  PartitionRecord,
  Partitions,
  PartitionView,
  PartitionWrites,
  UserDecision,
} from '../../src/store/partition';
import { withoutErased } from '../../src/store/purge';
import type { ConversationKey, UserKey } from '../../src/turn/keys';
import type { Head } from '../../src/turn/record';
import type { UserRecord } from '../../src/turn/user-state';
import type { Leftovers } from './leftovers';

/** One version of a conversation's partition. Never changed once made. */
export interface Version {
  readonly head: Head | undefined;
  readonly records: ReadonlyMap<string, PartitionRecord>;
}

/** Told of every write as it takes effect. */
export interface Observer {
  wrote(key: ConversationKey, before: Version, after: Version, writes: PartitionWrites): void;
  wroteUser(user: UserKey, before: UserRecord | undefined, after: UserRecord): void;
}

const EMPTY: Version = { head: undefined, records: new Map() };
const KEPT_VERSIONS = 12;

/**
 * The storage engine of the simulation: what is written, and what has to be confirmed, is decided at the newest version; plain reads, and
 * decisions that need neither, may come from older ones, each record from another. Keeps every value behind JSON, like a real one.
 */
export class SimPartitions implements Partitions {
  readonly collections: Collections;
  private readonly versions = new Map<ConversationKey, Version[]>();
  private readonly userVersions = new Map<UserKey, UserRecord[]>();

  /** @param staleness how many versions back the next plain read looks. */
  constructor(
    private readonly now: () => number,
    private readonly staleness: () => number,
    private readonly observer: Observer,
    /** Where erasing takes several steps: what it has left behind. */
    private readonly leftovers?: Leftovers,
    /** Throws for writes that the engine would refuse for their size. */
    private readonly assertFits: (writes: PartitionWrites) => void = () => {},
  ) {
    this.collections = memoryCollections({ now } as Clock);
  }

  current(key: ConversationKey): Version {
    return this.versions.get(key)?.at(-1) ?? EMPTY;
  }

  keys(): ConversationKey[] {
    return [...this.versions.keys()];
  }

  users(): ReadonlyMap<UserKey, UserRecord> {
    return new Map([...this.userVersions].flatMap(([key, versions]) => versions.slice(-1).map((last) => [key, last])));
  }

  async transact<T>(
    key: ConversationKey,
    decide: (view: PartitionView) => PartitionDecision<T>,
    known?: Head,
  ): Promise<T> {
    const early = this.decideOnOld(key, decide, known);
    if (early !== undefined) return early.result;
    const before = this.current(key);
    const { result, writes } = decide(this.view(key, before));
    if (writes !== undefined) {
      this.assertFits(writes);
      const after = next(before, writes);
      const versions = this.versions.get(key) ?? [];
      this.versions.set(key, [...versions, after].slice(-KEPT_VERSIONS));
      this.leftovers?.wrote(key, before, after, writes);
      this.observer.wrote(key, before, after, writes);
    }
    return result;
  }

  async read<T>(key: ConversationKey, look: (view: PartitionView) => T): Promise<T> {
    return look(this.view(key, older(this.versions.get(key) ?? [], this.staleness()) ?? EMPTY));
  }

  async transactUser<T>(user: UserKey, decide: (record: UserRecord | undefined) => UserDecision<T>): Promise<T> {
    const versions = this.userVersions.get(user) ?? [];
    const back = this.staleness();
    const early = back === 0 ? undefined : decide(older(versions, back));
    if (early !== undefined && early.record === undefined && early.confirm === undefined) return early.result;
    const before = versions.at(-1);
    const { result, record } = decide(before);
    if (record !== undefined) {
      const after = throughJson(record);
      this.userVersions.set(user, [...versions, after].slice(-KEPT_VERSIONS));
      this.observer.wroteUser(user, before, after);
    }
    return result;
  }

  async readUser(user: UserKey): Promise<UserRecord | undefined> {
    return older(this.userVersions.get(user) ?? [], this.staleness());
  }

  async overdue(limit: number): Promise<readonly ConversationKey[]> {
    return [...this.versions]
      .flatMap(([key, versions]) => {
        const wake = older(versions, this.staleness())?.head?.wake ?? null;
        return wake !== null && wake <= this.now() ? [{ key, wake }] : [];
      })
      .sort((a, b) => a.wake - b.wake)
      .slice(0, limit)
      .map(({ key }) => key);
  }

  async busy(limit: number): Promise<readonly { readonly key: ConversationKey; readonly head: Head }[]> {
    return [...this.versions]
      .flatMap(([key, versions]) => {
        const head = older(versions, this.staleness())?.head;
        return head === undefined || head.wake === null ? [] : [{ key, head, wake: head.wake }];
      })
      .sort((a, b) => a.wake - b.wake)
      .slice(0, limit);
  }

  async conversationsOf(): Promise<readonly ConversationKey[]> {
    return this.keys();
  }

  async dead(limit: number): Promise<readonly unknown[]> {
    const found = [...this.versions].flatMap(([partition, versions]) => {
      const { head, records } = versions.at(-1) ?? EMPTY;
      return [...records.values()].map((record) => ({ partition, gen: head?.gen ?? 0, record }));
    });
    const letters = [...found, ...(this.leftovers?.all() ?? [])].filter(({ record }) => record.kind === 'dead');
    const generation = async (partition: string): Promise<number> =>
      this.current(partition as ConversationKey).head?.gen ?? 0;
    return (await withoutErased(letters, generation)).map(({ record }) => record.value).slice(0, limit);
  }

  async deadFor(): Promise<[]> {
    return [];
  }

  async idleFor(): Promise<[]> {
    return [];
  }

  async finishErasing(): Promise<number> {
    return 0;
  }

  async prune(): Promise<void> {}

  async open(): Promise<void> {}

  async close(): Promise<void> {}

  /**
   * A decision on what replicas have, if it may stand: it writes nothing and is not to be confirmed. A holder sees no head from before its
   * own last write; the records beside it may be older or newer than it.
   */
  private decideOnOld<T>(
    key: ConversationKey,
    decide: (view: PartitionView) => PartitionDecision<T>,
    known: Head | undefined,
  ): PartitionDecision<T> | undefined {
    const versions = this.versions.get(key) ?? [];
    const back = this.staleness();
    if (back === 0) return undefined;
    const text = JSON.stringify(known);
    const floor = known === undefined ? 0 : versions.findLastIndex(({ head }) => JSON.stringify(head) === text);
    if (floor < 0) return undefined;
    const seen = versions[Math.max(floor, versions.length - 1 - back)] ?? EMPTY;
    // Records of another generation than the head's are not seen.
    const old = (): Version => {
      const version = older(versions, this.staleness()) ?? EMPTY;
      return generationOf(version) === generationOf(seen) ? version : EMPTY;
    };
    const decision = decide({
      ...this.view(key, seen),
      get: (kind, id) => this.view(key, old(), generationOf(seen)).get(kind, id),
      scan: (kind, prefix) => this.view(key, old(), generationOf(seen)).scan(kind, prefix),
    });
    return decision.writes === undefined && decision.confirm === undefined ? decision : undefined;
  }

  private view(key: ConversationKey, { head, records }: Version, gen = head?.gen ?? 0): PartitionView {
    const old = this.leftovers?.seenFrom(key, gen) ?? [];
    const isMeant = (kind: string, prefix: string) => (each: PartitionRecord) =>
      each.kind === kind && each.id.startsWith(prefix);
    return {
      now: this.now(),
      head,
      headAt: undefined,
      get: (kind, id) =>
        (records.get(`${kind}/${id}`) ?? old.find((each) => each.kind === kind && each.id === id))?.value,
      scan: (kind, prefix) => [...records.values(), ...old].filter(isMeant(kind, prefix)),
    };
  }

  /** The service has removed a marker. */
  forget(key: ConversationKey): void {
    this.versions.delete(key);
  }
}

/** The engine as an instance sees it whose estimate of the store's time is off by `ms`. */
export function withClockError(partitions: Partitions, ms: number): Partitions {
  const off = (view: PartitionView): PartitionView => ({ ...view, now: view.now + ms });
  return {
    ...besideConversations(partitions),
    transact: (key, decide, known) => partitions.transact(key, (view) => decide(off(view)), known),
    read: (key, look) => partitions.read(key, (view) => look(off(view))),
  };
}

/** What stays of an engine when its way of handling conversations is another. */
export function besideConversations(partitions: Partitions): Omit<Partitions, 'transact' | 'read'> {
  return {
    collections: partitions.collections,
    transactUser: (user, decide) => partitions.transactUser(user, decide),
    readUser: (user) => partitions.readUser(user),
    overdue: (limit) => partitions.overdue(limit),
    busy: (limit) => partitions.busy(limit),
    dead: (limit) => partitions.dead(limit),
    conversationsOf: (user) => partitions.conversationsOf(user),
    deadFor: (ms, limit) => partitions.deadFor(ms, limit),
    idleFor: (ms, limit) => partitions.idleFor(ms, limit),
    finishErasing: (limit) => partitions.finishErasing(limit),
    prune: () => partitions.prune(),
    open: () => partitions.open(),
    close: () => partitions.close(),
  };
}

const generationOf = ({ head }: Version): number => head?.gen ?? 0;

function next(before: Version, { head, put = [], drop = [] }: PartitionWrites): Version {
  const erased = head !== undefined && head.gen !== generationOf(before);
  const records = new Map(erased ? [] : before.records);
  for (const { kind, id } of drop) records.delete(`${kind}/${id}`);
  for (const record of put) records.set(`${record.kind}/${record.id}`, throughJson(record));
  return { head: head === undefined ? before.head : throughJson(head), records };
}

/** Reading further back than there are versions finds that there was nothing yet. */
function older<T>(versions: readonly T[], back: number): T | undefined {
  return versions[versions.length - 1 - back];
}

function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

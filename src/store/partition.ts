import type { ConversationKey, UserKey } from '../turn/keys';
import type { Head } from '../turn/record';
import type { UserRecord } from '../turn/user-state';
import type { Collections } from './collections';

/** What lies in a conversation's partition beside its head record. */
export type RecordKind = 'body' | 'state' | 'step' | 'dead' | 'inline' | 'scheduled';

/** Names one such record within its partition. */
export interface RecordName {
  readonly kind: RecordKind;
  readonly id: string;
}

/** A JSON value under its name. */
export interface PartitionRecord extends RecordName {
  readonly value: unknown;
  /** So long after the write nobody needs it any more, and the engine may remove it; absent: it stays. */
  readonly ttlMs?: number;
}

/** What a transaction sees: a consistent view of one partition, at the store's time. */
export interface PartitionView {
  readonly now: number;
  readonly head: Head | undefined;
  /** When the head was last written, in store time. */
  readonly headAt: number | undefined;
  get(kind: RecordKind, id: string): unknown;
  /** The records of a kind whose id starts with `prefix`. */
  scan(kind: RecordKind, prefix: string): readonly PartitionRecord[];
}

/**
 * What a transaction changes: all of it, or nothing. A head of another generation (`gen`) than before leaves no record of the partition
 * behind: what was stored under an earlier generation is seen by nobody from then on, and is gone when `transact` returns. If it throws,
 * records may be left, unseen, until `finishErasing` has removed them; no marker ends before.
 */
export interface PartitionWrites {
  readonly head?: Head;
  readonly put?: readonly PartitionRecord[];
  readonly drop?: readonly RecordName[];
}

/** What a transaction on a conversation comes to. */
export interface PartitionDecision<T> {
  readonly result: T;
  readonly writes?: PartitionWrites;
  /**
   * Writes nothing, and would be wrong on a stale view: an engine whose views can be stale makes sure at the primary that this
   * one was not. Results without this, and without writes, hold whatever has been written since.
   */
  readonly confirm?: true;
  /** Nothing was decided by the head: the writes stand even if what was seen of it is out of date. */
  readonly headIsAdvisory?: true;
}

/** What a transaction on a user's record comes to; `confirm` as in {@link PartitionDecision}. */
export interface UserDecision<T> {
  readonly result: T;
  readonly record?: UserRecord;
  /** As in {@link PartitionRecord}. */
  readonly ttlMs?: number;
  readonly confirm?: true;
}

/**
 * A storage engine with serializable transactions on one partition: all it takes to be a Turnwise store. `decide` and `look` may be
 * called several times, with what was there at different moments; the last call is the one that counts.
 *
 * @throws StoreFault from every method, when the engine did not answer with a result.
 */
export interface Partitions {
  readonly collections: Collections;
  /** @param known the head as its holder's last write left it: an engine with slow reads starts from it, and sees nothing older. */
  transact<T>(key: ConversationKey, decide: (view: PartitionView) => PartitionDecision<T>, known?: Head): Promise<T>;
  /** Looks without writing. What it sees may be stale. */
  read<T>(key: ConversationKey, look: (view: PartitionView) => T): Promise<T>;
  transactUser<T>(user: UserKey, decide: (record: UserRecord | undefined) => UserDecision<T>): Promise<T>;
  /** Looks at a user's record without writing. What it sees may be stale. */
  readUser(user: UserKey): Promise<UserRecord | undefined>;
  /** Conversations with `wake` at or before the store's now, the longest overdue first. */
  overdue(limit: number): Promise<readonly ConversationKey[]>;
  /** Conversations with a `wake`, the soonest first, with their records. */
  busy(limit: number): Promise<readonly { readonly key: ConversationKey; readonly head: Head }[]>;
  /** Conversations that may keep something of a user: all that do, and perhaps others. What it sees may be stale. */
  conversationsOf(user: UserKey): Promise<readonly ConversationKey[]>;
  /** Dead letters of all conversations, the newest first. */
  dead(limit: number): Promise<readonly unknown[]>;
  /** Dead letters that are as old as this, the oldest first. */
  deadFor(
    ms: number,
    limit: number,
  ): Promise<readonly { readonly conversation: ConversationKey; readonly id: string }[]>;
  /** Conversations without a `wake` whose head nobody has written for so long, the longest first; no markers. May be stale. */
  idleFor(ms: number, limit: number): Promise<readonly ConversationKey[]>;
  /**
   * Removes what interrupted erasing has left behind, in at most `limit` conversations. For an engine that erases in one step: nothing.
   * @returns how many it has finished
   */
  finishErasing(limit: number): Promise<number>;
  /** Removes what has had its time (`ttlMs`, and markers after `MARKER_MS`), for an engine that does not do so by itself. */
  prune(): Promise<void>;
  open(): Promise<void>;
  close(): Promise<void>;
}

import type { ConversationKey, UserKey } from '../turn/keys';
import type { Head } from '../turn/record';
import type { UserRecord } from '../turn/user-state';

/** What lies in a conversation's partition beside its head record. */
export type RecordKind = 'body' | 'state' | 'step' | 'dead';

/** Names one such record within its partition. */
export interface RecordName {
  readonly kind: RecordKind;
  readonly id: string;
}

/** A JSON value under its name. */
export interface PartitionRecord extends RecordName {
  readonly value: unknown;
}

/** What a transaction sees: a consistent view of one partition, at the store's time. */
export interface PartitionView {
  readonly now: number;
  readonly head: Head | undefined;
  get(kind: RecordKind, id: string): unknown;
  /** The records of a kind whose id starts with `prefix`. */
  scan(kind: RecordKind, prefix: string): readonly PartitionRecord[];
}

/** What a transaction changes: all of it, or nothing. */
export interface PartitionWrites {
  readonly head?: Head;
  readonly put?: readonly PartitionRecord[];
  readonly drop?: readonly RecordName[];
}

/**
 * A storage engine with serializable transactions on one partition: all it takes to be a Turnwise store.
 * @throws StoreFault from every method, when the engine did not answer with a result.
 */
export interface Partitions {
  transact<T>(
    key: ConversationKey,
    decide: (view: PartitionView) => { readonly result: T; readonly writes?: PartitionWrites },
  ): Promise<T>;
  /** Looks without writing. What it sees may be stale. */
  read<T>(key: ConversationKey, look: (view: PartitionView) => T): Promise<T>;
  transactUser<T>(
    user: UserKey,
    decide: (record: UserRecord | undefined) => { readonly result: T; readonly record?: UserRecord },
  ): Promise<T>;
  /** Looks at a user's record without writing. What it sees may be stale. */
  readUser(user: UserKey): Promise<UserRecord | undefined>;
  /** Conversations with `wake` at or before the store's now, the longest overdue first. */
  overdue(limit: number): Promise<readonly ConversationKey[]>;
  /** Dead letters of all conversations, the newest first. */
  dead(limit: number): Promise<readonly unknown[]>;
  open(): Promise<void>;
  close(): Promise<void>;
}

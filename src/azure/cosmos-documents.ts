import { createHash } from 'node:crypto';
import type { RecordKind } from '../store/partition';
import type { ConversationKey, UserKey } from '../turn/keys';
import type { Head } from '../turn/record';
import type { UserRecord } from '../turn/user-state';

/** An item as it is stored. */
export interface Item {
  readonly id: string;
  readonly _etag?: string;
  readonly [property: string]: unknown;
}

/** What the store keeps in a conversation's head beside the protocol's record. */
export interface HeadMarks {
  /** +1 with every replace under one epoch: a read that shows less is of an older one. Appending to the mailbox leaves it alone. */
  readonly rev: number;
  /** The turns that have recorded steps and have not ended; absent for none. */
  readonly steps?: readonly string[];
  /** The conversation's own state, while it is small: see `docs/decisions/cosmos-state-in-head.md`. */
  readonly state?: unknown;
  /** The conversation's own state is large and has an item of its own. */
  readonly stateApart?: true;
}

/** Partition keys may have 2 KB. */
const LONGEST_PARTITION_KEY = 1_500;

const READABLE = /^[\w.~:@-]{1,200}$/;

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The partition key of a conversation or a user: its key, or for one that is too long, its beginning and a digest of it. */
export function partitionKey(key: ConversationKey | UserKey): string {
  return key.length <= LONGEST_PARTITION_KEY ? key : `${key.slice(0, 200)}/${digest(key)}`;
}

/** Unique in its container and not only in its partition, so that an item can be found by its id alone. */
export function headId(key: ConversationKey): string {
  return `head-${digest(key)}`;
}

export function userId(user: UserKey): string {
  return `user-${digest(user)}`;
}

/** Ids may not hold every character, and not many of them: names that do not fit are replaced by their digest. */
export function recordId(kind: RecordKind | 'steps', name: string): string {
  return READABLE.test(name) ? `${kind}-${name}` : `${kind}_${digest(name)}`;
}

/** An item's place: its id and the properties that put it there. */
export function placed(key: ConversationKey, id: string): { readonly id: string; readonly conversation: string } {
  return { id, conversation: partitionKey(key) };
}

/** The names of a head's fields that conditions and queries use are lower case; the test server knows no others in conditions. */
export function headItem(key: ConversationKey, head: Head, { rev, steps = [], state, stateApart }: HeadMarks): Item {
  const { notBefore, ...rest } = head;
  const whole = partitionKey(key) === key ? {} : { key };
  const marks = {
    rev,
    ...(steps.length === 0 ? {} : { steps }),
    ...(state === undefined ? {} : { state }),
    ...(stateApart === undefined ? {} : { stateApart }),
  };
  return { ...placed(key, headId(key)), ...whole, ...marks, ...rest, notbefore: notBefore };
}

/** A head and its marks, from its item. Properties that this code does not know stay with the head, and so come back. */
export function readHead(item: Item): { readonly head: Head; readonly marks: HeadMarks; readonly etag: string } {
  const { id, conversation, key, rev, steps, state, stateApart, notbefore, ...rest } = item;
  const { _rid, _self, _etag, _attachments, _ts, ...head } = rest;
  const marks: HeadMarks = {
    rev: Number(rev),
    ...(Array.isArray(steps) ? { steps: steps as string[] } : {}),
    ...(state === undefined ? {} : { state }),
    ...(stateApart === true ? { stateApart } : {}),
  };
  return { head: { ...head, notBefore: notbefore } as unknown as Head, marks, etag: String(_etag) };
}

/** The conversation of an item that a query found. */
export function conversationOf(item: Item): ConversationKey {
  return (item.key ?? item.conversation) as ConversationKey;
}

/** Answers given inline are kept for the dedupe horizon; the service removes them some time after it. In seconds. */
const INLINE_TTL_S = 2 * 3600;

/** A body, a state document or a dead letter. `dead` is what dead letters are found by. */
export function recordItem(key: ConversationKey, kind: RecordKind, name: string, record: unknown): Item {
  const dead = kind === 'dead' ? { dead: (record as { at: number }).at } : {};
  const ttl = kind === 'inline' ? { ttl: INLINE_TTL_S } : {};
  return { ...placed(key, recordId(kind, name)), kind, name, ...dead, ...ttl, record };
}

/** All steps of one turn; a list, as a step may be called `__proto__`. */
export interface StepsItem extends Item {
  readonly steps: readonly { readonly name: string; readonly record: unknown }[];
}

export function stepsItem(key: ConversationKey, turn: string, steps: StepsItem['steps']): StepsItem {
  return { ...placed(key, recordId('steps', turn)), kind: 'steps', name: turn, steps };
}

export function userItem(user: UserKey, record: UserRecord): Item {
  const { v, version, data, intents } = record;
  return { id: userId(user), user: partitionKey(user), v, version, data, intents };
}

export function readUserItem(item: Item): UserRecord {
  const { v, version, data, intents } = item as unknown as UserRecord;
  return { v, version, data, intents };
}

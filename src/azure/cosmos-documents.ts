import { createHash } from 'node:crypto';
import type { PartitionRecord, RecordKind } from '../store/partition';
import { STEP_TTL_MS } from '../store/records';
import { isMarker, MARKER_MS, recordLifetime } from '../turn/erase';
import type { ConversationKey, UserKey } from '../turn/keys';
import type { Head } from '../turn/record';
import { jsonBytes } from '../turn/size';
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
  /** Names of the items with steps of turns that have not ended; absent for none. */
  readonly steps?: readonly string[];
  /** The conversation's own state, while it is small: see `docs/decisions/cosmos-state-in-head.md`. */
  readonly state?: unknown;
  /** The conversation's own state is large and has an item of its own. */
  readonly stateApart?: true;
  /** Items of earlier generations may be left: see `src/store/purge.ts`. */
  readonly unpurged?: true;
}

/**
 * Value of `dead` in a head whose earlier generations are not removed yet. Dead letters have their time there, which is positive, so that
 * one index finds both, and other writes pay for neither.
 */
const UNPURGED = -1;

/** Condition of a query for such heads. */
export const IS_UNPURGED = 'c.dead < 0';

/** Time to live of an item that never ends. As in a marker that ends, its presence keeps patches away. */
const FOR_EVER = -1;

const READABLE = /^[\w.~:@-]{1,200}$/;

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The partition key of a conversation or a user: a digest of its key, of one length, and all that is left of the key when it is erased. */
export function partitionKey(key: ConversationKey | UserKey): string {
  return digest(key);
}

/** Unique in its container and not only in its partition, so that an item can be found by its id alone. */
export function headId(key: ConversationKey): string {
  return headIdIn(partitionKey(key));
}

/** The head's id in a partition. */
export function headIdIn(partition: string): string {
  return `head-${partition}`;
}

export function userId(user: UserKey): string {
  return `user-${partitionKey(user)}`;
}

/** Ids may not hold every character, and not many of them: names that do not fit are replaced by their digest. */
export function recordId(kind: RecordKind | 'steps', name: string): string {
  return READABLE.test(name) ? `${kind}-${name}` : `${kind}_${digest(name)}`;
}

/** An item's place: its id and the properties that put it there. */
export function placed(key: ConversationKey, id: string): { readonly id: string; readonly conversation: string } {
  return { id, conversation: partitionKey(key) };
}

/** Makes the item of a head. Its fields are named in lower case where conditions and queries use them, as in all records from before. */
export function headItem(key: ConversationKey, head: Head, { rev, steps = [], ...more }: HeadMarks): Item {
  const { state, stateApart, unpurged } = more;
  const { notBefore, ...rest } = head;
  const marks = {
    rev,
    ...(steps.length === 0 ? {} : { steps }),
    ...(state === undefined ? {} : { state }),
    ...(stateApart === undefined ? {} : { stateApart }),
    ...(unpurged === undefined ? {} : { dead: UNPURGED }),
  };
  // Markers are removed by the service; the next write takes this off.
  const named = isMarker(head) ? markerEnd(head, unpurged === true) : { key };
  return sized({ ...placed(key, headId(key)), ...named, ...marks, ...rest, notbefore: notBefore });
}

/**
 * The item with its size: the length of its JSON in bytes, system properties left out. An accept adds to an item only while this is small,
 * and adds to the size what it adds to the item, and more. Every write of the whole item measures it anew.
 */
function sized(item: Item): Item {
  return { ...item, size: jsonBytes(item) };
}

/** Bytes that a patch adds to an item's size beyond the entry that it adds: the remembered key, and the marks of a lease. */
export const PATCH_BYTES = 200;

function markerEnd(head: Head, unpurged: boolean): { readonly ttl?: number } {
  const lifetime = recordLifetime(head, unpurged);
  return lifetime === undefined ? { ttl: FOR_EVER } : ending(lifetime);
}

/** Returns a head's item as it is once the items of earlier generations are removed. */
export function purgedHeadItem(item: Item): Item {
  const { dead, ttl, size, _rid, _self, _etag, _attachments, _ts, ...rest } = item;
  const { head, marks } = readHead(item);
  return sized({ ...rest, ...(isMarker(head) ? markerEnd(head, false) : {}), rev: marks.rev + 1 } as Item);
}

/** A head and its marks, from its item. Properties that this code does not know stay with the head, and so come back. */
export function readHead(item: Item): {
  readonly head: Head;
  readonly marks: HeadMarks;
  readonly etag: string;
  /** When it was last written, in ms; 0 for one that was not read but written just now. */
  readonly at: number;
} {
  const { id, conversation, key, ttl, rev, steps, state, stateApart, size, dead, notbefore, ...rest } = item;
  const { _rid, _self, _etag, _attachments, _ts, ...head } = rest;
  const marks: HeadMarks = {
    rev: Number(rev),
    ...(Array.isArray(steps) ? { steps: steps as string[] } : {}),
    ...(state === undefined ? {} : { state }),
    ...(stateApart === true ? { stateApart } : {}),
    ...(dead === UNPURGED ? { unpurged: true } : {}),
  };
  return {
    head: { ...head, notBefore: notbefore } as unknown as Head,
    marks,
    etag: String(_etag),
    at: Number(_ts ?? 0) * 1_000,
  };
}

/** The conversation of a head that a query found. */
export function conversationOf(item: Item): ConversationKey {
  return item.key as ConversationKey;
}

/** The generation of the conversation in which an item was written; items of an earlier one than the head's are not there any more. */
export function generationOf(item: Item): number {
  return typeof item.gen === 'number' ? item.gen : 0;
}

const ofGeneration = (gen: number): { readonly gen?: number } => (gen === 0 ? {} : { gen });

/** What the service removes by itself, this long after the last write. */
const ending = (ttlMs: number | undefined): { readonly ttl?: number } =>
  ttlMs === undefined ? {} : { ttl: Math.ceil(ttlMs / 1_000) };

/** A body, a state document or a dead letter. `dead` is what dead letters are found by. */
export function recordItem(
  key: ConversationKey,
  gen: number,
  { kind, id: name, value: record, ttlMs }: PartitionRecord,
): Item {
  const dead = kind === 'dead' ? { dead: (record as { at: number }).at } : {};
  // Queries look for a user in both, and iterate over lists only.
  const held = kind === 'body' && Array.isArray(record) ? { pack: record } : { record };
  return { ...placed(key, recordId(kind, name)), kind, name, ...ofGeneration(gen), ...dead, ...ending(ttlMs), ...held };
}

/** Returns the value of an item that {@link recordItem} has made. */
export const recordOf = ({ record, pack }: Item): unknown => record ?? pack;

/** Steps of one turn; a list, as a step may be called `__proto__`. */
export interface StepsItem extends Item {
  readonly steps: readonly { readonly name: string; readonly record: unknown }[];
}

export function stepsItem(key: ConversationKey, gen: number, name: string, steps: StepsItem['steps']): StepsItem {
  return {
    ...placed(key, recordId('steps', name)),
    kind: 'steps',
    name,
    ...ofGeneration(gen),
    ...ending(STEP_TTL_MS),
    steps,
  };
}

export function userItem(user: UserKey, { v, version, data, intents, erased }: UserRecord, ttlMs?: number): Item {
  const named = erased ? { erased, ...ending(MARKER_MS) } : { key: user, ...ending(ttlMs) };
  return { id: userId(user), user: partitionKey(user), ...named, v, version, data, intents };
}

export function readUserItem(item: Item): UserRecord {
  const { v, version, data, intents, erased } = item as unknown as UserRecord;
  return { v, version, data, intents, ...(erased ? { erased } : {}) };
}

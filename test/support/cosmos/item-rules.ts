import { isObject, type Json, type JsonObject, own, type Value } from './json';
import { badRequest, CosmosRefusal } from './refusal';

/*
 * Rules on items, ids, partition keys and lifetimes. https://learn.microsoft.com/azure/cosmos-db/concepts-limits ("Per-item limits") and
 * https://learn.microsoft.com/azure/cosmos-db/nosql/time-to-live
 */

/** Size of an item, and of a request, as UTF-8. */
export const MAX_BYTES = 2 * 1024 * 1024;

const MAX_ID_BYTES = 1_023;
const MAX_KEY_BYTES = 2_048;
const MAX_NESTING = 128;
const MAX_TTL_S = 2_147_483_647;

/** Properties that the service sets, whatever a request says of them. */
export const SYSTEM_PROPERTIES = ['_rid', '_self', '_etag', '_attachments', '_ts'] as const;

/** Parses the body of a request. @throws CosmosRefusal for what is no JSON, and for text that is no Unicode */
export function parseBody(body: string): Json {
  let value: Json;
  try {
    value = JSON.parse(body) as Json;
  } catch {
    throw badRequest('The input content is invalid: it is no JSON.');
  }
  if (HALF_A_SURROGATE.test(body) || LARGE_NUMBER.test(body)) checkValues(value);
  return value;
}

/** A number may be too large for a double only with so many digits, or such an exponent. */
const LARGE_NUMBER = /\d{309}|\d[eE]\+?\d{3}/;

/** JSON in UTF-8 has half of a surrogate pair only by an escape. */
const HALF_A_SURROGATE = /\\u[dD][89a-fA-F]|\p{Cs}/u;

/**
 * Refuses text that has no form in UTF-8, in which the service stores items, and numbers that are no doubles. What the service does with the
 * former is not documented; a refusal is the strictest answer.
 */
function checkValues(value: Json): void {
  if (typeof value === 'string' && /\p{Cs}/u.test(value)) {
    throw badRequest('The input content is invalid: a string has half of a surrogate pair.');
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw badRequest('The request payload is invalid: a number is too large.');
  }
  if (Array.isArray(value)) for (const each of value) checkValues(each);
  if (isObject(value)) for (const each of Object.entries(value).flat()) checkValues(each);
}

/** Makes sure that a body may become an item. @throws CosmosRefusal */
export function checkItem(body: Json | undefined): asserts body is JsonObject & { id: string } {
  if (!isObject(body)) throw badRequest('The input content is invalid: it is no object.');
  const id = own(body, 'id');
  if (typeof id !== 'string' || id === '') {
    throw badRequest("The input content is invalid because the required properties - 'id; ' - are missing.");
  }
  checkId(id);
  checkTtl(own(body, 'ttl'));
  if (depthOf(body) > MAX_NESTING)
    throw badRequest(`The input content is nested more than ${MAX_NESTING} levels deep.`);
}

export function checkId(id: string): void {
  if (/[/\\?#]/.test(id)) throw badRequest(`The id '${id}' has a character that ids cannot have: / \\ ? #.`);
  if (Buffer.byteLength(id) > MAX_ID_BYTES) throw badRequest(`The id is longer than ${MAX_ID_BYTES} bytes.`);
}

function checkTtl(ttl: Value): void {
  if (ttl === undefined || ttl === -1) return;
  if (typeof ttl === 'number' && Number.isInteger(ttl) && ttl > 0 && ttl <= MAX_TTL_S) return;
  throw badRequest(
    `The input ttl '${JSON.stringify(ttl)}' is invalid. Ensure to provide a nonzero positive integer less than or equal to '${MAX_TTL_S}', or '-1' for never expire.`,
  );
}

/** Levels of lists and objects, the item being the first. */
function depthOf(item: JsonObject): number {
  let depth = 0;
  let level: readonly Json[] = [item];
  while (level.length > 0) {
    depth += 1;
    level = level
      .flatMap((each) => Object.values(each as object) as Json[])
      .filter((each) => typeof each === 'object' && each !== null);
  }
  return depth;
}

/** Returns the size of an item or request. @throws CosmosRefusal when it is too large */
export function sizeOf(text: string): number {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BYTES) throw new CosmosRefusal(413, 'Request size is too large');
  return bytes;
}

/** A partition key's value; `undefined` is that of items without one. */
export type KeyValue = null | boolean | number | string | undefined;

/** Reads the partition key of a request. @throws CosmosRefusal for none, and for what is none */
export function keyOfHeader(header: string | undefined): KeyValue {
  if (header === undefined) {
    const message =
      'The partition key supplied in x-ms-partitionkey header has fewer components than defined in the collection.';
    throw badRequest(message, PARTITION_KEY_MISMATCH);
  }
  let values: unknown;
  try {
    values = JSON.parse(header);
  } catch {
    throw badRequest('Partition key provided is invalid: it is no JSON.');
  }
  if (!Array.isArray(values) || values.length !== 1) {
    throw badRequest(
      'Partition key provided either does not correspond to definition in the collection or is invalid.',
      PARTITION_KEY_MISMATCH,
    );
  }
  return checkedKey(values[0] as Json);
}

/** Reads the partition key of an item. @throws CosmosRefusal for a value that cannot be one */
export function keyOfItem(item: JsonObject, path: string): KeyValue {
  let value: Value = item;
  for (const name of path.slice(1).split('/')) value = isObject(value) ? own(value, name) : undefined;
  return checkedKey(value);
}

function checkedKey(value: Value): KeyValue {
  if (isObject(value) && Object.keys(value).length === 0) return undefined;
  if (typeof value === 'object' && value !== null) throw badRequest('A partition key must be a scalar value.');
  if (typeof value === 'string' && Buffer.byteLength(value) > MAX_KEY_BYTES) {
    throw badRequest(`A partition key is longer than ${MAX_KEY_BYTES} bytes.`);
  }
  return value;
}

/** Substatus of a request whose partition key is not that of its item. */
export const PARTITION_KEY_MISMATCH = 1001;

export function keyMismatch(): CosmosRefusal {
  const message = "PartitionKey extracted from document doesn't match the one specified in the header.";
  return badRequest(message, PARTITION_KEY_MISMATCH);
}

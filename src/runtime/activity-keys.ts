import { createHash } from 'node:crypto';
import type { Activity } from '../schema/activity';
import { tokenExchangeOperationName, verifyStateOperationName } from '../schema/constants';
import { type ActivityKey, activityKey } from '../turn/keys';

/**
 * Returns an activity's dedupe key, made of its type, id and sender. Channels repeat a delivery with the same id. An edit or a reaction
 * carries the id of the message it is about, so its time tells it from the message and from the next edit. The sender belongs to the key
 * because the answer to an invoke is recorded under it, and must not be given to another user: `docs/decisions/sender-in-keys.md`. Without an id nothing can be told apart, and
 * nothing is dropped.
 */
export function keyOf(activity: Activity, unique: () => string): ActivityKey {
  const { id, from, type, timestamp } = activity;
  if (!id) return hashed([unique()]);
  return hashed([type, id, from?.id ?? '', ...(type === 'message' ? [] : [timestamp ?? ''])]);
}

/** Says what identifies the user's action in an invoke of one name; `undefined` when nothing does. */
export type InvokeId = (activity: Activity) => string | undefined;

/**
 * The key of what the user did, for an invoke whose payload identifies it: the same when a channel sends it again under another id, as
 * Teams does. `undefined` for everything else: two clicks may look the same, and a click that is taken for a repeat is lost.
 *
 * @param own what the bot's author says of invokes by name, in place of what is known of them here
 */
export function actionKeyOf(activity: Activity, own: Readonly<Record<string, InvokeId>>): ActivityKey | undefined {
  const { type, name, from } = activity;
  if (type !== 'invoke' || name === undefined) return undefined;
  const idOf = Object.hasOwn(own, name) ? own[name] : KNOWN.get(name);
  const id = said(idOf, activity);
  return id === undefined ? undefined : hashed(['action', name, from.id, id]);
}

/** `docs/decisions/resent-invokes.md` has the reasons for these, and why no others are here. */
const KNOWN: ReadonlyMap<string, InvokeId> = new Map<string, InvokeId>([
  // Made anew by the token service for each sign-in card, and the same from every client that the user has open.
  [tokenExchangeOperationName, ({ value }) => joined(value, ['connectionName', 'id'])],
  // The code from the sign-in page, good for one use. Other values are words, the same each time.
  [
    verifyStateOperationName,
    ({ value }) => (/^\d{6}$/.test(textOf(value, 'state')) ? textOf(value, 'state') : undefined),
  ],
  // Each consent opens an upload of its own.
  ['fileConsent/invoke', ({ value }) => joined(propertyOf(value, 'uploadInfo'), ['uploadUrl'])],
]);

/** Code of the author's that throws, on a payload that it did not expect, has not identified anything. */
function said(idOf: InvokeId | undefined, activity: Activity): string | undefined {
  try {
    const id: unknown = idOf?.(activity);
    return typeof id === 'string' && id !== '' ? id : undefined;
  } catch {
    return undefined;
  }
}

function joined(value: unknown, names: readonly string[]): string | undefined {
  const texts = names.map((name) => textOf(value, name));
  return texts.includes('') ? undefined : JSON.stringify(texts);
}

function textOf(value: unknown, name: string): string {
  const property = propertyOf(value, name);
  return typeof property === 'string' ? property : '';
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function hashed(parts: readonly unknown[]): ActivityKey {
  return activityKey(createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, KEY_DIGITS));
}

/** 128 bits: within one conversation and one dedupe horizon, more than enough, and half the bytes in the record. */
const KEY_DIGITS = 32;

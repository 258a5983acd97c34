import { createHash } from 'node:crypto';
import type { Activity } from '../schema/activity';
import { type Failure, failure } from '../schema/errors';
import { parseActivity } from '../schema/parse-activity';
import { parseJsonObject } from '../schema/parse-json';
import type { KeptRecipient, ProactiveContent } from '../schema/recipients';

/** A request to notify somebody, as it was asked for. */
export interface NotifyRequest {
  readonly ok: true;
  readonly to: KeptRecipient;
  readonly content: ProactiveContent;
  /** When (ms since the epoch); absent: at once. */
  readonly at?: number;
  /** Of the body. */
  readonly digest: string;
}

const PROPERTIES: ReadonlySet<string> = new Set(['to', 'text', 'activity', 'event', 'at']);

/** Longest time ahead that a notification may be scheduled, in ms: about as long as the reference to its recipient is kept. */
const MAX_AHEAD_MS = 366 * 24 * 3_600_000;

/** What addresses an activity comes from the reference, and never from who asks. */
const ADDRESSES = [
  'serviceUrl',
  'channelId',
  'conversation',
  'from',
  'recipient',
  'id',
  'replyToId',
  'relatesTo',
] as const;

/** Reads the body of a request to notify somebody. The failures are 400 or 413, and repeat nothing of it. */
export function parseNotifyRequest(body: Uint8Array, maxBytes: number, now: number): NotifyRequest | Failure {
  const parsed = parseJsonObject(body, maxBytes);
  if (!parsed.ok) return parsed;
  const { value } = parsed;
  if (Object.keys(value).some((name) => !PROPERTIES.has(name))) {
    return refused('Only "to", "text", "activity", "event" and "at" are known.');
  }
  const to = recipientIn(value.to);
  if (to === undefined) {
    return refused(
      '"to" has to be {"reference"}, {"user"}, {"user","channelId"}, {"conversation","channelId"} or {"team"}.',
    );
  }
  const content = contentIn(value);
  if ('ok' in content) return content as Failure;
  const at = value.at === undefined ? undefined : timeIn(value.at);
  if (Number.isNaN(at)) return refused('"at" has to be a time like "2030-01-31T09:00:00Z".');
  if (at !== undefined && at > now + MAX_AHEAD_MS) return failure(400, 'TimeTooFar');
  const digest = createHash('sha256').update(body).digest('hex');
  return { ok: true, to, content: content.said, digest, ...(at === undefined ? {} : { at }) };
}

const SHAPES: readonly (readonly string[])[] = [
  ['reference'],
  ['user'],
  ['channelId', 'user'],
  ['channelId', 'conversation'],
  ['team'],
];

function recipientIn(value: unknown): KeptRecipient | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const names = Object.keys(value).sort();
  const known = SHAPES.some((shape) => shape.join() === names.join());
  const texts = Object.values(value).every((each) => typeof each === 'string' && isName(each));
  return known && texts ? (value as KeptRecipient) : undefined;
}

/** Names are looked up: what cannot be one need not be. */
function isName(text: string): boolean {
  return text !== '' && text.length <= 2_000 && !/\p{Surrogate}/u.test(text);
}

/** ISO 8601 with a zone; NaN for anything else. */
function timeIn(value: unknown): number {
  const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;
  return typeof value === 'string' && iso.test(value) ? Date.parse(value) : Number.NaN;
}

function contentIn(value: Readonly<Record<string, unknown>>): { readonly said: ProactiveContent } | Failure {
  const given = ['text', 'activity', 'event'].filter((name) => value[name] !== undefined);
  if (given.length !== 1) return refused('One of "text", "activity" and "event" says what it is about.');
  const { text, activity, event } = value;
  if (text !== undefined) {
    return typeof text === 'string' && text !== '' ? { said: text } : refused('"text" has to be a text.');
  }
  if (event !== undefined) return eventIn(event);
  return activityIn(activity);
}

function eventIn(event: unknown): { readonly said: ProactiveContent } | Failure {
  const { name, value, ...others } = (typeof event === 'object' && event !== null ? event : {}) as Record<
    string,
    unknown
  >;
  if (typeof name !== 'string' || name === '' || name.length > 200 || Object.keys(others).length > 0) {
    return refused('"event" has to be {"name","value"}, with a name of at most 200 characters.');
  }
  return { said: { event: name, ...(value === undefined ? {} : { value }) } };
}

/** A message, checked as one from a channel is, without anything that addresses it. */
function activityIn(activity: unknown): { readonly said: ProactiveContent } | Failure {
  if (typeof activity !== 'object' || activity === null || Array.isArray(activity)) {
    return refused('"activity" has to be an object.');
  }
  if (ADDRESSES.some((name) => Object.hasOwn(activity, name))) {
    return refused('An "activity" says nothing of where it goes: that is what "to" is for.');
  }
  const { type = 'message' } = activity as Partial<Activity>;
  if (type !== 'message') return refused('An "activity" has to be a message.');
  const placed = { type, ...activity, ...PLACE };
  const parsed = parseActivity(JSON.stringify(placed));
  return parsed.ok ? { said: { type, ...activity } as Partial<Activity> } : parsed;
}

const PLACE = { channelId: 'any', conversation: { id: 'any' }, from: { id: 'any' } };

const refused = (detail: string): Failure => failure(400, 'NotifyRequestRefused', detail);

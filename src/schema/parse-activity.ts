import type { Activity } from './activity';
import { ActivityTypes } from './constants';
import { type Failure, failure } from './errors';
import { fieldOfWrongKind } from './field-kinds';
import { isAccountId, isPathId } from './ids';
import { parseJsonObject } from './parse-json';

/** The largest body that is parsed unless the caller says otherwise, in bytes. */
export const MAX_BODY_BYTES = 1_048_576;

export interface ParsedActivity {
  readonly ok: true;
  /** The very object that the text says, with everything that was in it. */
  readonly activity: Activity;
  /** Size of the body. */
  readonly bytes: number;
}

/**
 * Reads an activity at the edge: what is accepted here need not be checked again. It is as strict as the rest of the program needs, and no
 * stricter than channels are: unknown properties, types and `null`s pass.
 *
 * The failures have 4xx statuses, and messages that say what to do and repeat nothing of the body.
 */
export function parseActivity(body: Uint8Array | string, maxBytes = MAX_BODY_BYTES): ParsedActivity | Failure {
  const parsed = parseJsonObject(body, maxBytes);
  if (!parsed.ok) return parsed;
  const activity = parsed.value as unknown as Activity;
  return fieldFailure(activity) ?? { ok: true, activity, bytes: parsed.bytes };
}

/** Types that somebody has sent: others (`conversationUpdate` above all) come from channels, with or without a sender. */
const SENT_BY_SOMEBODY: ReadonlySet<string> = new Set([ActivityTypes.Message, ActivityTypes.Invoke]);

/** `activity` is what it claims to be only once this has found nothing. */
function fieldFailure(activity: Activity): Failure | undefined {
  const wrong = fieldOfWrongKind(activity);
  if (wrong !== undefined) return failure(400, 'FieldRefused', wrong);
  if (!activity.type) return failure(400, 'ActivityTypeMissing');
  if (!activity.channelId) return failure(400, 'ChannelMissing');
  if (!activity.conversation?.id) return failure(400, 'ConversationMissing');
  if (SENT_BY_SOMEBODY.has(activity.type) && !activity.from?.id) return failure(400, 'SenderMissing');
  return idFailure(activity) ?? serviceUrlFailure(activity.serviceUrl);
}

function idFailure(activity: Activity): Failure | undefined {
  const refused =
    badId('channelId', activity.channelId, isPathId) ??
    badId('conversation.id', activity.conversation.id, isPathId) ??
    badId('id', activity.id, isPathId) ??
    badId('replyToId', activity.replyToId, isPathId) ??
    badId('from.id', activity.from?.id, isAccountId) ??
    badId('recipient.id', activity.recipient?.id, isAccountId) ??
    badId('from.aadObjectId', activity.from?.aadObjectId, isAccountId) ??
    badId('conversation.tenantId', activity.conversation.tenantId, isAccountId);
  return refused === undefined ? undefined : failure(400, 'IdRefused', refused);
}

function badId(name: string, id: string | undefined, accepts: (id: string) => boolean): string | undefined {
  // An empty id, or `null`, is none.
  if (!id || accepts(id)) return undefined;
  const slashes = accepts === isPathId ? 'slashes, ' : '';
  return (
    `Make "${name}" a text of at most 1,000 characters without ${slashes}control characters and lone surrogates, ` +
    'and none of ".", ".." and "__proto__".'
  );
}

function serviceUrlFailure(serviceUrl: string | undefined): Failure | undefined {
  if (!serviceUrl) return undefined;
  const protocol = URL.parse(serviceUrl)?.protocol;
  return protocol === 'https:' || protocol === 'http:' ? undefined : failure(400, 'ServiceUrlRefused');
}

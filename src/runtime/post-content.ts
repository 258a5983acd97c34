import { continuationActivity, eventActivity } from '../bot/proactive-activities';
import type { ConversationReference } from '../schema/accounts';
import type { Activity } from '../schema/activity';
import { TurnwiseError } from '../schema/errors';
import type { ProactiveContent, ProactiveEvent } from '../schema/recipients';
import { jsonClone } from '../schema/well-formed';
import { type ActivityKey, activityKey, type ConversationKey, parseConversationKey } from '../turn/keys';
import type { NewPost } from './post';

/** The activity that carries what is to be said, or done, into a conversation. @throws TurnwiseError `ActivityNotJson` */
export function postTo(
  to: ConversationKey,
  reference: ConversationReference,
  content: ProactiveContent,
  at: Date,
): NewPost {
  if (isEvent(content)) {
    const activity = eventActivity(reference, content.event, content.value, at);
    return { to, proactive: 'event', activity: jsonOf(activity) };
  }
  const message = typeof content === 'string' ? { type: 'message', text: content } : { type: 'message', ...content };
  const activity: Activity = { ...continuationActivity(reference, at), value: message };
  return { to, proactive: 'send', activity: jsonOf(activity) };
}

function isEvent(content: ProactiveContent): content is ProactiveEvent {
  return typeof content === 'object' && 'event' in content && typeof content.event === 'string';
}

/** Returns a copy as JSON, in whole characters. @throws TurnwiseError `ActivityNotJson` */
export function jsonOf<T>(value: T): T {
  try {
    return jsonClone(value);
  } catch (cause) {
    throw new TurnwiseError('ActivityNotJson', undefined, { cause });
  }
}

/** Names a posted activity: the key of its conversation, a slash, and its own. */
export function postedId(to: ConversationKey, key: ActivityKey): string {
  return `${to}/${key}`;
}

/** @throws TurnwiseError `PostedUnknown` when it is not the id of something that was posted */
export function parsePostedId(id: string): { readonly to: ConversationKey; readonly key: ActivityKey } {
  const end = id.lastIndexOf('/');
  const to = parseConversationKey(id.slice(0, Math.max(0, end)));
  const key = id.slice(end + 1);
  if (to === undefined || !/^[0-9a-f]{32}$/.test(key)) throw new TurnwiseError('PostedUnknown');
  return { to, key: activityKey(key) };
}

import type { ConversationReference } from './accounts';
import type { Activity } from './activity';
import { ActivityTypes, Channels } from './constants';
import type { ResourceResponse } from './conversations';

/**
 * The id that replies to `source` name in `replyToId`. Direct Line and Web Chat raise `conversationUpdate` before the conversation
 * exists for the client, and cannot attach a reply to it.
 */
function replyToId(source: Partial<Activity>): string | undefined {
  const orphan =
    source.type === ActivityTypes.ConversationUpdate &&
    (source.channelId === Channels.Directline || source.channelId === Channels.Webchat);
  return orphan ? undefined : source.id;
}

/** The reference under which `activity`'s conversation can be reached. Accounts are copied, so it can be kept and changed. */
export function getConversationReference(activity: Partial<Activity>): Partial<ConversationReference> {
  const reference: Partial<ConversationReference> = {};
  const activityId = replyToId(activity);
  if (activityId !== undefined) reference.activityId = activityId;
  if (activity.from !== undefined) reference.user = { ...activity.from };
  if (activity.recipient !== undefined) reference.bot = { ...activity.recipient };
  if (activity.conversation !== undefined) reference.conversation = { ...activity.conversation };
  if (activity.channelId !== undefined) reference.channelId = activity.channelId;
  if (activity.locale !== undefined) reference.locale = activity.locale;
  if (activity.serviceUrl !== undefined) reference.serviceUrl = activity.serviceUrl;
  return reference;
}

/** Like {@link getConversationReference}, pointing at the reply that was just sent. */
export function getReplyConversationReference(
  activity: Partial<Activity>,
  reply: ResourceResponse,
): Partial<ConversationReference> {
  return { ...getConversationReference(activity), activityId: reply.id };
}

function assign<T, K extends keyof T>(target: T, key: K, value: T[K] | undefined): void {
  if (value === undefined) delete target[key];
  else target[key] = value;
}

/**
 * Addresses `activity` with `reference`: changes it and returns it. Channel, service URL, conversation, sender and recipient
 * are overwritten; the locale only when unset. `isIncoming` addresses it to the bot instead of to the user.
 */
export function applyConversationReference(
  activity: Partial<Activity>,
  reference: Partial<ConversationReference>,
  isIncoming = false,
): Partial<Activity> {
  assign(activity, 'channelId', reference.channelId);
  assign(activity, 'serviceUrl', reference.serviceUrl);
  assign(activity, 'conversation', reference.conversation);
  assign(activity, 'from', isIncoming ? reference.user : reference.bot);
  assign(activity, 'recipient', isIncoming ? reference.bot : reference.user);
  assign(activity, 'locale', activity.locale ?? reference.locale);
  if (reference.activityId) {
    if (isIncoming) activity.id = reference.activityId;
    else activity.replyToId = reference.activityId;
  }
  return activity;
}

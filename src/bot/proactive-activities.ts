import type { ConversationReference } from '../schema/accounts';
import type { Activity } from '../schema/activity';
import { ActivityEventNames, ActivityTypes } from '../schema/constants';
import type { ConversationParameters } from '../schema/conversations';

/** The event that a proactive turn in a conversation runs on. Without an id what is sent in its turn is no reply to anything. */
export function continuationActivity(reference: ConversationReference, timestamp: Date, id?: string): Activity {
  return {
    ...event(reference, id, timestamp),
    name: ActivityEventNames.ContinueConversation,
    relatesTo: reference,
  };
}

/** An event of the app's own for the bot, in a conversation. */
export function eventActivity(
  reference: ConversationReference,
  name: string,
  value: unknown,
  timestamp: Date,
): Activity {
  return {
    ...event(reference, undefined, timestamp),
    name,
    ...(value === undefined ? {} : { value }),
    relatesTo: reference,
  };
}

/** The event that the first turn of a conversation runs on that the bot has created. The reference is that of the new conversation. */
export function creationActivity(
  reference: ConversationReference,
  { channelData }: ConversationParameters,
  id: string,
  timestamp: Date,
): Activity {
  return {
    ...event(reference, id, timestamp),
    name: ActivityEventNames.CreateConversation,
    ...(channelData === undefined ? {} : { channelData }),
  };
}

/** The reference of a conversation that was created with these parameters. */
export function createdConversation(
  { channelId, serviceUrl, bot, user }: Pick<ConversationReference, 'channelId' | 'serviceUrl' | 'bot' | 'user'>,
  { bot: self, isGroup = false, members, tenantId }: ConversationParameters,
  id: string,
): ConversationReference {
  const [other = user] = members ?? [];
  return {
    channelId,
    serviceUrl,
    bot: self ?? bot,
    conversation: { id, isGroup, ...(tenantId === undefined ? {} : { tenantId }) },
    ...(other === undefined ? {} : { user: other }),
  };
}

function event(
  { bot, channelId, conversation, locale, serviceUrl, user }: ConversationReference,
  id: string | undefined,
  timestamp: Date,
): Activity {
  const activity: Partial<Activity> = {
    type: ActivityTypes.Event,
    ...(id === undefined ? {} : { id }),
    timestamp,
    channelId,
    serviceUrl,
    conversation,
    recipient: bot,
    // Of a reference without a user nobody but the bot itself can be the sender.
    from: user ?? bot,
    ...(locale === undefined ? {} : { locale }),
  };
  return activity as Activity;
}

import type { ConversationReference } from '../schema/accounts';
import type { Activity } from '../schema/activity';
import { ActivityEventNames, ActivityTypes, Channels } from '../schema/constants';
import type { ConversationParameters } from '../schema/conversations';

/** A conversation of a user with a bot on the test channel. */
export function createConversation(name: string, user = 'User1', bot = 'Bot'): ConversationReference {
  return {
    channelId: Channels.Test,
    serviceUrl: 'https://test.com',
    conversation: { isGroup: false, id: name, name },
    user: { id: user.toLowerCase(), name: user },
    bot: { id: bot.toLowerCase(), name: bot },
    locale: 'en-us',
  };
}

/** Takes over what a template says of the conversation; changes the reference given, which tests hold. */
export function completeConversation(
  conversation: ConversationReference,
  template: Partial<Activity>,
  locale: string,
): void {
  const user = template.from || conversation.user;
  Object.assign(conversation, {
    locale: template.locale || conversation.locale || locale,
    serviceUrl: template.serviceUrl || conversation.serviceUrl,
    channelId: template.channelId || conversation.channelId,
    bot: template.recipient || conversation.bot,
    ...(user === undefined ? {} : { user }),
  });
}

/** The event that begins a proactive turn. */
export function continuation(reference: ConversationReference, id: string): Activity {
  return {
    ...event(reference),
    name: ActivityEventNames.ContinueConversation,
    id,
    relatesTo: reference,
  };
}

/** The event that begins the first turn of a conversation that the bot has created. */
export function creation(
  reference: ConversationReference,
  { bot, channelData, isGroup = false, members, tenantId }: ConversationParameters,
  id: string,
): Activity {
  const [user = reference.user] = members ?? [];
  const conversation = { id: `created-${id}`, isGroup, ...(tenantId === undefined ? {} : { tenantId }) };
  return {
    ...event({ ...reference, conversation, bot: bot ?? reference.bot, ...(user === undefined ? {} : { user }) }),
    name: ActivityEventNames.CreateConversation,
    id,
    ...(channelData === undefined ? {} : { channelData }),
  };
}

function event({ bot, channelId, conversation, locale, serviceUrl, user }: ConversationReference): Activity {
  return {
    type: ActivityTypes.Event,
    channelId,
    serviceUrl,
    conversation,
    recipient: bot,
    // Of a reference without a user nobody but the bot itself can be the sender.
    from: user ?? bot,
    timestamp: new Date(),
    ...(locale === undefined ? {} : { locale }),
  };
}

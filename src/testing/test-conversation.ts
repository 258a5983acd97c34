import type { ConversationReference } from '../schema/accounts';
import type { Activity } from '../schema/activity';
import { Channels } from '../schema/constants';

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

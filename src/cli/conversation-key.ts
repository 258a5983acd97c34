import { TurnwiseError } from '../schema/errors';
import { type ConversationKey, conversationKey } from '../turn/keys';

/**
 * A conversation key as it was typed: as the tables show it, or with the conversation's id as the channel writes it.
 * @throws TurnwiseError `ConversationKeyRefused`
 */
export function typedKey(text: string): ConversationKey {
  const slash = text.indexOf('/');
  const channelId = text.slice(0, slash);
  const id = text.slice(slash + 1);
  if (slash < 1 || id === '') throw new TurnwiseError('ConversationKeyRefused');
  try {
    const decoded = conversationKey(decodeURIComponent(channelId), decodeURIComponent(id));
    return decoded === text ? decoded : conversationKey(channelId, id);
  } catch {
    return conversationKey(channelId, id);
  }
}

import type { ChannelAccount, ConversationAccount, ConversationReference } from './accounts';
import { defined } from './defined';
import { isAccountId } from './ids';

/* The fields of a conversation reference that records of this program keep. Whatever else a channel or a client adds stays out of them. */

/** Longest name that is kept, in UTF-16 units. A name is only shown, so a longer one is cut. */
const MAX_NAME = 256;

/** Longest word that is kept (a locale, a role, a kind of conversation), in UTF-16 units. No longer one means anything, so it is left out. */
const MAX_WORD = 100;

/**
 * Returns the fields of a reference that are kept.
 *
 * @param vouched whether the caller answers for the identity fields; otherwise these are left out
 */
export function referenceFields(reference: ConversationReference, vouched: boolean): ConversationReference {
  const { bot, channelId, conversation, locale, serviceUrl, user } = reference;
  return {
    channelId,
    serviceUrl,
    bot: accountFields(bot, vouched),
    conversation: conversationFields(conversation, vouched),
    ...defined({ user: user && accountFields(user, vouched), locale: wordIn(locale) }),
  };
}

function accountFields({ aadObjectId, id, name, role }: ChannelAccount, vouched: boolean): ChannelAccount {
  return {
    id,
    ...defined({ name: nameIn(name), aadObjectId: vouched ? idIn(aadObjectId) : undefined, role: wordIn(role) }),
  };
}

function conversationFields(conversation: ConversationAccount, vouched: boolean): ConversationAccount {
  const { conversationType, id, isGroup, name, tenantId } = conversation;
  return {
    ...defined({
      isGroup: typeof isGroup === 'boolean' ? isGroup : undefined,
      conversationType: wordIn(conversationType),
      name: nameIn(name),
    }),
    id,
    ...defined({ tenantId: vouched ? idIn(tenantId) : undefined }),
  };
}

/** Returns a text that can be an id, which is never cut: a part of an id is another id. */
export function idIn(value: unknown): string | undefined {
  return isAccountId(value) ? value : undefined;
}

function wordIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= MAX_WORD ? value : undefined;
}

function nameIn(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  // Not in the middle of a character of two units.
  return value.length <= MAX_NAME ? value : value.slice(0, MAX_NAME).replace(/[\ud800-\udbff]$/, '');
}

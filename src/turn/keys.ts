declare const brand: unique symbol;

/**
 * Names one conversation on one channel: the partition of its record, its state, its bodies and its dead letters.
 * `channelId/conversationId`, each part percent-encoded, so that it is printable, free of `/ \ # ?`, and reversible.
 */
export type ConversationKey = string & { readonly [brand]: 'ConversationKey' };

/** Identifies one accepted activity within its conversation, for as long as the dedupe horizon: lower-case hex. */
export type ActivityKey = string & { readonly [brand]: 'ActivityKey' };

/** Names one user on one channel: the partition of that user's state. Encoded like {@link ConversationKey}. */
export type UserKey = string & { readonly [brand]: 'UserKey' };

const encoded = (channelId: string, id: string): string =>
  `${encodeURIComponent(channelId.toLowerCase())}/${encodeURIComponent(id)}`;

/** The one maker of conversation keys. @throws URIError on lone surrogates, which parsing refuses before. */
export function conversationKey(channelId: string, conversationId: string): ConversationKey {
  return encoded(channelId, conversationId) as ConversationKey;
}

/** The one maker of user keys. @throws URIError on lone surrogates, which parsing refuses before. */
export function userKey(channelId: string, userId: string): UserKey {
  return encoded(channelId, userId) as UserKey;
}

/** The channel and the id that a key was made of. */
export function partsOfKey(key: ConversationKey | UserKey): { readonly channelId: string; readonly id: string } {
  const slash = key.indexOf('/');
  return { channelId: decodeURIComponent(key.slice(0, slash)), id: decodeURIComponent(key.slice(slash + 1)) };
}

const CONVERSATION_KEY = /^[^/\\#?\s]+\/[^/\\#?\s]+$/;

/** Reads a conversation key back from where it was stored or typed; `undefined` when it is not one. */
export function parseConversationKey(text: string): ConversationKey | undefined {
  return CONVERSATION_KEY.test(text) ? (text as ConversationKey) : undefined;
}

const ACTIVITY_KEY = /^[0-9a-f]{16,64}$/;

/** The one maker of activity keys, from a hex digest. @throws TypeError when it is not one. */
export function activityKey(hexDigest: string): ActivityKey {
  if (!ACTIVITY_KEY.test(hexDigest)) throw new TypeError('An activity key is 16 to 64 lower-case hex digits.');
  return hexDigest as ActivityKey;
}

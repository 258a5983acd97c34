import { type ConversationKey, conversationKey } from '../turn/keys';

/** Conversation ids are long, and percent-encoding triples them; a queue message ends at 64 KB anyway. */
const MAX_KEY_LENGTH = 16_384;

/** What a ring looks like in the queue: base64, as `host.json` tells the queue trigger, of a JSON object with the conversation's key. */
export function ringMessage(key: ConversationKey): string {
  return Buffer.from(JSON.stringify({ conversation: key })).toString('base64');
}

/**
 * Reads what the queue trigger hands over: a ring, parsed already by the host or still JSON text. `undefined` for anything that
 * {@link ringMessage} did not make; never throws. Properties it does not know are left to newer versions of this code.
 */
export function parseRing(message: unknown): ConversationKey | undefined {
  const ring = typeof message === 'string' ? parsed(message) : message;
  if (typeof ring !== 'object' || ring === null || !Object.hasOwn(ring, 'conversation')) return undefined;
  const { conversation } = ring as { readonly conversation: unknown };
  if (typeof conversation !== 'string' || conversation.length > MAX_KEY_LENGTH) return undefined;
  const [channelId, conversationId, ...rest] = conversation.split('/');
  if (!channelId || !conversationId || rest.length > 0) return undefined;
  try {
    // Only what the maker of keys makes is a key: another spelling of the same conversation would be a second mailbox.
    const key = conversationKey(decodeURIComponent(channelId), decodeURIComponent(conversationId));
    return key === conversation ? key : undefined;
  } catch {
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

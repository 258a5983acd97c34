import type { Activity } from '../schema/activity';
import { type ConversationKey, conversationKey } from '../turn/keys';
import type { NewPost } from './post';

/** The channel of conversations in which the runtime itself works: no activity that comes from outside may name it. */
export const OWN_CHANNEL = 'turnwise';

/** Whether an activity from outside names the runtime's own channel. */
export function isOwnChannel(channelId: string): boolean {
  return channelId.toLowerCase() === OWN_CHANNEL;
}

export type TaskName = 'broadcast' | 'createConversation';

/** The conversation in which a task is worked on, one turn after the other. */
export function taskConversation(name: TaskName, id: string): ConversationKey {
  return conversationKey(OWN_CHANNEL, `${name}-${id}`);
}

/** Has a task worked on, or gone on with: a turn of its conversation, as durable and as exact as any. */
export function taskPost(name: TaskName, to: ConversationKey, value: unknown, at?: number): NewPost {
  const [, id = ''] = to.split('/');
  const activity = {
    type: 'event',
    name,
    channelId: OWN_CHANNEL,
    serviceUrl: NOWHERE,
    conversation: { id: decodeURIComponent(id) },
    from: { id: OWN_CHANNEL },
    recipient: { id: OWN_CHANNEL },
    value: JSON.parse(JSON.stringify(value)),
  } as Activity;
  return { to, proactive: 'task', activity, ...(at === undefined ? {} : { at }) };
}

const NOWHERE = 'https://turnwise.invalid/';

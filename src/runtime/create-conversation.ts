import { createdConversation } from '../bot/proactive-activities';
import type { ConversationReference } from '../schema/accounts';
import type { Activity } from '../schema/activity';
import type { ConversationParameters, ConversationResourceResponse } from '../schema/conversations';
import { TurnwiseError } from '../schema/errors';
import { isPathId } from '../schema/ids';
import type { ProactiveContent } from '../schema/recipients';
import { conversationKey } from '../turn/keys';
import { postTo } from './post-content';
import type { Runtime } from './runtime';
import type { TaskTurn } from './task-turn';

/** A conversation to be created on a service, and what is said in it first. */
export interface CreateConversationTask {
  /** Of a conversation on the same service. */
  readonly near: ConversationReference;
  readonly parameters: ConversationParameters;
  readonly content?: ProactiveContent;
}

/** Has the channel create the conversation, once, and posts into it what is to be said first. */
export async function createConversation(runtime: Runtime, turn: TaskTurn, activity: Activity): Promise<void> {
  const { near, parameters, content } = activity.value as CreateConversationTask;
  const { connectorClients } = runtime;
  if (connectorClients === undefined) throw new TurnwiseError('NotByThisAdapter');
  const { channelId, serviceUrl, bot, conversation } = near;
  const { tenantId } = conversation;
  const wanted = { bot, ...(tenantId === undefined ? {} : { tenantId }), ...parameters };
  const created = await turn.step('create', async (): Promise<ConversationResourceResponse> => {
    const client = connectorClients.client(serviceUrl, turn.signal);
    return client.conversations.createConversation(wanted);
  });
  if (content === undefined) return;
  if (!isPathId(created.id)) {
    // It becomes a key, and part of an address. Asked again, the channel would create another one.
    throw new TurnwiseError('IdRefused', 'The channel gave it to a new conversation.');
  }
  const address = { channelId, serviceUrl: created.serviceUrl || serviceUrl, bot };
  const reference = createdConversation(address, wanted, created.id);
  const to = conversationKey(channelId, created.id);
  turn.posts.post(postTo(to, reference, content, new Date(runtime.clock.now())));
}

import type { ConversationAccount, ConversationReference } from '../schema/accounts';
import type { Activity } from '../schema/activity';
import { ActivityTypes } from '../schema/constants';
import { getConversationReference } from '../schema/conversation-reference';
import type { Transcript } from '../schema/conversations';
import type { TurnContext } from './turn-context';

/** Names of the events by which a bot hands a conversation to a person. */
export const HandoffEventNames = { InitiateHandoff: 'handoff.initiate', HandoffStatus: 'handoff.status' } as const;

/** Makes the events by which a bot hands a conversation to a person, and hears what became of it. */
export const EventFactory = {
  /**
   * Asks for a person.
   * @param handoffContext what the one who takes over has to know, as the service that is asked defines it
   * @throws TypeError without a context
   */
  createHandoffInitiation<T = unknown>(context: TurnContext, handoffContext: T, transcript?: Transcript): Activity {
    if (!context) throw new TypeError('EventFactory.createHandoffInitiation(): Missing context.');
    const { activity } = context;
    const event = handoffEvent(HandoffEventNames.InitiateHandoff, handoffContext, activity.conversation);
    event.from = activity.from;
    event.relatesTo = getConversationReference(activity) as ConversationReference;
    if (activity.id !== undefined) event.replyToId = activity.id;
    event.serviceUrl = activity.serviceUrl;
    event.channelId = activity.channelId;
    if (transcript) {
      event.attachments = [{ content: transcript, contentType: 'application/json', name: 'Transcript' }];
    }
    return event as Activity;
  },

  /** Tells what became of it. @throws TypeError without a conversation or a state */
  createHandoffStatus(conversation: ConversationAccount, state: string, message?: string): Activity {
    if (!conversation) throw new TypeError('EventFactory.createHandoffStatus(): missing conversation.');
    if (!state) throw new TypeError('EventFactory.createHandoffStatus(): missing state.');
    return handoffEvent(HandoffEventNames.HandoffStatus, { state, message }, conversation) as Activity;
  },
} as const;

function handoffEvent(name: string, value: unknown, conversation: ConversationAccount): Partial<Activity> {
  return {
    type: ActivityTypes.Event,
    name,
    value,
    id: globalThis.crypto.randomUUID(),
    timestamp: new Date(),
    localTimezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    conversation,
    attachments: [],
    entities: [],
  };
}

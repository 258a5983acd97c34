import type { Pinned } from '../ports/inbound-auth';
import type { Activity } from '../schema/activity';
import type { ReplyAddress } from '../turn/record';

/** The activity with what its caller's token vouches for in the place of what its body says: from here on there is no other address. */
export function withPinned(activity: Activity, { serviceUrl, callerId }: Pinned): Activity {
  const { callerId: _, ...said } = activity;
  return { ...said, serviceUrl, ...(callerId === undefined ? {} : { callerId }) };
}

/** Where an activity came from, as it was accepted: what its token vouches for. Copied, because handlers may change the activity. */
export function addressOf({ channelId, serviceUrl, conversation }: Activity): ReplyAddress {
  return { channelId, serviceUrl, conversationId: conversation.id };
}

/**
 * What a turn sends, addressed: to the channel and the service of the activity that it answers, whatever a handler or somebody's data wrote
 * there, because the bot's token goes along. The conversation may be another of the same service, such as a thread of a Teams channel.
 */
export function pinnedTo({ channelId, serviceUrl, conversationId }: ReplyAddress, activity: Activity): Activity {
  const conversation = activity.conversation?.id ? activity.conversation : { id: conversationId };
  return { ...activity, channelId, serviceUrl, conversation };
}

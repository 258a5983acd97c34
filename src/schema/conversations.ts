import type { ChannelAccount, NamedAccount } from './accounts';
import type { Activity } from './activity';
import type { Extensible, Untyped } from './json';

/** What a send or an update answers: the id to update or delete it by. Empty or absent for what has none. */
export interface ResourceResponse {
  id: string;
}

/** The answer to an activity with `deliveryMode: 'expectReplies'`. */
export interface ExpectedReplies {
  activities: Partial<Activity>[];
}

/** What it takes to create a conversation. */
export interface ConversationParameters extends Extensible {
  isGroup?: boolean;
  bot?: ChannelAccount;
  members?: ChannelAccount[];
  topicName?: string;
  tenantId?: string;
  activity?: Partial<Activity>;
  channelData?: Untyped;
}

/** A conversation that was created. */
export interface ConversationResourceResponse extends Extensible {
  activityId?: string;
  serviceUrl?: string;
  id: string;
}

/** A conversation and who is in it. */
export interface ConversationMembers extends Extensible {
  id: string;
  members: ChannelAccount[];
}

/** A page of conversations. */
export interface ConversationsResult extends Extensible {
  continuationToken?: string;
  conversations: ConversationMembers[];
}

/** A page of the members of a conversation. */
export interface PagedMembersResult extends Extensible {
  continuationToken?: string;
  members: NamedAccount[];
}

/** The activities of a conversation. */
export interface Transcript extends Extensible {
  activities: Partial<Activity>[];
}

import type { RoleTypes } from './constants';
import type { Extensible, Open, Untyped } from './json';

/** A user or a bot on a channel. */
export interface ChannelAccount extends Extensible {
  id: string;
  name?: string;
  aadObjectId?: string;
  role?: Open<RoleTypes>;
  properties?: Untyped;
}

/** An account as the Bot Framework SDK's types have it: with a name, which channels may leave out all the same. */
export interface NamedAccount extends ChannelAccount {
  name: string;
}

/** A conversation on a channel. */
export interface ConversationAccount extends Extensible {
  id: string;
  isGroup?: boolean;
  conversationType?: string;
  tenantId?: string;
  name?: string;
  aadObjectId?: string;
  role?: Open<RoleTypes>;
  properties?: Untyped;
}

/** What it takes to send into a conversation, now or later. Plain JSON: store it. */
export interface ConversationReference extends Extensible {
  activityId?: string;
  user?: ChannelAccount;
  locale?: string;
  bot: ChannelAccount;
  conversation: ConversationAccount;
  channelId: string;
  serviceUrl: string;
}

import type { Extensible, Open, Untyped } from './json';

/** What kind of user a message is from. */
export type UserIdentityType = 'aadUser' | 'onPremiseAadUser' | 'anonymousGuest' | 'federatedUser';
/** What kind of application a message is from. */
export type ApplicationIdentityType = 'aadApplication' | 'bot' | 'tenantBot' | 'office365Connector' | 'webhook';
/** What kind of conversation a message is from. */
export type ConversationIdentityType = 'team' | 'channel';
/** How a message's body is marked up. */
export type ContentType = 'html' | 'text';
/** The reactions of Teams. */
export type ReactionType = 'like' | 'heart' | 'laugh' | 'surprised' | 'sad' | 'angry';
/** What kind of message it is. */
export type MessageType = 'message';
/** How important a message is. */
export type Importance = 'normal' | 'high' | 'urgent';

/** A user that a message names. */
export interface MessageActionsPayloadUser extends Extensible {
  userIdentityType?: Open<UserIdentityType>;
  id?: string;
  displayName?: string;
}

/** An application that a message names. */
export interface MessageActionsPayloadApp extends Extensible {
  applicationIdentityType?: Open<ApplicationIdentityType>;
  id?: string;
  displayName?: string;
}

/** A conversation that a message names. */
export interface MessageActionsPayloadConversation extends Extensible {
  conversationIdentityType?: Open<ConversationIdentityType>;
  id?: string;
  displayName?: string;
}

/** Who a message or a reaction is from. */
export interface MessageActionsPayloadFrom extends Extensible {
  user?: MessageActionsPayloadUser;
  application?: MessageActionsPayloadApp;
  conversation?: MessageActionsPayloadConversation;
}

/** The body of a message. */
export interface MessageActionsPayloadBody extends Extensible {
  contentType?: Open<ContentType>;
  content?: string;
  textContent?: string;
}

/** An attachment of a message. */
export interface MessageActionsPayloadAttachment extends Extensible {
  id?: string;
  contentType?: string;
  contentUrl?: string;
  content?: Untyped;
  name?: string;
  thumbnailUrl?: string;
}

/** A mention in a message. */
export interface MessageActionsPayloadMention extends Extensible {
  id?: number;
  mentionText?: string;
  mentioned?: MessageActionsPayloadFrom;
}

/** A reaction to a message. */
export interface MessageActionsPayloadReaction extends Extensible {
  reactionType?: Open<ReactionType>;
  createdDateTime?: string;
  user?: MessageActionsPayloadFrom;
}

/** The message that a messaging extension's command was called on. */
export interface MessageActionsPayload extends Extensible {
  id?: string;
  replyToId?: string;
  messageType?: Open<MessageType>;
  createdDateTime?: string;
  lastModifiedDateTime?: string;
  deleted?: boolean;
  subject?: string;
  summary?: string;
  importance?: Open<Importance>;
  locale?: string;
  linkToMessage?: string;
  from?: MessageActionsPayloadFrom;
  body?: MessageActionsPayloadBody;
  attachmentLayout?: string;
  attachments?: MessageActionsPayloadAttachment[];
  mentions?: MessageActionsPayloadMention[];
  reactions?: MessageActionsPayloadReaction[];
}

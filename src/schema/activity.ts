import type { ChannelAccount, ConversationAccount, ConversationReference, NamedAccount } from './accounts';
import type { Attachment, SuggestedActions } from './attachments';
import type {
  ActivityEventNames,
  ActivityImportance,
  ActivityTypes,
  AttachmentLayoutTypes,
  DeliveryModes,
  EndOfConversationCodes,
  InputHints,
  MessageReactionTypes,
  SemanticActionStateTypes,
  TextFormatTypes,
} from './constants';
import type { Entity } from './entities';
import type { Extensible, Open, Untyped } from './json';

/** A reaction to a message. */
export interface MessageReaction extends Extensible {
  type: Open<MessageReactionTypes>;
}

/** A part of a message that a suggestion points at. */
export interface TextHighlight extends Extensible {
  text: string;
  /** Which occurrence of `text` is meant, from 1. */
  occurrence: number;
}

/** A programmatic action that goes with a request. */
export interface SemanticAction extends Extensible {
  id: string;
  state?: Open<SemanticActionStateTypes>;
  entities?: Record<string, Entity>;
}

/**
 * The central object of the Bot Framework: something that happened in a conversation, or that a bot does to it. Properties that are not
 * named here (of a channel, or of a later version of the schema) pass through untouched, and so do `null`s.
 *
 * Source: the Bot Framework Activity schema, version 3.
 */
export interface Activity extends Extensible {
  type: Open<ActivityTypes>;
  id?: string;
  /** A `Date` in `context.activity`, as in the Bot Framework SDK; it serializes as it came. In JSON, and so in an activity that is stored or on its way, it is a text in ISO 8601. */
  timestamp?: Date;
  /** Like {@link timestamp}, in the sender's time zone. */
  localTimestamp?: Date;
  localTimezone?: string;
  /** Like {@link timestamp}. */
  expiration?: Date;
  callerId?: string;
  channelId: string;
  serviceUrl: string;
  from: ChannelAccount;
  recipient: ChannelAccount;
  conversation: ConversationAccount;
  replyToId?: string;
  locale?: string;

  text: string;
  textFormat?: Open<TextFormatTypes>;
  speak?: string;
  inputHint?: Open<InputHints>;
  summary?: string;
  attachmentLayout?: Open<AttachmentLayoutTypes>;
  attachments?: Attachment[];
  suggestedActions?: SuggestedActions;
  entities?: Entity[];
  importance?: Open<ActivityImportance>;
  deliveryMode?: Open<DeliveryModes>;
  listenFor?: string[];
  textHighlights?: TextHighlight[];
  semanticAction?: SemanticAction;
  /** What the channel adds for bots that know it. */
  channelData?: Untyped;

  membersAdded?: ChannelAccount[];
  membersRemoved?: ChannelAccount[];
  reactionsAdded?: MessageReaction[];
  reactionsRemoved?: MessageReaction[];
  topicName?: string;
  historyDisclosed?: boolean;
  action?: string;
  code?: Open<EndOfConversationCodes>;

  name?: Open<ActivityEventNames>;
  value?: Untyped;
  valueType?: string;
  label?: string;
  relatesTo?: ConversationReference;
}

/**
 * An activity as a handler gets it. Accounts and conversations have the properties that the Bot Framework SDK's types promise, so that code that
 * reads them compiles here too; a channel may leave them out all the same. `docs/decisions/untyped-values.md`.
 */
export interface ReceivedActivity extends Activity {
  from: NamedAccount;
  recipient: NamedAccount;
  conversation: ConversationAccount & { isGroup: boolean; conversationType: string; name: string };
  membersAdded?: NamedAccount[];
  membersRemoved?: NamedAccount[];
}

/** The value of a `command` activity. */
export interface CommandValue<T = Untyped> extends Extensible {
  commandId: string;
  data?: T;
}

/** The value of a `commandResult` activity. */
export interface CommandResultValue<T = Untyped> extends Extensible {
  commandId: string;
  data?: T;
  error?: unknown;
}

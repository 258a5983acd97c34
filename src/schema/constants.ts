/**
 * The words of the Bot Framework Activity schema. Each name is both an object of values, as bots use it
 * (`ActivityTypes.Message`), and the union of these values as a type.
 */

/** What kind of activity it is: `activity.type`. */
export const ActivityTypes = {
  Message: 'message',
  ContactRelationUpdate: 'contactRelationUpdate',
  ConversationUpdate: 'conversationUpdate',
  Typing: 'typing',
  EndOfConversation: 'endOfConversation',
  Event: 'event',
  Invoke: 'invoke',
  InvokeResponse: 'invokeResponse',
  DeleteUserData: 'deleteUserData',
  MessageUpdate: 'messageUpdate',
  MessageDelete: 'messageDelete',
  InstallationUpdate: 'installationUpdate',
  MessageReaction: 'messageReaction',
  Suggestion: 'suggestion',
  Trace: 'trace',
  Handoff: 'handoff',
  Command: 'command',
  CommandResult: 'commandResult',
} as const;
export type ActivityTypes = (typeof ActivityTypes)[keyof typeof ActivityTypes];

/** The channels that Bot Service connects to: `activity.channelId`. */
export const Channels = {
  Alexa: 'alexa',
  Console: 'console',
  Directline: 'directline',
  DirectlineSpeech: 'directlinespeech',
  Email: 'email',
  Emulator: 'emulator',
  Facebook: 'facebook',
  Groupme: 'groupme',
  Kik: 'kik',
  Line: 'line',
  M365: 'm365extensions',
  Msteams: 'msteams',
  Omni: 'omnichannel',
  Outlook: 'outlook',
  Skype: 'skype',
  Skypeforbusiness: 'skypeforbusiness',
  Slack: 'slack',
  Sms: 'sms',
  Telegram: 'telegram',
  Telephony: 'telephony',
  Test: 'test',
  Twilio: 'twilio-sms',
  Webchat: 'webchat',
} as const;
export type Channels = (typeof Channels)[keyof typeof Channels];

/** How the sender wants its answer: `activity.deliveryMode`. */
export const DeliveryModes = {
  Normal: 'normal',
  Notification: 'notification',
  ExpectReplies: 'expectReplies',
  Ephemeral: 'ephemeral',
} as const;
export type DeliveryModes = (typeof DeliveryModes)[keyof typeof DeliveryModes];

/** Why a conversation ended: `activity.code` of an `endOfConversation`. */
export const EndOfConversationCodes = {
  Unknown: 'unknown',
  CompletedSuccessfully: 'completedSuccessfully',
  UserCancelled: 'userCancelled',
  BotTimedOut: 'botTimedOut',
  BotIssuedInvalidMessage: 'botIssuedInvalidMessage',
  ChannelFailed: 'channelFailed',
} as const;
export type EndOfConversationCodes = (typeof EndOfConversationCodes)[keyof typeof EndOfConversationCodes];

/** What an account is: `role`. */
export const RoleTypes = { User: 'user', Bot: 'bot', Skill: 'skill' } as const;
export type RoleTypes = (typeof RoleTypes)[keyof typeof RoleTypes];

/** How `activity.text` is marked up: `activity.textFormat`. */
export const TextFormatTypes = { Markdown: 'markdown', Plain: 'plain', Xml: 'xml' } as const;
export type TextFormatTypes = (typeof TextFormatTypes)[keyof typeof TextFormatTypes];

/** How attachments are laid out: `activity.attachmentLayout`. */
export const AttachmentLayoutTypes = { List: 'list', Carousel: 'carousel' } as const;
export type AttachmentLayoutTypes = (typeof AttachmentLayoutTypes)[keyof typeof AttachmentLayoutTypes];

/** Reactions that every channel knows; channels have others of their own. */
export const MessageReactionTypes = { Like: 'like', PlusOne: 'plusOne' } as const;
export type MessageReactionTypes = (typeof MessageReactionTypes)[keyof typeof MessageReactionTypes];

/** Whether the bot waits for an answer: `activity.inputHint`. */
export const InputHints = {
  AcceptingInput: 'acceptingInput',
  IgnoringInput: 'ignoringInput',
  ExpectingInput: 'expectingInput',
} as const;
export type InputHints = (typeof InputHints)[keyof typeof InputHints];

/** What a card's button does: `cardAction.type`. */
export const ActionTypes = {
  OpenUrl: 'openUrl',
  ImBack: 'imBack',
  PostBack: 'postBack',
  PlayAudio: 'playAudio',
  PlayVideo: 'playVideo',
  ShowImage: 'showImage',
  DownloadFile: 'downloadFile',
  Signin: 'signin',
  Call: 'call',
  /** @deprecated The Bot Framework no longer has payments. */
  Payment: 'payment',
  MessageBack: 'messageBack',
  OpenApp: 'openApp',
} as const;
export type ActionTypes = (typeof ActionTypes)[keyof typeof ActionTypes];

/** `activity.importance`. */
export const ActivityImportance = { Low: 'low', Normal: 'normal', High: 'high' } as const;
export type ActivityImportance = (typeof ActivityImportance)[keyof typeof ActivityImportance];

/** Names of the events that adapters themselves raise: `activity.name`. */
export const ActivityEventNames = {
  ContinueConversation: 'ContinueConversation',
  CreateConversation: 'CreateConversation',
} as const;
export type ActivityEventNames = (typeof ActivityEventNames)[keyof typeof ActivityEventNames];

/** `activity.action` of a `contactRelationUpdate`. */
export const ContactRelationUpdateActionTypes = { Add: 'add', Remove: 'remove' } as const;
export type ContactRelationUpdateActionTypes =
  (typeof ContactRelationUpdateActionTypes)[keyof typeof ContactRelationUpdateActionTypes];

/** `activity.action` of an `installationUpdate`; Teams also says `add-upgrade` and `remove-upgrade`. */
export const InstallationUpdateActionTypes = { Add: 'add', Remove: 'remove' } as const;
export type InstallationUpdateActionTypes =
  (typeof InstallationUpdateActionTypes)[keyof typeof InstallationUpdateActionTypes];

/** `semanticAction.state`. */
export const SemanticActionStateTypes = { Start: 'start', Continue: 'continue', Done: 'done' } as const;
export type SemanticActionStateTypes = (typeof SemanticActionStateTypes)[keyof typeof SemanticActionStateTypes];

/** HTTP statuses that invoke responses use. */
export const StatusCodes = {
  OK: 200,
  CREATED: 201,
  MULTIPLE_CHOICES: 300,
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  PRECONDITION_FAILED: 412,
  UPGRADE_REQUIRED: 426,
  INTERNAL_SERVER_ERROR: 500,
  NOT_IMPLEMENTED: 501,
  BAD_GATEWAY: 502,
} as const;
export type StatusCodes = (typeof StatusCodes)[keyof typeof StatusCodes];

/** Who called the bot: `activity.callerId`. */
export const CallerIdConstants = {
  PublicAzureChannel: 'urn:botframework:azure',
  USGovChannel: 'urn:botframework:azureusgov',
  BotToBotPrefix: 'urn:botframework:aadappid:',
} as const;

/** What to put into `activity.speak`. */
export const SpeechConstants = {
  EmptySpeakTag: '<speak version="1.0" xmlns="https://www.w3.org/2001/10/synthesis" xml:lang="en-US" />',
} as const;

/** Name of the invoke that brings a sign-in's code. */
export const verifyStateOperationName = 'signin/verifyState';
/** Name of the invoke that brings a token to exchange. */
export const tokenExchangeOperationName = 'signin/tokenExchange';
/** Name of the event that brings a user's token. */
export const tokenResponseEventName = 'tokens/response';

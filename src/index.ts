// What every bot uses.
export { type BotApp, type BotAppOptions, createBotApp } from './app';
export { ActivityHandler, type BotHandler } from './bot/activity-handler';
export { ActivityHandlerBase } from './bot/activity-handler-base';
export type { Bot } from './bot/bot';
export type { TurnErrorHandler } from './bot/bot-adapter';
export { BotState } from './bot/bot-state';
export { ConversationState } from './bot/conversation-state';
export { InvokeException } from './bot/invoke-exception';
export { type Middleware, type MiddlewareHandler, MiddlewareSet } from './bot/middleware';
export { PrivateConversationState } from './bot/private-conversation-state';
export type { StatePropertyAccessor } from './bot/state-property';
export { TurnContext } from './bot/turn-context';
export { RetryableError, TerminalError } from './bot/turn-errors';
export { UserState } from './bot/user-state';
export { TURNS_QUEUE } from './configured';
// What those use who extend it: a store, a channel, a queue or a log of their own, or a test.
export { createMemoryStore } from './memory/memory-store';
export type { Clock } from './ports/clock';
export type { Connector, ConnectorCall, Delivery } from './ports/connector';
export type { Doorbell } from './ports/doorbell';
export type { Authenticated, InboundAuth, InboundRequest, Refusal } from './ports/inbound-auth';
export type { Log } from './ports/log';
export type { DeadLetter, DeadReason, Store } from './ports/store';
export type { RuntimeOptions } from './runtime/options';
export { systemClock } from './runtime/system';
// The words of the Activity schema.
export type { ChannelAccount, ConversationAccount, ConversationReference } from './schema/accounts';
export type { Activity } from './schema/activity';
export type { Attachment, CardAction, SuggestedActions } from './schema/attachments';
export { CardFactory } from './schema/card-factory';
export {
  ActionTypes,
  ActivityEventNames,
  ActivityImportance,
  ActivityTypes,
  AttachmentLayoutTypes,
  CallerIdConstants,
  Channels,
  ContactRelationUpdateActionTypes,
  DeliveryModes,
  EndOfConversationCodes,
  InputHints,
  InstallationUpdateActionTypes,
  MessageReactionTypes,
  RoleTypes,
  SemanticActionStateTypes,
  SpeechConstants,
  StatusCodes,
  TextFormatTypes,
  tokenExchangeOperationName,
  tokenResponseEventName,
  verifyStateOperationName,
} from './schema/constants';
export type { ResourceResponse } from './schema/conversations';
export type { Entity, Mention } from './schema/entities';
export { ERRORS, type ErrorCode, TurnwiseError } from './schema/errors';
export type { InvokeResponse } from './schema/invoke';
export { MessageFactory } from './schema/message-factory';
export { createSqliteStore, type SqliteStoreOptions } from './sqlite/sqlite-store';
export { StoreFault } from './turn/fault';
export type { Timing } from './turn/timing';

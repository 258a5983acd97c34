// What every bot uses.

export { createBotApp } from './app';
export { ActivityHandler, type BotHandler } from './bot/activity-handler';
export { ActivityHandlerBase } from './bot/activity-handler-base';
export type { Bot } from './bot/bot';
export { BotAdapter, type TurnErrorHandler } from './bot/bot-adapter';
export {
  ConfigurationBotFrameworkAuthentication,
  type ConfigurationBotFrameworkAuthenticationOptions,
  ConfigurationServiceClientCredentialFactory,
  type ConfigurationServiceClientCredentialFactoryOptions,
  createBotFrameworkAuthenticationFromConfiguration,
  createServiceClientCredentialFactoryFromConfiguration,
  type SettingsSource,
} from './bot/bot-framework-authentication';
export { BotState, type PropertyManager } from './bot/bot-state';
export { CloudAdapter } from './bot/cloud-adapter';
export { ConversationState } from './bot/conversation-state';
export { EventFactory, HandoffEventNames } from './bot/event-factory';
export { InvokeException } from './bot/invoke-exception';
export { BotCallbackHandlerKey, INVOKE_RESPONSE_KEY } from './bot/keys';
export { type Middleware, type MiddlewareHandler, MiddlewareSet } from './bot/middleware';
export { PrivateConversationState } from './bot/private-conversation-state';
export type { Posted, Proactive } from './bot/proactive';
export type { ReplyStream } from './bot/reply-stream';
export { BotStatePropertyAccessor, type StatePropertyAccessor } from './bot/state-property';
export { StatusCodeError } from './bot/status-code-error';
export { TurnAdapter } from './bot/turn-adapter';
export {
  type DeleteActivityHandler,
  type SendActivitiesHandler,
  TurnContext,
  type UpdateActivityHandler,
} from './bot/turn-context';
export { RetryableError, TerminalError } from './bot/turn-errors';
export { TurnContextStateCollection } from './bot/turn-state';
export { UserState } from './bot/user-state';
export type { WebRequest, WebResponse } from './bot/web-request';
export type { BotApp, BotAppOptions } from './bot-app';
export { createProactive, type StandaloneProactive, TURNS_QUEUE } from './configured';
export type {
  BroadcastProgress,
  ConversationScope,
  KeptRecipient,
  ProactiveContent,
  ProactiveEvent,
  Recipient,
  RecipientQuery,
} from './schema/recipients';

// Middleware that can be put around any bot, and what it works with.

export { AppStorage } from './bot/app-storage';
export { BotStateSet } from './bot/bot-state-set';
export { MemoryStorage } from './bot/memory-storage';
export type { Storage, StoreItem, StoreItems } from './bot/storage';
export { StorageConflictError, StorageIncompleteError } from './bot/storage-errors';
export type { StorageKeyFactory } from './bot/stored-state';
export { AutoSaveStateMiddleware } from './middleware/auto-save-state-middleware';
export {
  type BotPageViewTelemetryClient,
  type BotTelemetryClient,
  BotTelemetryClientKey,
  NullTelemetryClient,
  Severity,
  type TelemetryDependency,
  type TelemetryEvent,
  type TelemetryException,
  type TelemetryPageView,
  type TelemetryTrace,
  telemetryTrackDialogView,
} from './middleware/bot-telemetry-client';
export { ConsoleTranscriptLogger } from './middleware/console-transcript-logger';
export { FileTranscriptStore } from './middleware/file-transcript-store';
export { MemoryTranscriptStore } from './middleware/memory-transcript-store';
export { OpenTelemetryClient } from './middleware/open-telemetry-client';
export { RegisterClassMiddleware, useBotState } from './middleware/register-class-middleware';
export { SetSpeakMiddleware } from './middleware/set-speak-middleware';
export { ShowTypingMiddleware } from './middleware/show-typing-middleware';
export { StorageTranscriptStore } from './middleware/storage-transcript-store';
export { TeamsSSOTokenExchangeMiddleware } from './middleware/teams-sso-token-exchange-middleware';
export { TelemetryLoggerMiddleware } from './middleware/telemetry-logger-middleware';
export type { PagedResult, TranscriptInfo, TranscriptLogger, TranscriptStore } from './middleware/transcript';
export { TranscriptLoggerMiddleware } from './middleware/transcript-logger-middleware';

// What bots for Teams use.

export type {
  O365ConnectorCard,
  O365ConnectorCardActionBase,
  O365ConnectorCardFact,
  O365ConnectorCardImage,
  O365ConnectorCardSection,
} from './schema/cards';
export { ChannelServiceError } from './schema/channel-service-error';
export type {
  BatchFailedEntriesResponse,
  BatchFailedEntry,
  BatchOperationRequest,
  BatchOperationResponse,
  BatchOperationStateResponse,
  TeamsMember,
} from './schema/teams-batches';
export type {
  ChannelInfo,
  ConversationList,
  NotificationInfo,
  OnBehalfOf,
  TeamDetails,
  TeamInfo,
  TeamsChannelAccount,
  TeamsChannelData,
  TeamsChannelDataSettings,
  TeamsMeetingInfo,
  TeamsPagedMembersResult,
  TenantInfo,
} from './schema/teams-channel-data';
export type {
  ActivityImageType,
  O365ConnectorCardActionCard,
  O365ConnectorCardActionQuery,
  O365ConnectorCardActionType,
  O365ConnectorCardDateInput,
  O365ConnectorCardHttpPOST,
  O365ConnectorCardInputBase,
  O365ConnectorCardInputType,
  O365ConnectorCardMultichoiceInput,
  O365ConnectorCardMultichoiceInputChoice,
  O365ConnectorCardOpenUri,
  O365ConnectorCardOpenUriTarget,
  O365ConnectorCardTextInput,
  O365ConnectorCardViewAction,
  Os,
  SigninStateVerificationQuery,
  Style,
} from './schema/teams-connector-cards';
export type {
  Action,
  FileConsentCard,
  FileConsentCardResponse,
  FileDownloadInfo,
  FileDownloadInfoAttachment,
  FileInfoCard,
  FileUploadInfo,
  TeamsAttachment,
} from './schema/teams-files';
export type {
  Meeting,
  MeetingDetails,
  MeetingEndEventDetails,
  MeetingEventDetails,
  MeetingInfo,
  MeetingNotification,
  MeetingNotificationBase,
  MeetingNotificationChannelData,
  MeetingNotificationRecipientFailureInfo,
  MeetingNotificationResponse,
  MeetingParticipantsEventDetails,
  MeetingStageSurface,
  MeetingStartEventDetails,
  MeetingSurface,
  MeetingTabIconSurface,
  TargetedMeetingNotification,
  TargetedMeetingNotificationValue,
  TeamsMeetingMember,
  TeamsMeetingParticipant,
  UserMeetingDetails,
} from './schema/teams-meetings';
export type {
  ApplicationIdentityType,
  ContentType,
  ConversationIdentityType,
  Importance,
  MessageActionsPayload,
  MessageActionsPayloadApp,
  MessageActionsPayloadAttachment,
  MessageActionsPayloadBody,
  MessageActionsPayloadConversation,
  MessageActionsPayloadFrom,
  MessageActionsPayloadMention,
  MessageActionsPayloadReaction,
  MessageActionsPayloadUser,
  MessageType,
  ReactionType,
  UserIdentityType,
} from './schema/teams-message-payload';
export type {
  AppBasedLinkQuery,
  AttachmentLayout,
  BotMessagePreviewActionType,
  CommandContext,
  MessagingExtensionAction,
  MessagingExtensionActionResponse,
  MessagingExtensionAttachment,
  MessagingExtensionParameter,
  MessagingExtensionQuery,
  MessagingExtensionQueryOptions,
  MessagingExtensionResponse,
  MessagingExtensionResult,
  MessagingExtensionResultType,
  MessagingExtensionSuggestedAction,
} from './schema/teams-messaging-extensions';
export type {
  BotConfigAuth,
  BotMessagePreviewType,
  CacheInfo,
  ConfigResponse,
  ConfigResponseConfig,
  TabContext,
  TabEntityContext,
  TabRequest,
  TabResponse,
  TabResponseCard,
  TabResponseCards,
  TabResponsePayload,
  TabSubmit,
  TabSubmitData,
  TabSuggestedActions,
  TaskModuleCardResponse,
  TaskModuleContinueResponse,
  TaskModuleMessageResponse,
  TaskModuleRequest,
  TaskModuleRequestContext,
  TaskModuleResponse,
  TaskModuleResponseBase,
  TaskModuleTaskInfo,
} from './schema/teams-task-modules';
export {
  teamsGetChannelId,
  teamsGetSelectedChannelId,
  teamsGetTeamId,
  teamsGetTeamInfo,
  teamsGetTeamMeetingInfo,
  teamsGetTeamOnBehalfOf,
  teamsGetTenant,
  teamsNotifyUser,
} from './teams/channel-data';
export { ReadReceiptInfo } from './teams/read-receipt-info';
export {
  TeamsActivityHandler,
  type TeamsChannelHandler,
  type TeamsHandler,
  type TeamsMembersHandler,
} from './teams/teams-activity-handler';
export { TeamsInfo } from './teams/teams-info';

// What those use who extend it: a store, a channel, a queue or a log of their own, or a test.

export { createMemoryStore } from './memory/memory-store';
export type { Clock } from './ports/clock';
export type { Connector, ConnectorCall, Delivery } from './ports/connector';
export type {
  AttachmentsService,
  BatchAudience,
  ConnectorClient,
  ConnectorClients,
  ConversationsService,
  PageOptions,
  TeamsBatchService,
  TeamsService,
} from './ports/connector-client';
export type { Doorbell } from './ports/doorbell';
export type { Admission, Authenticated, InboundAuth, InboundRequest, Pinned, Refusal } from './ports/inbound-auth';
export type { Lifetimes } from './ports/lifetimes';
export type { Log } from './ports/log';
export type { DeadLetter, DeadReason, Store } from './ports/store';
export type { Attributes, Metric, Span, SpanStart, Telemetry, Traceparent } from './ports/telemetry';
export type { UserTokenClient, UserTokenClients } from './ports/user-token-client';
export type { InvokeId } from './runtime/activity-keys';
export type { RuntimeOptions } from './runtime/options';
export { systemClock } from './runtime/system';

// The words of the Activity schema.

export type { ChannelAccount, ConversationAccount, ConversationReference, NamedAccount } from './schema/accounts';
export type {
  Activity,
  CommandResultValue,
  CommandValue,
  MessageReaction,
  ReceivedActivity,
  SemanticAction,
  TextHighlight,
} from './schema/activity';
export { ActivityFactory } from './schema/activity-factory';
export type {
  Attachment,
  AttachmentData,
  AttachmentInfo,
  AttachmentView,
  CardAction,
  SuggestedActions,
} from './schema/attachments';
export { CardFactory } from './schema/card-factory';
export type {
  AnimationCard,
  AudioCard,
  BasicCard,
  CardImage,
  Fact,
  HeroCard,
  MediaCard,
  MediaEventValue,
  MediaUrl,
  OAuthCard,
  ReceiptCard,
  ReceiptItem,
  SigninCard,
  ThumbnailCard,
  ThumbnailUrl,
  VideoCard,
} from './schema/cards';
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
export type {
  ConversationMembers,
  ConversationParameters,
  ConversationResourceResponse,
  ConversationsResult,
  ExpectedReplies,
  PagedMembersResult,
  ResourceResponse,
  Transcript,
} from './schema/conversations';
export type { Entity, GeoCoordinates, Mention, Place, Thing } from './schema/entities';
export { ERRORS, type ErrorCode, TurnwiseError } from './schema/errors';
export type {
  AdaptiveCardInvokeAction,
  AdaptiveCardInvokeResponse,
  AdaptiveCardInvokeValue,
  InvokeResponse,
  SearchInvokeOptions,
  SearchInvokeResponse,
  SearchInvokeValue,
} from './schema/invoke';
export { MessageFactory } from './schema/message-factory';
export type {
  SignInUrlResponse,
  TokenExchangeInvokeRequest,
  TokenExchangeInvokeResponse,
  TokenExchangeRequest,
  TokenExchangeResource,
  TokenExchangeState,
  TokenPostResource,
  TokenRequest,
  TokenResponse,
  TokenStatus,
} from './schema/tokens';
export { createSqliteStore, type SqliteStoreOptions } from './sqlite/sqlite-store';
export { StoreFault } from './turn/fault';
export type { Timing } from './turn/timing';

import { expect, test } from '@jest/globals';
import type * as Theirs from 'botframework-schema';
import type * as Ours from '../../src/index';

/** The names of properties, without the index signature that ours have. */
type Names<T> = keyof {
  [Name in keyof T as string extends Name ? never : number extends Name ? never : Name]: T[Name];
};

/** The properties that only one of two types has. */
type Difference<A, B> = Exclude<Names<A>, Names<B>> | Exclude<Names<B>, Names<A>>;

/** The words that only one of two unions has. */
type Wider<A, B> = Exclude<A, B> | Exclude<B, A>;

/** Every type that the Bot Framework publishes for Teams, and how ours differs. The compiler holds this: each must be `never`. */
interface Differences {
  AppBasedLinkQuery: Difference<Ours.AppBasedLinkQuery, Theirs.AppBasedLinkQuery>;
  BatchFailedEntriesResponse: Difference<Ours.BatchFailedEntriesResponse, Theirs.BatchFailedEntriesResponse>;
  BatchFailedEntry: Difference<Ours.BatchFailedEntry, Theirs.BatchFailedEntry>;
  BatchOperationRequest: Difference<Ours.BatchOperationRequest, Theirs.BatchOperationRequest>;
  BatchOperationResponse: Difference<Ours.BatchOperationResponse, Theirs.BatchOperationResponse>;
  BatchOperationStateResponse: Difference<Ours.BatchOperationStateResponse, Theirs.BatchOperationStateResponse>;
  BotConfigAuth: Difference<Ours.BotConfigAuth, Theirs.BotConfigAuth>;
  CacheInfo: Difference<Ours.CacheInfo, Theirs.CacheInfo>;
  ChannelInfo: Difference<Ours.ChannelInfo, Theirs.ChannelInfo>;
  ConfigResponse: Difference<Ours.ConfigResponse, Theirs.ConfigResponse>;
  ConversationList: Difference<Ours.ConversationList, Theirs.ConversationList>;
  FileConsentCard: Difference<Ours.FileConsentCard, Theirs.FileConsentCard>;
  FileConsentCardResponse: Difference<Ours.FileConsentCardResponse, Theirs.FileConsentCardResponse>;
  FileDownloadInfo: Difference<Ours.FileDownloadInfo, Theirs.FileDownloadInfo>;
  FileInfoCard: Difference<Ours.FileInfoCard, Theirs.FileInfoCard>;
  FileUploadInfo: Difference<Ours.FileUploadInfo, Theirs.FileUploadInfo>;
  Meeting: Difference<Ours.Meeting, Theirs.Meeting>;
  MeetingDetails: Difference<Ours.MeetingDetails, Theirs.MeetingDetails>;
  MeetingEndEventDetails: Difference<Ours.MeetingEndEventDetails, Theirs.MeetingEndEventDetails>;
  MeetingEventDetails: Difference<Ours.MeetingEventDetails, Theirs.MeetingEventDetails>;
  MeetingInfo: Difference<Ours.MeetingInfo, Theirs.MeetingInfo>;
  MeetingNotificationBase: Difference<Ours.MeetingNotificationBase<unknown>, Theirs.MeetingNotificationBase<unknown>>;
  MeetingNotificationChannelData: Difference<
    Ours.MeetingNotificationChannelData,
    Theirs.MeetingNotificationChannelData
  >;
  MeetingNotificationRecipientFailureInfo: Difference<
    Ours.MeetingNotificationRecipientFailureInfo,
    Theirs.MeetingNotificationRecipientFailureInfo
  >;
  MeetingNotificationResponse: Difference<Ours.MeetingNotificationResponse, Theirs.MeetingNotificationResponse>;
  MeetingParticipantsEventDetails: Difference<
    Ours.MeetingParticipantsEventDetails,
    Theirs.MeetingParticipantsEventDetails
  >;
  MeetingStageSurface: Difference<Ours.MeetingStageSurface<unknown>, Theirs.MeetingStageSurface<unknown>>;
  MeetingStartEventDetails: Difference<Ours.MeetingStartEventDetails, Theirs.MeetingStartEventDetails>;
  MeetingTabIconSurface: Difference<Ours.MeetingTabIconSurface, Theirs.MeetingTabIconSurface>;
  MessageActionsPayload: Difference<Ours.MessageActionsPayload, Theirs.MessageActionsPayload>;
  MessageActionsPayloadApp: Difference<Ours.MessageActionsPayloadApp, Theirs.MessageActionsPayloadApp>;
  MessageActionsPayloadAttachment: Difference<
    Ours.MessageActionsPayloadAttachment,
    Theirs.MessageActionsPayloadAttachment
  >;
  MessageActionsPayloadBody: Difference<Ours.MessageActionsPayloadBody, Theirs.MessageActionsPayloadBody>;
  MessageActionsPayloadConversation: Difference<
    Ours.MessageActionsPayloadConversation,
    Theirs.MessageActionsPayloadConversation
  >;
  MessageActionsPayloadFrom: Difference<Ours.MessageActionsPayloadFrom, Theirs.MessageActionsPayloadFrom>;
  MessageActionsPayloadMention: Difference<Ours.MessageActionsPayloadMention, Theirs.MessageActionsPayloadMention>;
  MessageActionsPayloadReaction: Difference<Ours.MessageActionsPayloadReaction, Theirs.MessageActionsPayloadReaction>;
  MessageActionsPayloadUser: Difference<Ours.MessageActionsPayloadUser, Theirs.MessageActionsPayloadUser>;
  MessagingExtensionAction: Difference<Ours.MessagingExtensionAction, Theirs.MessagingExtensionAction>;
  MessagingExtensionActionResponse: Difference<
    Ours.MessagingExtensionActionResponse,
    Theirs.MessagingExtensionActionResponse
  >;
  MessagingExtensionAttachment: Difference<Ours.MessagingExtensionAttachment, Theirs.MessagingExtensionAttachment>;
  MessagingExtensionParameter: Difference<Ours.MessagingExtensionParameter, Theirs.MessagingExtensionParameter>;
  MessagingExtensionQuery: Difference<Ours.MessagingExtensionQuery, Theirs.MessagingExtensionQuery>;
  MessagingExtensionQueryOptions: Difference<
    Ours.MessagingExtensionQueryOptions,
    Theirs.MessagingExtensionQueryOptions
  >;
  MessagingExtensionResponse: Difference<Ours.MessagingExtensionResponse, Theirs.MessagingExtensionResponse>;
  MessagingExtensionResult: Difference<Ours.MessagingExtensionResult, Theirs.MessagingExtensionResult>;
  MessagingExtensionSuggestedAction: Difference<
    Ours.MessagingExtensionSuggestedAction,
    Theirs.MessagingExtensionSuggestedAction
  >;
  NotificationInfo: Difference<Ours.NotificationInfo, Theirs.NotificationInfo>;
  O365ConnectorCard: Difference<Ours.O365ConnectorCard, Theirs.O365ConnectorCard>;
  O365ConnectorCardActionBase: Difference<Ours.O365ConnectorCardActionBase, Theirs.O365ConnectorCardActionBase>;
  O365ConnectorCardActionCard: Difference<Ours.O365ConnectorCardActionCard, Theirs.O365ConnectorCardActionCard>;
  O365ConnectorCardActionQuery: Difference<Ours.O365ConnectorCardActionQuery, Theirs.O365ConnectorCardActionQuery>;
  O365ConnectorCardDateInput: Difference<Ours.O365ConnectorCardDateInput, Theirs.O365ConnectorCardDateInput>;
  O365ConnectorCardFact: Difference<Ours.O365ConnectorCardFact, Theirs.O365ConnectorCardFact>;
  O365ConnectorCardHttpPOST: Difference<Ours.O365ConnectorCardHttpPOST, Theirs.O365ConnectorCardHttpPOST>;
  O365ConnectorCardImage: Difference<Ours.O365ConnectorCardImage, Theirs.O365ConnectorCardImage>;
  O365ConnectorCardInputBase: Difference<Ours.O365ConnectorCardInputBase, Theirs.O365ConnectorCardInputBase>;
  O365ConnectorCardMultichoiceInput: Difference<
    Ours.O365ConnectorCardMultichoiceInput,
    Theirs.O365ConnectorCardMultichoiceInput
  >;
  O365ConnectorCardMultichoiceInputChoice: Difference<
    Ours.O365ConnectorCardMultichoiceInputChoice,
    Theirs.O365ConnectorCardMultichoiceInputChoice
  >;
  O365ConnectorCardOpenUri: Difference<Ours.O365ConnectorCardOpenUri, Theirs.O365ConnectorCardOpenUri>;
  O365ConnectorCardOpenUriTarget: Difference<
    Ours.O365ConnectorCardOpenUriTarget,
    Theirs.O365ConnectorCardOpenUriTarget
  >;
  O365ConnectorCardSection: Difference<Ours.O365ConnectorCardSection, Theirs.O365ConnectorCardSection>;
  O365ConnectorCardTextInput: Difference<Ours.O365ConnectorCardTextInput, Theirs.O365ConnectorCardTextInput>;
  O365ConnectorCardViewAction: Difference<Ours.O365ConnectorCardViewAction, Theirs.O365ConnectorCardViewAction>;
  OnBehalfOf: Difference<Ours.OnBehalfOf, Theirs.OnBehalfOf>;
  SigninStateVerificationQuery: Difference<Ours.SigninStateVerificationQuery, Theirs.SigninStateVerificationQuery>;
  TabContext: Difference<Ours.TabContext, Theirs.TabContext>;
  TabEntityContext: Difference<Ours.TabEntityContext, Theirs.TabEntityContext>;
  TabRequest: Difference<Ours.TabRequest, Theirs.TabRequest>;
  TabResponse: Difference<Ours.TabResponse, Theirs.TabResponse>;
  TabResponseCard: Difference<Ours.TabResponseCard, Theirs.TabResponseCard>;
  TabResponseCards: Difference<Ours.TabResponseCards, Theirs.TabResponseCards>;
  TabResponsePayload: Difference<Ours.TabResponsePayload, Theirs.TabResponsePayload>;
  TabSubmit: Difference<Ours.TabSubmit, Theirs.TabSubmit>;
  TabSubmitData: Difference<Ours.TabSubmitData, Theirs.TabSubmitData>;
  TabSuggestedActions: Difference<Ours.TabSuggestedActions, Theirs.TabSuggestedActions>;
  TargetedMeetingNotification: Difference<Ours.TargetedMeetingNotification, Theirs.TargetedMeetingNotification>;
  TargetedMeetingNotificationValue: Difference<
    Ours.TargetedMeetingNotificationValue,
    Theirs.TargetedMeetingNotificationValue
  >;
  TaskModuleCardResponse: Difference<Ours.TaskModuleCardResponse, Theirs.TaskModuleCardResponse>;
  TaskModuleContinueResponse: Difference<Ours.TaskModuleContinueResponse, Theirs.TaskModuleContinueResponse>;
  TaskModuleMessageResponse: Difference<Ours.TaskModuleMessageResponse, Theirs.TaskModuleMessageResponse>;
  TaskModuleRequest: Difference<Ours.TaskModuleRequest, Theirs.TaskModuleRequest>;
  TaskModuleRequestContext: Difference<Ours.TaskModuleRequestContext, Theirs.TaskModuleRequestContext>;
  TaskModuleResponse: Difference<Ours.TaskModuleResponse, Theirs.TaskModuleResponse>;
  TaskModuleResponseBase: Difference<Ours.TaskModuleResponseBase, Theirs.TaskModuleResponseBase>;
  TaskModuleTaskInfo: Difference<Ours.TaskModuleTaskInfo, Theirs.TaskModuleTaskInfo>;
  TeamDetails: Difference<Ours.TeamDetails, Theirs.TeamDetails>;
  TeamInfo: Difference<Ours.TeamInfo, Theirs.TeamInfo>;
  TeamsAttachment: Difference<Ours.TeamsAttachment<unknown>, Theirs.TeamsAttachment<unknown>>;
  TeamsChannelAccount: Difference<Ours.TeamsChannelAccount, Theirs.TeamsChannelAccount>;
  TeamsChannelData: Difference<Ours.TeamsChannelData, Theirs.TeamsChannelData>;
  TeamsChannelDataSettings: Difference<Ours.TeamsChannelDataSettings, Theirs.TeamsChannelDataSettings>;
  TeamsMeetingInfo: Difference<Ours.TeamsMeetingInfo, Theirs.TeamsMeetingInfo>;
  TeamsMeetingMember: Difference<Ours.TeamsMeetingMember, Theirs.TeamsMeetingMember>;
  TeamsMeetingParticipant: Difference<Ours.TeamsMeetingParticipant, Theirs.TeamsMeetingParticipant>;
  TeamsPagedMembersResult: Difference<Ours.TeamsPagedMembersResult, Theirs.TeamsPagedMembersResult>;
  TenantInfo: Difference<Ours.TenantInfo, Theirs.TenantInfo>;
  UserMeetingDetails: Difference<Ours.UserMeetingDetails, Theirs.UserMeetingDetails>;
  Action: Wider<Ours.Action, Theirs.Action>;
  ActivityImageType: Wider<Ours.ActivityImageType, Theirs.ActivityImageType>;
  ApplicationIdentityType: Wider<Ours.ApplicationIdentityType, Theirs.ApplicationIdentityType>;
  AttachmentLayout: Wider<Ours.AttachmentLayout, Theirs.AttachmentLayout>;
  BotMessagePreviewActionType: Wider<Ours.BotMessagePreviewActionType, Theirs.BotMessagePreviewActionType>;
  BotMessagePreviewType: Wider<Ours.BotMessagePreviewType, Theirs.BotMessagePreviewType>;
  CommandContext: Wider<Ours.CommandContext, Theirs.CommandContext>;
  ContentType: Wider<Ours.ContentType, Theirs.ContentType>;
  ConversationIdentityType: Wider<Ours.ConversationIdentityType, Theirs.ConversationIdentityType>;
  Importance: Wider<Ours.Importance, Theirs.Importance>;
  MessageType: Wider<Ours.MessageType, Theirs.MessageType>;
  MessagingExtensionResultType: Wider<Ours.MessagingExtensionResultType, Theirs.MessagingExtensionResultType>;
  O365ConnectorCardActionType: Wider<Ours.O365ConnectorCardActionType, Theirs.O365ConnectorCardActionType>;
  O365ConnectorCardInputType: Wider<Ours.O365ConnectorCardInputType, Theirs.O365ConnectorCardInputType>;
  Os: Wider<Ours.Os, Theirs.Os>;
  ReactionType: Wider<Ours.ReactionType, Theirs.ReactionType>;
  Style: Wider<Ours.Style, Theirs.Style>;
  UserIdentityType: Wider<Ours.UserIdentityType, Theirs.UserIdentityType>;
}

type Differing = { [Name in keyof Differences]: [Differences[Name]] extends [never] ? never : Name }[keyof Differences];

test('the types of Teams have the properties that the Bot Framework publishes', () => {
  const differing: [Differing] extends [never] ? 'none' : Differing = 'none';
  expect(differing).toBe('none');
});

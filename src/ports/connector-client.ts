import type { NamedAccount } from '../schema/accounts';
import type { Activity } from '../schema/activity';
import type { AttachmentData, AttachmentInfo } from '../schema/attachments';
import type {
  ConversationParameters,
  ConversationResourceResponse,
  PagedMembersResult,
  ResourceResponse,
} from '../schema/conversations';
import type {
  BatchFailedEntriesResponse,
  BatchOperationRequest,
  BatchOperationResponse,
  BatchOperationStateResponse,
} from '../schema/teams-batches';
import type { ConversationList, TeamDetails } from '../schema/teams-channel-data';
import type {
  MeetingInfo,
  MeetingNotification,
  MeetingNotificationResponse,
  TeamsMeetingParticipant,
} from '../schema/teams-meetings';

/**
 * Who is in a conversation, and new conversations. The methods have the names they have in the Bot Framework's client, because bots call
 * them: they find the client in `turnState`.
 */
export interface ConversationsService {
  getConversationMembers(conversationId: string): Promise<NamedAccount[]>;
  getConversationMember(conversationId: string, memberId: string): Promise<NamedAccount>;
  getConversationPagedMembers(conversationId: string, options?: PageOptions): Promise<PagedMembersResult>;
  getActivityMembers(conversationId: string, activityId: string): Promise<NamedAccount[]>;
  deleteConversationMember(conversationId: string, memberId: string): Promise<void>;
  createConversation(parameters: ConversationParameters): Promise<ConversationResourceResponse>;
  /** Has the channel keep a file. @returns its id, for {@link AttachmentsService} and addresses of content */
  uploadAttachment(conversationId: string, attachment: AttachmentData): Promise<ResourceResponse>;
  /**
   * Sends at once, and again when the turn runs again: unlike `context.sendActivity`, it is no effect of the turn, not in order with those that are, and not
   * repeated when it fails. So are the three below. Ids are the channel's own.
   */
  sendToConversation(conversationId: string, activity: Partial<Activity>): Promise<ResourceResponse>;
  replyToActivity(conversationId: string, activityId: string, activity: Partial<Activity>): Promise<ResourceResponse>;
  updateActivity(conversationId: string, activityId: string, activity: Partial<Activity>): Promise<ResourceResponse>;
  deleteActivity(conversationId: string, activityId: string): Promise<void>;
}

/** Files that channels keep for bots. At most 8 MB each. */
export interface AttachmentsService {
  getAttachmentInfo(attachmentId: string): Promise<AttachmentInfo>;
  /** @param viewId `original`, `thumbnail`, or what the information says */
  getAttachment(attachmentId: string, viewId: string): Promise<Uint8Array>;
}

/** Which page, and how large. */
export interface PageOptions {
  readonly pageSize?: number;
  readonly continuationToken?: string;
}

/** What Teams tells of teams and meetings. */
export interface TeamsService {
  fetchChannelList(teamId: string): Promise<ConversationList>;
  fetchTeamDetails(teamId: string): Promise<TeamDetails>;
  fetchMeetingInfo(meetingId: string): Promise<MeetingInfo>;
  fetchMeetingParticipant(
    meetingId: string,
    participantId: string,
    options?: { readonly tenantId?: string },
  ): Promise<TeamsMeetingParticipant>;
  sendMeetingNotification(meetingId: string, notification: MeetingNotification): Promise<MeetingNotificationResponse>;
}

/** To whom a batch goes. */
export type BatchAudience = 'users' | 'tenant' | 'team' | 'channels';

/** Messages to many at once, sent by Teams in its own time. */
export interface TeamsBatchService {
  send(audience: BatchAudience, request: BatchOperationRequest): Promise<BatchOperationResponse>;
  state(operationId: string): Promise<BatchOperationStateResponse>;
  failedEntries(operationId: string, continuationToken?: string): Promise<BatchFailedEntriesResponse>;
  cancel(operationId: string): Promise<void>;
}

/**
 * The calls to one channel's service that are rare and need their answer at once. A bot sends through its context, which makes effects of the turn of it
 * (`Connector`); what is sent here is not. A context has one in `turnState`, under its adapter's `ConnectorClientKey`.
 *
 * A call runs when it is made, outside the turn's transaction, and again when the turn runs again. One call is one attempt, with a
 * time limit of its own. All methods reject with `ChannelServiceError` when the service refuses or does not answer, and
 * with a `TurnwiseError` when no call was made because the address is not trusted or there is no token.
 */
export interface ConnectorClient {
  /** The base address of the service. */
  readonly baseUri: string;
  readonly conversations: ConversationsService;
  readonly attachments: AttachmentsService;
  readonly teams: TeamsService;
  readonly batches: TeamsBatchService;
}

/** Makes clients. Making one costs nothing and calls nobody, so that every turn can have one. */
export interface ConnectorClients {
  /** A client for the service at `serviceUrl`; its calls end early when `signal` aborts. */
  client(serviceUrl: string, signal?: AbortSignal): ConnectorClient;
}

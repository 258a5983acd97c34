import type {
  AttachmentsService,
  BatchAudience,
  ConnectorClient,
  ConnectorClients,
  ConversationsService,
  TeamsBatchService,
  TeamsService,
} from '../ports/connector-client';
import type { NamedAccount } from '../schema/accounts';
import type { AttachmentData, AttachmentInfo } from '../schema/attachments';
import type { ConversationResourceResponse, PagedMembersResult, ResourceResponse } from '../schema/conversations';
import type {
  BatchFailedEntriesResponse,
  BatchOperationResponse,
  BatchOperationStateResponse,
} from '../schema/teams-batches';
import type { ConversationList, TeamDetails } from '../schema/teams-channel-data';
import type { MeetingInfo, MeetingNotificationResponse, TeamsMeetingParticipant } from '../schema/teams-meetings';
import type { ServiceRequest, ServiceRequests } from './service-request';

/** One call, whose answer is of the type that the API's documentation says. */
type Call = <T>(request: ServiceRequest) => Promise<T>;

const BATCH = ['v3', 'batch', 'conversation'] as const;

/** Clients on the Bot Connector's REST API, version 3, and the one of Teams beside it. */
export function createConnectorClients(requests: ServiceRequests): ConnectorClients {
  return {
    client(serviceUrl, signal) {
      const call: Call = async <T>(request: ServiceRequest) => (await requests.run(serviceUrl, request, signal)) as T;
      return clientOf(serviceUrl, call);
    },
  };
}

function clientOf(baseUri: string, call: Call): ConnectorClient {
  return {
    baseUri,
    conversations: conversationsOf(call),
    attachments: attachmentsOf(call),
    teams: teamsOf(call),
    batches: batchesOf(call),
  };
}

/** Bytes, as JSON has them. */
function inBase64({ originalBase64, thumbnailBase64, ...about }: AttachmentData): object {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const thumbnail = thumbnailBase64 === undefined ? {} : { thumbnailBase64: text(thumbnailBase64) };
  return { ...about, originalBase64: text(originalBase64), ...thumbnail };
}

function attachmentsOf(call: Call): AttachmentsService {
  const root = ['v3', 'attachments'] as const;
  return {
    getAttachmentInfo: (attachmentId) => call<AttachmentInfo>({ method: 'GET', path: [...root, attachmentId] }),
    getAttachment: (attachmentId, viewId) =>
      call<Uint8Array>({ method: 'GET', path: [...root, attachmentId, 'views', viewId], answer: 'bytes' }),
  };
}

function conversationsOf(call: Call): ConversationsService {
  const root = ['v3', 'conversations'] as const;
  const activityPath = (conversationId: string, activityId: string) => [
    ...root,
    conversationId,
    'activities',
    activityId,
  ];
  return {
    getConversationMembers: (conversationId) =>
      call<NamedAccount[]>({ method: 'GET', path: [...root, conversationId, 'members'] }),
    getConversationMember: (conversationId, memberId) =>
      call<NamedAccount>({ method: 'GET', path: [...root, conversationId, 'members', memberId] }),
    getConversationPagedMembers: (conversationId, { pageSize, continuationToken } = {}) =>
      call<PagedMembersResult>({
        method: 'GET',
        path: [...root, conversationId, 'pagedmembers'],
        query: { pageSize, continuationToken },
      }),
    getActivityMembers: (conversationId, activityId) =>
      call<NamedAccount[]>({ method: 'GET', path: [...root, conversationId, 'activities', activityId, 'members'] }),
    async deleteConversationMember(conversationId, memberId) {
      await call({ method: 'DELETE', path: [...root, conversationId, 'members', memberId] });
    },
    uploadAttachment: (conversationId, attachment) =>
      call<ResourceResponse>({
        method: 'POST',
        path: [...root, conversationId, 'attachments'],
        body: inBase64(attachment),
      }),
    createConversation: (parameters) =>
      call<ConversationResourceResponse>({ method: 'POST', path: root, body: parameters }),
    sendToConversation: (conversationId, activity) =>
      call<ResourceResponse>({ method: 'POST', path: [...root, conversationId, 'activities'], body: activity }),
    replyToActivity: (conversationId, activityId, activity) =>
      call<ResourceResponse>({ method: 'POST', path: activityPath(conversationId, activityId), body: activity }),
    updateActivity: (conversationId, activityId, activity) =>
      call<ResourceResponse>({ method: 'PUT', path: activityPath(conversationId, activityId), body: activity }),
    async deleteActivity(conversationId, activityId) {
      await call({ method: 'DELETE', path: activityPath(conversationId, activityId) });
    },
  };
}

function teamsOf(call: Call): TeamsService {
  return {
    fetchChannelList: (teamId) =>
      call<ConversationList>({ method: 'GET', path: ['v3', 'teams', teamId, 'conversations'] }),
    fetchTeamDetails: (teamId) => call<TeamDetails>({ method: 'GET', path: ['v3', 'teams', teamId] }),
    async fetchMeetingInfo(meetingId) {
      const info = await call<MeetingInfo>({ method: 'GET', path: ['v1', 'meetings', meetingId] });
      if (info?.details) withDates(info.details, ['scheduledStartTime', 'scheduledEndTime']);
      return info;
    },
    fetchMeetingParticipant: (meetingId, participantId, { tenantId } = {}) =>
      call<TeamsMeetingParticipant>({
        method: 'GET',
        path: ['v1', 'meetings', meetingId, 'participants', participantId],
        query: { tenantId },
      }),
    // An empty answer says that everybody was reached.
    sendMeetingNotification: async (meetingId, notification) =>
      (await call<MeetingNotificationResponse | undefined>({
        method: 'POST',
        path: ['v1', 'meetings', meetingId, 'notification'],
        body: notification,
      })) ?? {},
  };
}

function batchesOf(call: Call): TeamsBatchService {
  return {
    send: (audience: BatchAudience, request) =>
      call<BatchOperationResponse>({ method: 'POST', path: [...BATCH, audience], body: request }),
    async state(operationId) {
      const state = await call<BatchOperationStateResponse>({ method: 'GET', path: [...BATCH, operationId] });
      return withDates(state, ['retryAfter']);
    },
    failedEntries: (operationId, continuationToken) =>
      call<BatchFailedEntriesResponse>({
        method: 'GET',
        path: [...BATCH, 'failedentries', operationId],
        query: { continuationToken },
      }),
    async cancel(operationId) {
      await call({ method: 'DELETE', path: [...BATCH, operationId] });
    },
  };
}

/** Makes dates of texts that are dates: what bots get of these properties from the Bot Framework SDK. */
function withDates<T extends object>(answer: T, names: readonly string[]): T {
  const properties = answer as Record<string, unknown>;
  for (const name of names) {
    const text = properties?.[name];
    if (typeof text === 'string' && Number.isFinite(Date.parse(text))) properties[name] = new Date(text);
  }
  return answer;
}

import type { TurnContext } from '../bot/turn-context';
import type { BatchAudience, PageOptions } from '../ports/connector-client';
import type { ConversationReference, NamedAccount } from '../schema/accounts';
import type { Activity } from '../schema/activity';
import { Channels } from '../schema/constants';
import type { ConversationParameters, PagedMembersResult } from '../schema/conversations';
import type {
  BatchFailedEntriesResponse,
  BatchOperationRequest,
  BatchOperationResponse,
  BatchOperationStateResponse,
  TeamsMember,
} from '../schema/teams-batches';
import type {
  ChannelInfo,
  TeamDetails,
  TeamsChannelAccount,
  TeamsPagedMembersResult,
} from '../schema/teams-channel-data';
import type {
  MeetingInfo,
  MeetingNotification,
  MeetingNotificationResponse,
  TeamsMeetingParticipant,
} from '../schema/teams-meetings';
import { teamsChannelData, teamsGetTeamMeetingInfo, teamsGetTenant } from './channel-data';
import { connectorClientOf } from './connector-client-of';

/**
 * Asks Teams, and has Teams do things that are no replies. Every call is made at once, outside the turn's transaction, and is made
 * again when the turn runs again; wrap one that must not be repeated in `context.step`.
 *
 * Calls reject with `ChannelServiceError` when Teams refuses: its `statusCode` and `code` say why.
 */
export const TeamsInfo = {
  /** A participant of a meeting. Unless given: the activity's meeting, its sender and its tenant. */
  async getMeetingParticipant(
    context: TurnContext,
    meetingId?: string,
    participantId?: string,
    tenantId?: string | null,
  ): Promise<TeamsMeetingParticipant> {
    if (!context) throw new Error('context is required.');
    const { activity } = context;
    const meeting = required(meetingId ?? teamsGetTeamMeetingInfo(activity)?.id, 'meetingId is required.');
    const participant = required(participantId ?? activity.from?.aadObjectId, 'participantId is required.');
    // `null` asks for no tenant at all.
    const tenant = tenantId === undefined ? teamsGetTenant(activity)?.id : tenantId;
    const { teams } = connectorClientOf(context);
    return teams.fetchMeetingParticipant(meeting, participant, tenant ? { tenantId: tenant } : {});
  },

  /** A meeting: unless given, that of the activity. */
  async getMeetingInfo(context: TurnContext, meetingId?: string): Promise<MeetingInfo> {
    if (!context) throw new Error('context is required.');
    const id = meetingId ?? teamsGetTeamMeetingInfo(context.activity)?.id;
    const meeting = required(id, 'meetingId or TurnContext containing meetingId is required.');
    return connectorClientOf(context).teams.fetchMeetingInfo(meeting);
  },

  /** Notifies participants in a meeting: unless given, that of the activity. */
  async sendMeetingNotification(
    context: TurnContext,
    notification: MeetingNotification,
    meetingId?: string,
  ): Promise<MeetingNotificationResponse> {
    const meeting = required(meetingId ?? teamsGetTeamMeetingInfo(context.activity)?.id, 'meetingId is required.');
    return connectorClientOf(context).teams.sendMeetingNotification(meeting, notification);
  },

  /** A team: unless given, that of the activity. */
  async getTeamDetails(context: TurnContext, teamId?: string): Promise<TeamDetails> {
    const team = teamOf(context, teamId);
    return connectorClientOf(context).teams.fetchTeamDetails(team);
  },

  /** The channels of a team: unless given, that of the activity. */
  async getTeamChannels(context: TurnContext, teamId?: string): Promise<ChannelInfo[]> {
    const team = teamOf(context, teamId);
    const { conversations } = await connectorClientOf(context).teams.fetchChannelList(team);
    return conversations ?? [];
  },

  /**
   * Begins a new thread in a channel.
   * @param _botAppId is not needed here: the bot has one app id
   * @returns a reference to the thread, and the id of its first message
   */
  async sendMessageToTeamsChannel(
    context: TurnContext,
    activity: Partial<Activity>,
    teamsChannelId: string,
    _botAppId?: string,
  ): Promise<[ConversationReference, string]> {
    if (!context) throw new Error('TurnContext cannot be null');
    if (!activity) throw new Error('Activity cannot be null');
    const channel = required(teamsChannelId, 'The teamsChannelId cannot be null or empty');
    const parameters: ConversationParameters = {
      isGroup: true,
      channelData: { channel: { id: channel } },
      activity,
    };
    const { serviceUrl, recipient } = context.activity;
    const { id, activityId } = await connectorClientOf(context).conversations.createConversation(parameters);
    const first = activityId ?? id;
    const reference: ConversationReference = {
      activityId: first,
      bot: { ...recipient },
      channelId: Channels.Msteams,
      conversation: { id, isGroup: true },
      serviceUrl,
    };
    return [reference, first];
  },

  /** The members of the activity's team, or else of its conversation. Deprecated by Teams in favour of {@link getPagedMembers}. */
  async getMembers(context: TurnContext): Promise<TeamsChannelAccount[]> {
    return members(context, teamIdOf(context) ?? conversationIdOf(context));
  },

  /** The members of a team: unless given, that of the activity. */
  async getTeamMembers(context: TurnContext, teamId?: string): Promise<TeamsChannelAccount[]> {
    return members(context, teamOf(context, teamId));
  },

  /** A page of the members of the activity's team, or else of its conversation. */
  async getPagedMembers(
    context: TurnContext,
    pageSize?: number,
    continuationToken?: string,
  ): Promise<TeamsPagedMembersResult> {
    return pagedMembers(context, teamIdOf(context) ?? conversationIdOf(context), pageSize, continuationToken);
  },

  /** A page of the members of a team: unless given, that of the activity. */
  async getPagedTeamMembers(
    context: TurnContext,
    teamId?: string,
    pageSize?: number,
    continuationToken?: string,
  ): Promise<TeamsPagedMembersResult> {
    return pagedMembers(context, teamOf(context, teamId), pageSize, continuationToken);
  },

  /** A member of the activity's team, or else of its conversation. */
  async getMember(context: TurnContext, userId: string): Promise<TeamsChannelAccount> {
    return member(context, teamIdOf(context) ?? conversationIdOf(context), userId);
  },

  /** A member of a team: unless given, that of the activity. */
  async getTeamMember(context: TurnContext, teamId?: string, userId?: string): Promise<TeamsChannelAccount> {
    return member(context, teamOf(context, teamId), userId);
  },

  /** Has Teams send a message to each of some users. */
  async sendMessageToListOfUsers(
    context: TurnContext,
    activity: Partial<Activity>,
    tenantId: string,
    members: TeamsMember[],
  ): Promise<BatchOperationResponse> {
    return sendBatch(context, 'users', { activity, tenantId, members: someOf(activity, tenantId, members) });
  },

  /** Has Teams send a message to every user of a tenant. */
  async sendMessageToAllUsersInTenant(
    context: TurnContext,
    activity: Partial<Activity>,
    tenantId: string,
  ): Promise<BatchOperationResponse> {
    return sendBatch(context, 'tenant', { activity, tenantId });
  },

  /** Has Teams send a message to every user of a team. */
  async sendMessageToAllUsersInTeam(
    context: TurnContext,
    activity: Partial<Activity>,
    tenantId: string,
    teamId: string,
  ): Promise<BatchOperationResponse> {
    requireMessage(activity, tenantId);
    return sendBatch(context, 'team', { activity, tenantId, teamId: required(teamId, 'teamId is required.') });
  },

  /** Has Teams send a message to each of some channels. */
  async sendMessageToListOfChannels(
    context: TurnContext,
    activity: Partial<Activity>,
    tenantId: string,
    members: TeamsMember[],
  ): Promise<BatchOperationResponse> {
    return sendBatch(context, 'channels', { activity, tenantId, members: someOf(activity, tenantId, members) });
  },

  /** How far a batch is. */
  async getOperationState(context: TurnContext, operationId: string): Promise<BatchOperationStateResponse> {
    const operation = required(operationId, 'operationId is required.');
    return connectorClientOf(context).batches.state(operation);
  },

  /** What of a batch did not arrive; hand the token of a page back for the next. */
  async getFailedEntries(
    context: TurnContext,
    operationId: string,
    continuationToken?: string,
  ): Promise<BatchFailedEntriesResponse> {
    const operation = required(operationId, 'operationId is required.');
    return connectorClientOf(context).batches.failedEntries(operation, continuationToken);
  },

  /** Stops a batch; what has been sent stays sent. */
  async cancelOperation(context: TurnContext, operationId: string): Promise<void> {
    const operation = required(operationId, 'operationId is required.');
    return connectorClientOf(context).batches.cancel(operation);
  },
};

async function members(context: TurnContext, conversationId: string | undefined): Promise<TeamsChannelAccount[]> {
  const id = required(conversationId, 'The getMembers operation needs a valid conversationId.');
  const found: (NamedAccount & { objectId?: string })[] =
    await connectorClientOf(context).conversations.getConversationMembers(id);
  // This call alone has the user's object id under another name.
  return found.map((each) => (each.objectId === undefined ? each : { ...each, aadObjectId: each.objectId }));
}

async function pagedMembers(
  context: TurnContext,
  conversationId: string | undefined,
  pageSize: number | undefined,
  continuationToken: string | undefined,
): Promise<TeamsPagedMembersResult> {
  const id = required(conversationId, 'The getPagedMembers operation needs a valid conversationId.');
  const options: PageOptions = {
    ...(pageSize === undefined ? {} : { pageSize }),
    ...(continuationToken === undefined ? {} : { continuationToken }),
  };
  const page: PagedMembersResult = await connectorClientOf(context).conversations.getConversationPagedMembers(
    id,
    options,
  );
  return { continuationToken: page.continuationToken as string, members: page.members };
}

async function member(
  context: TurnContext,
  conversationId: string | undefined,
  userId: string | undefined,
): Promise<TeamsChannelAccount> {
  const id = required(conversationId, 'The getMember operation needs a valid conversationId.');
  const user = required(userId, 'The getMember operation needs a valid userId.');
  return connectorClientOf(context).conversations.getConversationMember(id, user);
}

async function sendBatch(
  context: TurnContext,
  audience: BatchAudience,
  request: BatchOperationRequest,
): Promise<BatchOperationResponse> {
  requireMessage(request.activity, request.tenantId);
  return connectorClientOf(context).batches.send(audience, request);
}

function requireMessage(activity: Partial<Activity>, tenantId: string): void {
  if (!activity) throw new Error('activity is required.');
  required(tenantId, 'tenantId is required.');
}

function someOf(activity: Partial<Activity>, tenantId: string, members: TeamsMember[]): TeamsMember[] {
  requireMessage(activity, tenantId);
  if (!members || members.length === 0) throw new Error('members list is required.');
  return members;
}

function required(value: string | null | undefined, otherwise: string): string {
  if (!value) throw new Error(otherwise);
  return value;
}

function teamOf(context: TurnContext, teamId: string | undefined): string {
  return required(teamId || teamIdOf(context), 'This method is only valid within the scope of a MS Teams Team.');
}

function teamIdOf(context: TurnContext): string | undefined {
  if (!context) throw new Error('Missing context parameter');
  if (!context.activity) throw new Error('Missing activity on context');
  const id = teamsChannelData(context.activity).team?.id;
  return typeof id === 'string' && id !== '' ? id : undefined;
}

function conversationIdOf({ activity }: TurnContext): string | undefined {
  return activity.conversation?.id;
}

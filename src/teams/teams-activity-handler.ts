import type { BotHandler } from '../bot/activity-handler';
import type { TurnContext } from '../bot/turn-context';
import { Channels } from '../schema/constants';
import type { ChannelInfo, TeamInfo, TeamsChannelAccount } from '../schema/teams-channel-data';
import type {
  MeetingEndEventDetails,
  MeetingParticipantsEventDetails,
  MeetingStartEventDetails,
} from '../schema/teams-meetings';
import { teamsChannelData } from './channel-data';
import { meetingEnd, meetingParticipants, meetingStart } from './meeting-events';
import { ReadReceiptInfo } from './read-receipt-info';
import { teamsAccounts } from './teams-accounts';
import { TeamsInvokeHandler } from './teams-invoke-handler';

type Next = () => Promise<void>;
/** A handler that is given something first. */
export type TeamsHandler<Given> = (given: Given, context: TurnContext, next: Next) => Promise<void>;
/** A handler of members; `teamInfo` is `undefined` outside a team. */
export type TeamsMembersHandler = (
  members: TeamsChannelAccount[],
  teamInfo: TeamInfo,
  context: TurnContext,
  next: Next,
) => Promise<void>;
/** A handler of a channel of a team. */
export type TeamsChannelHandler = (
  channelInfo: ChannelInfo,
  teamInfo: TeamInfo,
  context: TurnContext,
  next: Next,
) => Promise<void>;

/** Calls a handler's method for one event. */
type EventRoute = (bot: TeamsActivityHandler, context: TurnContext) => Promise<void>;
type EventRoutes = ReadonlyMap<string, EventRoute>;

/**
 * A bot for Teams: an `ActivityHandler` that also has handlers for what happens in Teams, and methods to override for the invokes of
 * Teams. Whatever is not from Teams, or says nothing that is known, goes the way of an `ActivityHandler`.
 *
 * Handlers of added members are given full accounts: each member is looked up by a call to Teams, at once and before the handlers. The
 * lookup only reads, so a turn that runs again looks again; when it fails, the turn fails and is tried again later.
 */
export class TeamsActivityHandler extends TeamsInvokeHandler {
  private static readonly conversationUpdates: EventRoutes = new Map<string, EventRoute>([
    ['channelCreated', (bot, context) => bot.onTeamsChannelCreated(context)],
    ['channelDeleted', (bot, context) => bot.onTeamsChannelDeleted(context)],
    ['channelRenamed', (bot, context) => bot.onTeamsChannelRenamed(context)],
    ['channelRestored', (bot, context) => bot.onTeamsChannelRestored(context)],
    ['teamArchived', (bot, context) => bot.onTeamsTeamArchived(context)],
    ['teamDeleted', (bot, context) => bot.onTeamsTeamDeleted(context)],
    ['teamHardDeleted', (bot, context) => bot.onTeamsTeamHardDeleted(context)],
    ['teamRenamed', (bot, context) => bot.onTeamsTeamRenamed(context)],
    ['teamRestored', (bot, context) => bot.onTeamsTeamRestored(context)],
    ['teamUnarchived', (bot, context) => bot.onTeamsTeamUnarchived(context)],
  ]);

  private static readonly messageUpdates: EventRoutes = new Map<string, EventRoute>([
    ['undeleteMessage', (bot, context) => bot.onTeamsMessageUndelete(context)],
    ['editMessage', (bot, context) => bot.onTeamsMessageEdit(context)],
  ]);

  private static readonly messageDeletes: EventRoutes = new Map<string, EventRoute>([
    ['softDeleteMessage', (bot, context) => bot.onTeamsMessageSoftDelete(context)],
  ]);

  private static readonly events: EventRoutes = new Map<string, EventRoute>([
    ['application/vnd.microsoft.readReceipt', (bot, context) => bot.onTeamsReadReceipt(context)],
    ['application/vnd.microsoft.meetingStart', (bot, context) => bot.onTeamsMeetingStart(context)],
    ['application/vnd.microsoft.meetingEnd', (bot, context) => bot.onTeamsMeetingEnd(context)],
    ['application/vnd.microsoft.meetingParticipantJoin', (bot, context) => bot.onTeamsMeetingParticipantsJoin(context)],
    [
      'application/vnd.microsoft.meetingParticipantLeave',
      (bot, context) => bot.onTeamsMeetingParticipantsLeave(context),
    ],
  ]);

  onTeamsMessageUndeleteEvent(handler: BotHandler): this {
    return this.on('TeamsMessageUndelete', handler);
  }

  onTeamsMessageEditEvent(handler: BotHandler): this {
    return this.on('TeamsMessageEdit', handler);
  }

  onTeamsMessageSoftDeleteEvent(handler: BotHandler): this {
    return this.on('TeamsMessageSoftDelete', handler);
  }

  /** For members added, the bot itself included. With such a handler, those of `onMembersAdded` do not run in Teams. */
  onTeamsMembersAddedEvent(handler: TeamsMembersHandler): this {
    return this.onMembers('TeamsMembersAdded', 'membersAdded', handler);
  }

  /** For members removed and none added. With such a handler, those of `onMembersRemoved` do not run in Teams. */
  onTeamsMembersRemovedEvent(handler: TeamsMembersHandler): this {
    return this.onMembers('TeamsMembersRemoved', 'membersRemoved', handler);
  }

  onTeamsChannelCreatedEvent(handler: TeamsChannelHandler): this {
    return this.onChannel('TeamsChannelCreated', handler);
  }

  onTeamsChannelDeletedEvent(handler: TeamsChannelHandler): this {
    return this.onChannel('TeamsChannelDeleted', handler);
  }

  onTeamsChannelRenamedEvent(handler: TeamsChannelHandler): this {
    return this.onChannel('TeamsChannelRenamed', handler);
  }

  onTeamsChannelRestoredEvent(handler: TeamsChannelHandler): this {
    return this.onChannel('TeamsChannelRestored', handler);
  }

  onTeamsTeamArchivedEvent(handler: TeamsHandler<TeamInfo>): this {
    return this.onGiven('TeamsTeamArchived', teamOf, handler);
  }

  onTeamsTeamDeletedEvent(handler: TeamsHandler<TeamInfo>): this {
    return this.onGiven('TeamsTeamDeleted', teamOf, handler);
  }

  onTeamsTeamHardDeletedEvent(handler: TeamsHandler<TeamInfo>): this {
    return this.onGiven('TeamsTeamHardDeleted', teamOf, handler);
  }

  onTeamsTeamRenamedEvent(handler: TeamsHandler<TeamInfo>): this {
    return this.onGiven('TeamsTeamRenamed', teamOf, handler);
  }

  onTeamsTeamRestoredEvent(handler: TeamsHandler<TeamInfo>): this {
    return this.onGiven('TeamsTeamRestored', teamOf, handler);
  }

  onTeamsTeamUnarchivedEvent(handler: TeamsHandler<TeamInfo>): this {
    return this.onGiven('TeamsTeamUnarchived', teamOf, handler);
  }

  onTeamsMeetingStartEvent(handler: TeamsHandler<MeetingStartEventDetails>): this {
    return this.onGiven('TeamsMeetingStart', ({ activity }) => meetingStart(activity), handler);
  }

  onTeamsMeetingEndEvent(handler: TeamsHandler<MeetingEndEventDetails>): this {
    return this.onGiven('TeamsMeetingEnd', ({ activity }) => meetingEnd(activity), handler);
  }

  onTeamsMeetingParticipantsJoinEvent(handler: TeamsHandler<MeetingParticipantsEventDetails>): this {
    return this.onGiven('TeamsMeetingParticipantsJoin', ({ activity }) => meetingParticipants(activity), handler);
  }

  onTeamsMeetingParticipantsLeaveEvent(handler: TeamsHandler<MeetingParticipantsEventDetails>): this {
    return this.onGiven('TeamsMeetingParticipantsLeave', ({ activity }) => meetingParticipants(activity), handler);
  }

  /** For the news that a user has read the bot's messages up to one. */
  onTeamsReadReceiptEvent(handler: TeamsHandler<ReadReceiptInfo>): this {
    return this.onGiven('TeamsReadReceipt', readReceiptOf, handler);
  }

  /** Members come first, whatever the event says it is. */
  protected override async dispatchConversationUpdateActivity(context: TurnContext): Promise<void> {
    const { channelId, membersAdded, membersRemoved } = context.activity;
    if (channelId === Channels.Msteams) {
      if (membersAdded?.length) return this.onTeamsMembersAdded(context);
      if (membersRemoved?.length) return this.onTeamsMembersRemoved(context);
    }
    const route = routeOf(TeamsActivityHandler.conversationUpdates, context, eventTypeOf(context));
    return route === undefined ? super.dispatchConversationUpdateActivity(context) : route(this, context);
  }

  protected override async dispatchMessageUpdateActivity(context: TurnContext): Promise<void> {
    const route = routeOf(TeamsActivityHandler.messageUpdates, context, eventTypeOf(context));
    return route === undefined ? super.dispatchMessageUpdateActivity(context) : route(this, context);
  }

  protected override async dispatchMessageDeleteActivity(context: TurnContext): Promise<void> {
    const route = routeOf(TeamsActivityHandler.messageDeletes, context, eventTypeOf(context));
    return route === undefined ? super.dispatchMessageDeleteActivity(context) : route(this, context);
  }

  protected override async dispatchEventActivity(context: TurnContext): Promise<void> {
    const route = routeOf(TeamsActivityHandler.events, context, context.activity.name);
    return route === undefined ? super.dispatchEventActivity(context) : route(this, context);
  }

  protected async onTeamsMessageUndelete(context: TurnContext): Promise<void> {
    await this.handle(context, 'TeamsMessageUndelete', this.defaultNextEvent(context));
  }

  protected async onTeamsMessageEdit(context: TurnContext): Promise<void> {
    await this.handle(context, 'TeamsMessageEdit', this.defaultNextEvent(context));
  }

  protected async onTeamsMessageSoftDelete(context: TurnContext): Promise<void> {
    await this.handle(context, 'TeamsMessageSoftDelete', this.defaultNextEvent(context));
  }

  /** Looks the added members up if there is a handler for them, else runs the handlers of `onMembersAdded`. */
  protected async onTeamsMembersAdded(context: TurnContext): Promise<void> {
    if (!this.handlers.TeamsMembersAdded?.length) {
      await this.handle(context, 'MembersAdded', this.defaultNextEvent(context));
      return;
    }
    context.activity.membersAdded = await teamsAccounts(context, context.activity.membersAdded ?? []);
    await this.handle(context, 'TeamsMembersAdded', this.defaultNextEvent(context));
  }

  protected async onTeamsMembersRemoved(context: TurnContext): Promise<void> {
    const type = this.handlers.TeamsMembersRemoved?.length ? 'TeamsMembersRemoved' : 'MembersRemoved';
    await this.handle(context, type, this.defaultNextEvent(context));
  }

  protected async onTeamsChannelCreated(context: TurnContext): Promise<void> {
    await this.handle(context, 'TeamsChannelCreated', this.defaultNextEvent(context));
  }

  protected async onTeamsChannelDeleted(context: TurnContext): Promise<void> {
    await this.handle(context, 'TeamsChannelDeleted', this.defaultNextEvent(context));
  }

  protected async onTeamsChannelRenamed(context: TurnContext): Promise<void> {
    await this.handle(context, 'TeamsChannelRenamed', this.defaultNextEvent(context));
  }

  protected async onTeamsChannelRestored(context: TurnContext): Promise<void> {
    await this.handle(context, 'TeamsChannelRestored', this.defaultNextEvent(context));
  }

  protected async onTeamsTeamArchived(context: TurnContext): Promise<void> {
    await this.handle(context, 'TeamsTeamArchived', this.defaultNextEvent(context));
  }

  protected async onTeamsTeamDeleted(context: TurnContext): Promise<void> {
    await this.handle(context, 'TeamsTeamDeleted', this.defaultNextEvent(context));
  }

  protected async onTeamsTeamHardDeleted(context: TurnContext): Promise<void> {
    await this.handle(context, 'TeamsTeamHardDeleted', this.defaultNextEvent(context));
  }

  protected async onTeamsTeamRenamed(context: TurnContext): Promise<void> {
    await this.handle(context, 'TeamsTeamRenamed', this.defaultNextEvent(context));
  }

  protected async onTeamsTeamRestored(context: TurnContext): Promise<void> {
    await this.handle(context, 'TeamsTeamRestored', this.defaultNextEvent(context));
  }

  protected async onTeamsTeamUnarchived(context: TurnContext): Promise<void> {
    await this.handle(context, 'TeamsTeamUnarchived', this.defaultNextEvent(context));
  }

  protected async onTeamsMeetingStart(context: TurnContext): Promise<void> {
    await this.handle(context, 'TeamsMeetingStart', this.defaultNextEvent(context));
  }

  protected async onTeamsMeetingEnd(context: TurnContext): Promise<void> {
    await this.handle(context, 'TeamsMeetingEnd', this.defaultNextEvent(context));
  }

  protected async onTeamsReadReceipt(context: TurnContext): Promise<void> {
    await this.handle(context, 'TeamsReadReceipt', this.defaultNextEvent(context));
  }

  protected async onTeamsMeetingParticipantsJoin(context: TurnContext): Promise<void> {
    await this.handle(context, 'TeamsMeetingParticipantsJoin', this.defaultNextEvent(context));
  }

  protected async onTeamsMeetingParticipantsLeave(context: TurnContext): Promise<void> {
    await this.handle(context, 'TeamsMeetingParticipantsLeave', this.defaultNextEvent(context));
  }

  /** Registers a handler that is first given what `find` finds in the context. */
  private onGiven<Given>(type: string, find: (context: TurnContext) => Given, handler: TeamsHandler<Given>): this {
    return this.on(type, async (context, next) => {
      await handler(find(context), context, next);
    });
  }

  private onChannel(type: string, handler: TeamsChannelHandler): this {
    return this.on(type, async (context, next) => {
      const { channel } = teamsChannelData(context.activity);
      await handler(channel as ChannelInfo, teamOf(context), context, next);
    });
  }

  private onMembers(type: string, list: 'membersAdded' | 'membersRemoved', handler: TeamsMembersHandler): this {
    return this.on(type, async (context, next) => {
      await handler(context.activity[list] as TeamsChannelAccount[], teamOf(context), context, next);
    });
  }
}

/**
 * The team of an event. Teams names it in every event of a team; elsewhere it is `undefined`, which the handlers' types do not say, so
 * that handlers written for the Bot Framework SDK compile.
 */
function teamOf({ activity }: TurnContext): TeamInfo {
  return teamsChannelData(activity).team as TeamInfo;
}

function readReceiptOf({ activity }: TurnContext): ReadReceiptInfo {
  const value = (activity.value ?? {}) as { lastReadMessageId: string };
  return new ReadReceiptInfo(value.lastReadMessageId);
}

function eventTypeOf({ activity }: TurnContext): string | undefined {
  return teamsChannelData(activity).eventType;
}

function routeOf(routes: EventRoutes, { activity }: TurnContext, name: string | undefined): EventRoute | undefined {
  return activity.channelId === Channels.Msteams && name !== undefined ? routes.get(name) : undefined;
}

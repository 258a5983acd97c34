import type { Middleware } from '../bot/middleware';
import { TurnContext } from '../bot/turn-context';
import type { Activity } from '../schema/activity';
import { ActivityTypes, Channels } from '../schema/constants';
import type { TeamsChannelData } from '../schema/teams-channel-data';
import { type BotTelemetryClient, TelemetryConstants as Names, NullTelemetryClient } from './bot-telemetry-client';

type Properties = Record<string, string>;
type Read = (activity: Partial<Activity>) => string | undefined;

/** What each property is read from. */
const READ: Readonly<Record<string, Read>> = {
  [Names.fromIdProperty]: ({ from }) => from?.id,
  [Names.fromNameProperty]: ({ from }) => from?.name,
  [Names.channelIdProperty]: ({ channelId }) => channelId,
  [Names.conversationIdProperty]: ({ conversation }) => conversation?.id,
  [Names.conversationNameProperty]: ({ conversation }) => conversation?.name,
  [Names.localeProperty]: ({ locale }) => locale,
  [Names.recipientIdProperty]: ({ recipient }) => recipient?.id,
  [Names.recipientNameProperty]: ({ recipient }) => recipient?.name,
  [Names.replyActivityIdProperty]: ({ replyToId }) => replyToId,
  [Names.activityTypeProperty]: ({ type }) => type,
  [Names.activityIdProperty]: ({ id }) => id,
  [Names.textProperty]: ({ text }) => text,
  [Names.speakProperty]: ({ speak }) => speak,
  [Names.attachmentsProperty]: ({ attachments }) => (attachments?.length ? JSON.stringify(attachments) : undefined),
};

/** What an event says of an activity: always, and only where personal information may be logged. */
interface Shape {
  readonly always: readonly string[];
  readonly personal: readonly string[];
}

const COMMON = [
  Names.recipientIdProperty,
  Names.conversationIdProperty,
  Names.conversationNameProperty,
  Names.activityTypeProperty,
  Names.activityIdProperty,
];

const RECEIVED: Shape = {
  always: [...COMMON, Names.fromIdProperty, Names.localeProperty, Names.recipientNameProperty],
  personal: [Names.fromNameProperty, Names.textProperty, Names.speakProperty],
};
const SENT: Shape = {
  always: [...COMMON, Names.replyActivityIdProperty, Names.localeProperty],
  personal: [Names.recipientNameProperty, Names.textProperty, Names.speakProperty, Names.attachmentsProperty],
};
const UPDATED: Shape = { always: [...COMMON, Names.localeProperty], personal: [Names.textProperty] };
const DELETED: Shape = { always: [...COMMON, Names.channelIdProperty], personal: [] };

/**
 * Tracks an event for each activity that comes in, is sent, updated and deleted. What people write, and who they are, stays out unless
 * asked for. A turn that runs again is tracked again. Extend it to track otherwise, or more.
 */
export class TelemetryLoggerMiddleware implements Middleware {
  static readonly botMsgReceiveEvent: string = 'BotMessageReceived';
  static readonly botMsgSendEvent: string = 'BotMessageSend';
  static readonly botMsgUpdateEvent: string = 'BotMessageUpdate';
  static readonly botMsgDeleteEvent: string = 'BotMessageDelete';

  private readonly client: BotTelemetryClient;
  private readonly personal: boolean;

  /**
   * @param telemetryClient where events go; nowhere without one
   * @param logPersonalInformation whether texts and names are part of them
   */
  constructor(telemetryClient?: BotTelemetryClient | null, logPersonalInformation = false) {
    this.client = telemetryClient || new NullTelemetryClient();
    this.personal = logPersonalInformation;
  }

  get logPersonalInformation(): boolean {
    return this.personal;
  }

  get telemetryClient(): BotTelemetryClient {
    return this.client;
  }

  async onTurn(context: TurnContext, next: () => Promise<void>): Promise<void> {
    context.turnState.set('telemetryClient', this.telemetryClient);
    await this.onReceiveActivity(context.activity);
    context.onSendActivities(async (_context, activities, send) => {
      const responses = await send();
      for (const activity of activities) await this.onSendActivity(activity as Activity);
      return responses;
    });
    context.onUpdateActivity(async (_context, activity, update) => {
      const response = await update();
      await this.onUpdateActivity(activity as Activity);
      return response;
    });
    context.onDeleteActivity(async (_context, reference, remove) => {
      await remove();
      const deletion: Partial<Activity> = { type: ActivityTypes.MessageDelete };
      if (reference.activityId !== undefined) deletion.id = reference.activityId;
      await this.onDeleteActivity(TurnContext.applyConversationReference(deletion, reference, false) as Activity);
    });
    await next();
  }

  protected async onReceiveActivity(activity: Activity): Promise<void> {
    const properties = await this.fillReceiveEventProperties(activity);
    this.telemetryClient.trackEvent({ name: TelemetryLoggerMiddleware.botMsgReceiveEvent, properties });
  }

  protected async onSendActivity(activity: Activity): Promise<void> {
    const properties = await this.fillSendEventProperties(activity);
    this.telemetryClient.trackEvent({ name: TelemetryLoggerMiddleware.botMsgSendEvent, properties });
  }

  protected async onUpdateActivity(activity: Activity): Promise<void> {
    const properties = await this.fillUpdateEventProperties(activity);
    this.telemetryClient.trackEvent({ name: TelemetryLoggerMiddleware.botMsgUpdateEvent, properties });
  }

  protected async onDeleteActivity(activity: Activity): Promise<void> {
    const properties = await this.fillDeleteEventProperties(activity);
    this.telemetryClient.trackEvent({ name: TelemetryLoggerMiddleware.botMsgDeleteEvent, properties });
  }

  /** `telemetryProperties` are added, and win. */
  protected async fillReceiveEventProperties(
    activity: Activity,
    telemetryProperties?: Properties,
  ): Promise<Properties> {
    return { ...this.fill(RECEIVED, activity), ...teamsProperties(activity), ...telemetryProperties };
  }

  /** `telemetryProperties` are added, and win. */
  protected async fillSendEventProperties(activity: Activity, telemetryProperties?: Properties): Promise<Properties> {
    return { ...this.fill(SENT, activity), ...telemetryProperties };
  }

  /** `telemetryProperties` are added, and win. */
  protected async fillUpdateEventProperties(activity: Activity, telemetryProperties?: Properties): Promise<Properties> {
    return { ...this.fill(UPDATED, activity), ...telemetryProperties };
  }

  /** `telemetryProperties` are added, and win. */
  protected async fillDeleteEventProperties(activity: Activity, telemetryProperties?: Properties): Promise<Properties> {
    return { ...this.fill(DELETED, activity), ...telemetryProperties };
  }

  private fill({ always, personal }: Shape, activity: Activity): Properties {
    const properties: Properties = {};
    for (const name of always) properties[name] = READ[name]?.(activity) ?? '';
    for (const name of this.logPersonalInformation ? personal : []) {
      const text = READ[name]?.(activity)?.trim();
      if (text) properties[name] = text;
    }
    return properties;
  }
}

function teamsProperties({ channelId, channelData, from }: Activity): Properties {
  if (channelId !== Channels.Msteams) return {};
  const properties: Properties = { TeamsUserAadObjectId: from?.aadObjectId ?? '' };
  if (typeof channelData !== 'object' || channelData === null) return properties;
  const { tenant, team } = channelData as TeamsChannelData;
  properties.TeamsTenantId = tenant?.id ?? '';
  if (team) properties.TeamsTeamInfo = JSON.stringify(team);
  return properties;
}

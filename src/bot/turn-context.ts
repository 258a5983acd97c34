import type { ConversationReference } from '../schema/accounts';
import type { Activity, ReceivedActivity } from '../schema/activity';
import { ActivityTypes, DeliveryModes, InputHints } from '../schema/constants';
import {
  applyConversationReference,
  getConversationReference,
  getReplyConversationReference,
} from '../schema/conversation-reference';
import type { ConversationParameters, ResourceResponse } from '../schema/conversations';
import type { Mention } from '../schema/entities';
import { INVOKE_RESPONSE_KEY } from './keys';
import { getMentions, removeMentionText, removeRecipientMention } from './mentions';
import type { Proactive } from './proactive';
import { type ReplyStream, streamOf } from './reply-stream';
import { NO_PROACTIVE, runningTurn } from './running-turn';
import { type Turn, TurnKey } from './turn';
import { TurnContextStateCollection } from './turn-state';

/** Wraps every send of a turn. Calling `next` sends; what it resolves to are the ids, in order. */
export type SendActivitiesHandler = (
  context: TurnContext,
  activities: Partial<Activity>[],
  next: () => Promise<ResourceResponse[]>,
) => Promise<ResourceResponse[]>;

/** Wraps every update of a turn. */
export type UpdateActivityHandler = (
  context: TurnContext,
  activity: Partial<Activity>,
  next: () => Promise<ResourceResponse | undefined>,
) => Promise<unknown>;

/** Wraps every deletion of a turn. */
export type DeleteActivityHandler = (
  context: TurnContext,
  reference: Partial<ConversationReference>,
  next: () => Promise<void>,
) => Promise<void>;

/** What a context calls on its adapter, and what authors reach through `context.adapter`. `BotAdapter` implements it. */
export interface TurnContextAdapter {
  /** Where `turnState` has for whom the activity was meant, the client for calls that want an answer, and what tokens are for. */
  readonly BotIdentityKey: symbol;
  readonly ConnectorClientKey: symbol;
  readonly OAuthScopeKey: symbol;
  onTurnError: ((context: TurnContext, error: Error) => Promise<void>) | undefined;
  sendActivities(context: TurnContext, activities: Partial<Activity>[]): Promise<ResourceResponse[]>;
  // biome-ignore lint/suspicious/noConfusingVoidType: adapters that were written for the Bot Framework SDK say `void`.
  updateActivity(context: TurnContext, activity: Partial<Activity>): Promise<ResourceResponse | void>;
  deleteActivity(context: TurnContext, reference: Partial<ConversationReference>): Promise<void>;
  continueConversationAsync(
    botAppId: string,
    reference: Partial<ConversationReference>,
    logic: (context: TurnContext) => Promise<void>,
  ): Promise<void>;
  createConversationAsync(
    botAppId: string,
    channelId: string,
    serviceUrl: string,
    audience: string,
    parameters: ConversationParameters,
    logic: (context: TurnContext) => Promise<void>,
  ): Promise<void>;
}

/** What a context shares with its copies, so that a copy made by middleware is the same turn. */
export interface Shared {
  readonly adapter: TurnContextAdapter;
  readonly activity: Activity;
  readonly turnState: TurnContextStateCollection;
  readonly buffered: Partial<Activity>[];
  readonly sendHandlers: SendActivitiesHandler[];
  readonly updateHandlers: UpdateActivityHandler[];
  readonly deleteHandlers: DeleteActivityHandler[];
  responded: boolean;
  locale: string | undefined;
}

/**
 * One turn of a conversation, as a bot sees it: the activity that came in, ways to answer, and values shared during the turn.
 * It is good until the handler returns; a call that is not awaited fails with `NoTurn` afterwards.
 *
 * Sends are effects of the turn: they leave when it commits, or at {@link flush}. So they do not throw what a channel
 * answers.
 */
export class TurnContext {
  /** For contexts that extend this class, as {@link copyTo}. */
  protected shared: Shared;

  /** @param adapterOrContext the adapter that carries the turn, or a context to make another view of. */
  constructor(adapterOrContext: TurnContextAdapter, activity: Partial<Activity>);
  constructor(adapterOrContext: TurnContext);
  constructor(adapterOrContext: TurnContextAdapter | TurnContext, activity: Partial<Activity> = {}) {
    this.shared =
      adapterOrContext instanceof TurnContext
        ? adapterOrContext.shared
        : {
            adapter: adapterOrContext,
            activity: activity as Activity,
            turnState: new TurnContextStateCollection(),
            buffered: [],
            sendHandlers: [],
            updateHandlers: [],
            deleteHandlers: [],
            responded: false,
            locale: undefined,
          };
  }

  /** See {@link removeRecipientMention}. */
  static removeRecipientMention(activity: Partial<Activity>): string {
    return removeRecipientMention(activity);
  }

  /** See {@link removeMentionText}. */
  static removeMentionText(activity: Partial<Activity>, id: string): string {
    return removeMentionText(activity, id);
  }

  /** See {@link getMentions}. */
  static getMentions(activity: Partial<Activity>): Mention[] {
    return getMentions(activity);
  }

  /** See {@link getConversationReference}. */
  static getConversationReference(activity: Partial<Activity>): Partial<ConversationReference> {
    return getConversationReference(activity);
  }

  /** See {@link getReplyConversationReference}. */
  static getReplyConversationReference(
    activity: Partial<Activity>,
    reply: ResourceResponse,
  ): Partial<ConversationReference> {
    return getReplyConversationReference(activity, reply);
  }

  /** See {@link applyConversationReference}. */
  static applyConversationReference(
    activity: Partial<Activity>,
    reference: Partial<ConversationReference>,
    isIncoming = false,
  ): Partial<Activity> {
    return applyConversationReference(activity, reference, isIncoming);
  }

  get adapter(): TurnContextAdapter {
    return this.shared.adapter;
  }

  /** The activity that started the turn. */
  get activity(): ReceivedActivity {
    return this.shared.activity as ReceivedActivity;
  }

  /** Values shared during the turn. */
  get turnState(): TurnContextStateCollection {
    return this.shared.turnState;
  }

  /** What has been sent so far in a turn whose activity expects its replies in the response; empty in any other turn. */
  get bufferedReplyActivities(): Partial<Activity>[] {
    return this.shared.buffered;
  }

  /** The user's locale: that of the activity, unless something set another. */
  get locale(): string | undefined {
    return this.shared.locale;
  }

  set locale(value: string | undefined) {
    this.shared.locale = value;
  }

  /** Whether anything but traces was sent. It can be set to `true`, and never back. */
  get responded(): boolean {
    return this.shared.responded;
  }

  set responded(value: boolean) {
    if (!value) throw new Error("TurnContext: cannot set 'responded' to a value of 'false'.");
    this.shared.responded = true;
  }

  /** A stable idempotency key: the same for every attempt at this activity. Hand it to what the turn calls. @throws TurnwiseError `NoTurn` */
  get turnId(): string {
    return runningTurn(this).id;
  }

  /** 1 on the first attempt at this activity. @throws TurnwiseError `NoTurn` */
  get attempt(): number {
    return runningTurn(this).attempt;
  }

  /** Aborts when the turn has lost its conversation or its time: nothing it does then counts. @throws TurnwiseError `NoTurn` */
  get signal(): AbortSignal {
    return runningTurn(this).signal;
  }

  /** When the answer is due, for a turn that answers inside an HTTP response. @throws TurnwiseError `NoTurn` */
  get deadline(): Date | undefined {
    return runningTurn(this).deadline;
  }

  /**
   * Runs `run` once per turn and records its result, which must be JSON; a later attempt gets the record instead. So `run` returns what it has
   * found out, and what the turn sends and changes comes after the step.
   * @throws TurnwiseError `NoTurn`; `StepHasEffects` when `run` sends, posts, flushes, changes state, or begins a step; and whatever `run` throws,
   * which is not recorded.
   */
  async step<T>(name: string, run: () => T | Promise<T>): Promise<T> {
    return runningTurn(this).step(name, run);
  }

  /** Records and delivers what the turn has sent so far; a later attempt will not send it again. @throws TurnwiseError `NoTurn` */
  async flush(): Promise<void> {
    await runningTurn(this).flush();
  }

  /** Speaking first, in this conversation or another one: it happens if and only if this turn commits. Without a turn, calls reject with `NoTurn`. */
  get proactive(): Proactive {
    return this.turnState.get<Turn | undefined>(TurnKey)?.proactive ?? NO_PROACTIVE;
  }

  /**
   * The turn's stream: a message that is shown while it is being written. There is one in a turn; every call returns it. Without a turn, calls on it
   * reject with `NoTurn`.
   */
  stream(): ReplyStream {
    return streamOf(this, this.turnState.get<Turn | undefined>(TurnKey));
  }

  /**
   * Sends a text or an activity as a reply to the turn's activity. A text gets `inputHint: 'acceptingInput'` unless told otherwise.
   * @returns an id for `updateActivity` and `deleteActivity`, valid in this turn and later ones.
   */
  async sendActivity(
    activityOrText: string | Partial<Activity>,
    speak?: string,
    inputHint?: string,
  ): Promise<ResourceResponse | undefined> {
    if (typeof activityOrText !== 'string') return (await this.sendActivities([activityOrText]))?.[0];
    const activity: Partial<Activity> = { text: activityOrText, inputHint: inputHint || InputHints.AcceptingInput };
    if (speak) activity.speak = speak;
    return (await this.sendActivities([activity]))?.[0];
  }

  /**
   * Sends activities in order. The objects given stay as they are: copies are addressed to the conversation, become messages when they
   * have no type, and go through the {@link onSendActivities} handlers.
   */
  async sendActivities(activities: Partial<Activity>[]): Promise<ResourceResponse[]> {
    const reference = getConversationReference(this.activity);
    const outgoing = activities.map((activity) => {
      const copy = applyConversationReference({ ...activity }, reference);
      if (!copy.type) copy.type = ActivityTypes.Message;
      // Ids are the channel's to give; one that was copied from an earlier activity would be an update.
      delete copy.id;
      return copy;
    });
    const counts = outgoing.some((activity) => activity.type !== ActivityTypes.Trace);
    const responses = await this.emit(this.shared.sendHandlers, outgoing, async () => {
      const sent =
        this.activity.deliveryMode === DeliveryModes.ExpectReplies
          ? this.buffer(outgoing)
          : await this.sendThroughAdapter(outgoing);
      if (counts) this.responded = true;
      return sent;
    });
    return responses as ResourceResponse[];
  }

  /** Sends a trace: something to look at in the emulator, dropped on every other channel. */
  sendTraceActivity(
    name: string,
    value?: unknown,
    valueType?: string,
    label?: string,
  ): Promise<ResourceResponse | undefined> {
    const trace: Partial<Activity> = { type: ActivityTypes.Trace, timestamp: new Date(), name };
    if (value !== undefined) trace.value = value;
    if (valueType !== undefined) trace.valueType = valueType;
    if (label !== undefined) trace.label = label;
    return this.sendActivity(trace);
  }

  /** Replaces the activity whose id `activity.id` is. Addresses the object given, as the Bot Framework SDK does. */
  async updateActivity(activity: Partial<Activity>): Promise<ResourceResponse | undefined> {
    const addressed = applyConversationReference(activity, getConversationReference(this.activity));
    const response = await this.emit(
      this.shared.updateHandlers,
      addressed,
      async () => (await this.adapter.updateActivity(this, addressed)) ?? undefined,
    );
    return response as ResourceResponse | undefined;
  }

  /** Deletes the activity with this id, or the one a reference points at. */
  async deleteActivity(idOrReference: string | Partial<ConversationReference>): Promise<void> {
    const reference =
      typeof idOrReference === 'string'
        ? { ...getConversationReference(this.activity), activityId: idOrReference }
        : idOrReference;
    await this.emit(this.shared.deleteHandlers, reference, () => this.adapter.deleteActivity(this, reference));
  }

  /** Wraps every send from here to the end of the turn; the first registered is the outermost. */
  onSendActivities(handler: SendActivitiesHandler): this {
    this.shared.sendHandlers.push(handler);
    return this;
  }

  /** Wraps every update from here to the end of the turn. */
  onUpdateActivity(handler: UpdateActivityHandler): this {
    this.shared.updateHandlers.push(handler);
    return this;
  }

  /** Wraps every deletion from here to the end of the turn. */
  onDeleteActivity(handler: DeleteActivityHandler): this {
    this.shared.deleteHandlers.push(handler);
    return this;
  }

  /** Makes `context` another view of this turn. For contexts that extend this class. */
  protected copyTo(context: TurnContext): void {
    context.shared = this.shared;
  }

  private buffer(activities: Partial<Activity>[]): ResourceResponse[] {
    for (const activity of activities) {
      this.shared.buffered.push(activity);
      if (activity.type === ActivityTypes.InvokeResponse) this.turnState.set(INVOKE_RESPONSE_KEY, activity);
    }
    // They leave in the HTTP response, where a channel gives no ids.
    return activities.map(() => ({}) as ResourceResponse);
  }

  private async sendThroughAdapter(activities: Partial<Activity>[]): Promise<ResourceResponse[]> {
    const responses = await this.adapter.sendActivities(this, activities);
    for (const [index, activity] of activities.entries()) {
      const id = responses?.[index]?.id;
      // Handlers of `onSendActivities` look at the ids after `next`, in the activities they hold.
      if (id !== undefined) activity.id = id;
    }
    return responses;
  }

  private emit<A, T>(handlers: readonly Hook<A, T>[], argument: A, last: () => Promise<T>): Promise<unknown> {
    const registered = [...handlers];
    const run = async (index: number): Promise<unknown> => {
      const handler = registered[index];
      // What a handler passes on is what it returned; it need not be what `next` gave it.
      return handler === undefined ? last() : handler(this, argument, () => run(index + 1) as Promise<T>);
    };
    return run(0);
  }
}

type Hook<A, T> = (context: TurnContext, argument: A, next: () => Promise<T>) => Promise<unknown>;

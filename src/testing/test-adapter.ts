import { type Bot, botLogic } from '../bot/bot';
import { INVOKE_RESPONSE_KEY } from '../bot/keys';
import { continuationActivity, createdConversation, creationActivity } from '../bot/proactive-activities';
import { type Turn, TurnKey } from '../bot/turn';
import { TurnAdapter } from '../bot/turn-adapter';
import type { TurnContext } from '../bot/turn-context';
import type { Store } from '../ports/store';
import type { RuntimeOptions } from '../runtime/options';
import type { ConversationReference } from '../schema/accounts';
import type { Activity } from '../schema/activity';
import { ActivityTypes, RoleTypes } from '../schema/constants';
import type { ConversationParameters, ResourceResponse } from '../schema/conversations';
import type { SignInUrlResponse, TokenExchangeRequest, TokenResponse, TokenStatus } from '../schema/tokens';
import type { CrashPoint } from './bad-days';
import { asJson, assertAsRecorded, type ExpectedReply, isReply } from './replies';
import type { ReplyQueue } from './reply-queue';
import { type Logic, TestBot } from './test-bot';
import { completeConversation, createConversation } from './test-conversation';
import { TestFlow } from './test-flow';
import { TestPipeline } from './test-pipeline';
import { TestTokens } from './test-tokens';
import { testUserTokenClient } from './test-user-token-client';

/** How a test differs from the defaults of {@link TestAdapter}. */
export interface TestAdapterOptions {
  /**
   * Whether a failed turn is tried again as in production; the pauses between the attempts take no time. Off, so that an error of the
   * bot fails the step that caused it.
   */
  readonly retries?: boolean;
  /** Numbers of the pipeline that shall differ. */
  readonly runtime?: Partial<RuntimeOptions>;
}

/**
 * The adapter for a bot's own tests. It has the API of the Bot Framework's `TestAdapter`, and runs the bot on the real pipeline in
 * memory: what it sends is delivered when the turn commits, state is stored by the commit, and an activity delivered twice runs once.
 *
 * ```ts
 * const adapter = new TestAdapter(bot);
 * await adapter.test('hi', 'Hello').startTest();
 * ```
 *
 * And a bot's bad days, one line each:
 *
 * ```ts
 * await adapter.send('book').redeliver().assertReply('Booked').assertNoReply();
 * await adapter.crashBefore('commit').test('book', 'Booked').assertNoReply();
 * await adapter.conflict().test('book', 'Booked').assertNoReply();
 * ```
 */
export class TestAdapter extends TurnAdapter {
  /** Merged into every activity that the bot receives. */
  readonly template: Partial<Activity>;
  conversation: ConversationReference;
  locale = 'en-us';
  /** Whether traces are among the replies. */
  enableTrace: boolean;
  private readonly bot: TestBot;
  private readonly pipeline: TestPipeline;
  private readonly tokens = new TestTokens();
  private nextId = 0;

  constructor(
    logicOrConversation?: Bot | ConversationReference,
    template: Partial<Activity> = {},
    sendTraceActivity = false,
    options: TestAdapterOptions = {},
  ) {
    super();
    this.template = template;
    this.enableTrace = sendTraceActivity;
    const isConversation = typeof logicOrConversation === 'object' && 'conversation' in logicOrConversation;
    this.conversation = isConversation ? logicOrConversation : createConversation('Convo1');
    completeConversation(this.conversation, template, this.locale);
    const logic = isConversation || logicOrConversation === undefined ? undefined : botLogic(logicOrConversation);
    this.bot = new TestBot(this, logic, options.retries ?? false);
    this.pipeline = new TestPipeline(this.bot, options.runtime ?? {});
  }

  /** A conversation of a user with a bot on the test channel, to hand to the constructor or to continue. */
  static createConversation(name: string, user = 'User1', bot = 'Bot'): ConversationReference {
    return createConversation(name, user, bot);
  }

  /** As in production; `turnState` has the client for users' tokens. */
  override createContext(activity: Activity): TurnContext {
    const context = super.createContext(activity);
    context.turnState.set(this.UserTokenClientKey, testUserTokenClient(this, context));
    return context;
  }

  /** The replies that wait for an assertion. */
  get activeQueue(): Partial<Activity>[] {
    return this.channel.replies;
  }

  get activityBuffer(): Partial<Activity>[] {
    return this.activeQueue;
  }

  /** Where the pipeline keeps state, mailboxes and dead letters, to look into. */
  get store(): Store {
    return this.pipeline.store;
  }

  /** Takes the next reply, if there is one. */
  getNextReply(): Partial<Activity> | undefined {
    return this.activeQueue.shift();
  }

  nextReply(timeoutMs: number): Promise<Partial<Activity> | undefined> {
    return this.channel.next(timeoutMs);
  }

  /** A message of the user. */
  makeActivity(text?: string): Partial<Activity> {
    const { bot, conversation, serviceUrl, user } = this.conversation;
    const activity: Partial<Activity> = {
      type: ActivityTypes.Message,
      locale: this.locale,
      recipient: bot,
      conversation,
      serviceUrl,
      id: this.newId(),
    };
    if (user !== undefined) activity.from = user;
    if (text !== undefined) activity.text = text;
    return activity;
  }

  sendTextToBot(userSays: string, callback: Logic): Promise<void> {
    return this.processActivity(this.makeActivity(userSays), callback);
  }

  receiveActivity(activity: string | Partial<Activity>): Promise<void> {
    return this.processActivity(activity);
  }

  /**
   * Delivers an activity to the bot (or to `callback`) and resolves when its turn is committed and its replies are delivered. Every call is a
   * new activity, even with an id that was there before: {@link redeliver} is for repetitions.
   * @throws what the bot threw, unless there is an `onTurnError`
   */
  async processActivity(activity: string | Partial<Activity>, callback?: Logic): Promise<void> {
    const given: Partial<Activity> = typeof activity === 'string' ? { text: activity } : activity;
    await this.deliver({ ...this.completed(given), ...this.template } as Activity, callback);
  }

  /** Delivers the last activity once more, with the same id, as a channel does that got no answer. @throws Error when there is none */
  async redeliver(): Promise<void> {
    const { last } = this.bot;
    if (last === undefined) {
      throw new Error('TestAdapter.redeliver(): nothing was delivered yet; send something first.');
    }
    await this.pipeline.deliver(last.key, last.activity);
  }

  /**
   * Lets the worker that runs the next activity's turn die at a point of it. Another takes over at once, as it would in production after the
   * lease. The delivery fails when the turn does not come to that point.
   */
  crashBefore(point: CrashPoint): this {
    this.pipeline.badDays.crashBefore(point);
    return this;
  }

  /**
   * Lets the commit of the next activity's turn find that the state it has touched was changed by another turn, so that its handler runs again on
   * fresh state. The delivery fails when the turn touches no state.
   */
  conflict(): this {
    this.pipeline.badDays.conflict();
    return this;
  }

  /** Begins a flow: sends something to the bot. */
  send(userSays: string | Partial<Activity>): TestFlow {
    return new TestFlow(this.processActivity(userSays), this);
  }

  /** Begins a flow: sends something to the bot and expects one reply. */
  test(
    userSays: string | Partial<Activity>,
    expected: ExpectedReply,
    description?: string,
    timeout?: number,
  ): TestFlow {
    return this.send(userSays).assertReply(expected, description, timeout);
  }

  /** A flow from a recorded conversation: what the bot said (`from.role` is `bot`) is expected, everything else is sent. */
  testActivities(activities: Partial<Activity>[], description?: string, timeout?: number): TestFlow {
    if (!activities) throw new Error('Missing array of activities');
    const said = `reply ${description ? ` from ${description}` : ''}`;
    return activities.reduce<TestFlow>(
      (flow, activity) =>
        isReply(activity)
          ? flow.assertReply((actual) => assertAsRecorded(actual, activity, said), said, timeout)
          : flow.send(activity),
      new TestFlow(Promise.resolve(), this),
    );
  }

  /** Runs `logic` as a turn in the conversation and resolves when it is committed and its replies are delivered. */
  override async continueConversationAsync(
    _botAppId: unknown,
    reference: Partial<ConversationReference>,
    audienceOrLogic: string | Logic,
    logic?: Logic,
  ): Promise<void> {
    const turn = typeof audienceOrLogic === 'function' ? audienceOrLogic : logic;
    await this.deliver(continuationActivity({ ...this.conversation, ...reference }, new Date(), this.newId()), turn);
  }

  /** Creates a conversation with a new id and runs `logic` as its first turn. */
  override async createConversationAsync(
    _botAppId: string,
    channelId: string,
    serviceUrl: string,
    _audience: string,
    parameters: ConversationParameters,
    logic: Logic,
  ): Promise<void> {
    const here = { ...this.conversation, ...(channelId && { channelId }), ...(serviceUrl && { serviceUrl }) };
    const created = createdConversation(here, parameters, `created-${this.newId()}`);
    await this.deliver(creationActivity(created, parameters, this.newId(), new Date()), logic);
  }

  /** As in production; a context that a test has made by hand has no turn, and what it sends is a reply at once. */
  override async sendActivities(context: TurnContext, activities: Partial<Activity>[]): Promise<ResourceResponse[]> {
    if (context.turnState.has(TurnKey) || activities.length === 0) return super.sendActivities(context, activities);
    return activities.map((activity) => ({ id: this.isSeen(activity) ? this.channel.add(activity) : '' }));
  }

  override async updateActivity(
    context: TurnContext,
    activity: Partial<Activity>,
  ): Promise<ResourceResponse | undefined> {
    if (context.turnState.has(TurnKey)) return super.updateActivity(context, activity);
    this.channel.replace(activity);
    return activity.id === undefined ? undefined : { id: activity.id };
  }

  override async deleteActivity(context: TurnContext, reference: Partial<ConversationReference>): Promise<void> {
    if (context.turnState.has(TurnKey)) return super.deleteActivity(context, reference);
    if (reference.activityId !== undefined) this.channel.remove(reference.activityId);
  }

  /** Gives a user a token for a connection; with `magicCode`, once the user has entered it. */
  addUserToken(connectionName: string, channelId: string, userId: string, token: string, magicCode?: string): void {
    this.tokens.add({ channelId, connectionName, userId, token }, magicCode);
  }

  /** Lets a token, or the address of a resource, be exchanged for a token. */
  addExchangeableToken(
    _connectionName: string,
    _channelId: string,
    _userId: string,
    exchangeableItem: string,
    token: string,
  ): void {
    this.tokens.addExchangeable({ item: exchangeableItem, token });
  }

  /** Lets an exchange fail with an error. */
  throwOnExchangeRequest(_connectionName: string, _channelId: string, _userId: string, exchangeableItem: string): void {
    this.tokens.addExchangeable({ item: exchangeableItem, token: undefined });
  }

  /** The user's token, as `OAuthPrompt` asks for it. */
  async getUserToken(
    context: TurnContext,
    connectionName: string,
    magicCode?: string,
  ): Promise<TokenResponse | undefined> {
    return this.tokens.get(context, connectionName, magicCode);
  }

  async getTokenStatus(context: TurnContext, userId?: string, includeFilter?: string): Promise<TokenStatus[]> {
    return this.tokens.status(context, userId || context.activity.from.id, includeFilter);
  }

  async signOutUser(context: TurnContext, connectionName?: string, userId?: string): Promise<void> {
    this.tokens.signOut(context, connectionName, userId || context.activity.from.id);
  }

  async getSignInLink(context: TurnContext, connectionName: string): Promise<string> {
    const { channelId, from } = context.activity;
    return `https://fake.com/oauthsignin/${connectionName}/${channelId}/${from.id}`;
  }

  async getSignInResource(context: TurnContext, connectionName: string, userId?: string): Promise<SignInUrlResponse> {
    return this.tokens.signInResource(context, connectionName, userId || context.activity.from.id);
  }

  /** There are none in a test. */
  async getAadTokens(
    _context: TurnContext,
    _connectionName: string,
    _resourceUrls: string[],
  ): Promise<Record<string, TokenResponse> | undefined> {
    return undefined;
  }

  async exchangeToken(
    context: TurnContext,
    connectionName: string,
    _userId: string,
    request: TokenExchangeRequest,
  ): Promise<TokenResponse | undefined> {
    return this.tokens.exchange(context, connectionName, request);
  }

  /** In the order in which the bot sends: in production typing overtakes, which no assertion could rely on. */
  protected override async sendOne(
    context: TurnContext,
    turn: Turn,
    activity: Partial<Activity>,
  ): Promise<ResourceResponse> {
    if (!ALONG_WITH_REPLIES.has(activity.type ?? '')) return super.sendOne(context, turn, activity);
    if (activity.type === ActivityTypes.InvokeResponse) context.turnState.set(INVOKE_RESPONSE_KEY, activity);
    return this.isSeen(activity) ? turn.send(asJson(activity) as Activity) : { id: '' };
  }

  private get channel(): ReplyQueue {
    return this.pipeline.channel;
  }

  private isSeen({ type }: Partial<Activity>): boolean {
    return type !== 'delay' && (type !== ActivityTypes.Trace || this.enableTrace);
  }

  private newId(): string {
    const id = this.nextId;
    this.nextId += 1;
    return String(id);
  }

  /** What the caller left out, from the conversation. The bot itself sends nothing to itself. */
  private completed(given: Partial<Activity>): Partial<Activity> {
    const { bot, channelId, conversation, serviceUrl, user } = this.conversation;
    const hasSender = given.from && given.from.id !== 'unknown' && given.from.role !== RoleTypes.Bot;
    const from = hasSender ? given.from : user;
    return {
      ...given,
      type: given.type || ActivityTypes.Message,
      channelId: given.channelId || channelId,
      recipient: given.recipient || bot,
      conversation: given.conversation || conversation,
      serviceUrl: given.serviceUrl || serviceUrl,
      id: given.id || this.newId(),
      timestamp: given.timestamp || new Date(),
      ...(from === undefined ? {} : { from }),
    };
  }

  private async deliver(activity: Activity, logic: Logic | undefined): Promise<void> {
    const key = this.bot.expect(this.pipeline.keyOf(activity), activity, logic, () => this.pipeline.uniqueKey());
    // Without a bot there is nothing to deliver to, as in the Bot Framework SDK.
    if (key === undefined) return;
    await this.pipeline.deliver(key, activity);
    this.bot.throwFailureOf(key);
    const [unmet] = this.pipeline.badDays.unmet();
    if (unmet !== undefined) throw new Error(`TestAdapter.${unmet}`);
  }
}

/** What a test sees among the replies, and a channel does not, or not in their order. */
const ALONG_WITH_REPLIES: ReadonlySet<string> = new Set([
  ActivityTypes.InvokeResponse,
  ActivityTypes.Trace,
  ActivityTypes.Typing,
]);

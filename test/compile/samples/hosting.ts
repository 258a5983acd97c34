import {
  type Activity,
  ActivityHandler,
  ActivityTypes,
  AutoSaveStateMiddleware,
  BotAdapter,
  type BotStateSet,
  type BotTelemetryClient,
  CloudAdapter,
  ConfigurationBotFrameworkAuthentication,
  ConfigurationServiceClientCredentialFactory,
  type ConversationReference,
  ConversationState,
  createBotFrameworkAuthenticationFromConfiguration,
  FileTranscriptStore,
  INVOKE_RESPONSE_KEY,
  InvokeException,
  MemoryStorage,
  type MemoryTranscriptStore,
  type Middleware,
  type MiddlewareHandler,
  MiddlewareSet,
  NullTelemetryClient,
  RegisterClassMiddleware,
  type ResourceResponse,
  SetSpeakMiddleware,
  ShowTypingMiddleware,
  StatusCodes,
  type Storage,
  type StoreItems,
  TeamsSSOTokenExchangeMiddleware,
  TelemetryLoggerMiddleware,
  type TranscriptLogger,
  TranscriptLoggerMiddleware,
  TurnContext,
  UserState,
} from 'botbuilder';

const credentialsFactory = new ConfigurationServiceClientCredentialFactory({
  MicrosoftAppId: process.env.MicrosoftAppId,
  MicrosoftAppPassword: process.env.MicrosoftAppPassword,
  MicrosoftAppType: process.env.MicrosoftAppType,
  MicrosoftAppTenantId: process.env.MicrosoftAppTenantId,
});
const adapter = new CloudAdapter(createBotFrameworkAuthenticationFromConfiguration(null, credentialsFactory));

export const other = new CloudAdapter(new ConfigurationBotFrameworkAuthentication(process.env, credentialsFactory));

adapter.onTurnError = async (context: TurnContext, error: Error) => {
  console.error(`\n [onTurnError] unhandled error: ${error}`);
  await context.sendTraceActivity(
    'OnTurnError Trace',
    `${error}`,
    'https://www.botframework.com/schemas/error',
    'TurnError',
  );
  await context.sendActivity('The bot encountered an error or bug.');
  await conversationState.delete(context);
};

const memoryStorage: Storage = new MemoryStorage();
const conversationState = new ConversationState(memoryStorage);
const userState = new UserState(memoryStorage);

class Logger implements TranscriptLogger {
  logActivity(activity: Activity): void {
    console.log(activity.text.length, activity.type, activity.timestamp?.getTime());
  }
}

const asFunction: MiddlewareHandler = async (_context, next) => {
  await next();
};

adapter
  .use(new ShowTypingMiddleware(500, 2000))
  .use(new AutoSaveStateMiddleware(conversationState, userState))
  .use(new TranscriptLoggerMiddleware(new Logger()))
  .use(new TranscriptLoggerMiddleware(new FileTranscriptStore('/tmp/transcripts')))
  .use(new TelemetryLoggerMiddleware(new NullTelemetryClient() as BotTelemetryClient, true))
  .use(new SetSpeakMiddleware('en-US-JennyNeural', true))
  .use(new RegisterClassMiddleware(memoryStorage, 'storage'))
  .use(new TeamsSSOTokenExchangeMiddleware(memoryStorage, 'connection'))
  .use(new MiddlewareSet(asFunction))
  .use(asFunction);

export const bot = new ActivityHandler();

export async function listen(
  req: { body?: Record<string, unknown>; headers: Record<string, string[] | string | undefined>; method?: string },
  res: {
    end(...args: unknown[]): unknown;
    header(name: string, value: unknown): unknown;
    send(body: unknown): unknown;
    status(code: number): unknown;
    socket: unknown;
  },
): Promise<void> {
  await adapter.process(req, res, (context) => bot.run(context));
  await adapter.process(req, res, async (context) => {
    await bot.run(context);
  });
}

export async function notify(references: Record<string, Partial<ConversationReference>>): Promise<void> {
  for (const conversationReference of Object.values(references)) {
    await adapter.continueConversationAsync(
      process.env.MicrosoftAppId as string,
      conversationReference,
      async (context) => {
        await context.sendActivity('proactive hello');
      },
    );
  }
}

/** An adapter of an author's own. */
export class ConsoleAdapter extends BotAdapter {
  async processLine(text: string, logic: (context: TurnContext) => Promise<void>): Promise<void> {
    const activity: Partial<Activity> = { type: ActivityTypes.Message, text, channelId: 'console', id: '1' };
    const context = new TurnContext(this, activity as Activity);
    await this.runMiddleware(context, logic);
    const invokeResponse = context.turnState.get(INVOKE_RESPONSE_KEY);
    console.log(invokeResponse?.value);
  }

  async sendActivities(_context: TurnContext, activities: Partial<Activity>[]): Promise<ResourceResponse[]> {
    return activities.map(({ text }) => ({ id: `${text}` }));
  }

  // biome-ignore lint/suspicious/noConfusingVoidType: as the SDK's own signature has it.
  async updateActivity(_context: TurnContext, _activity: Partial<Activity>): Promise<ResourceResponse | void> {
    throw new Error('no');
  }

  async deleteActivity(_context: TurnContext, _reference: Partial<ConversationReference>): Promise<void> {}

  async continueConversation(
    _reference: Partial<ConversationReference>,
    _logic: (revocableContext: TurnContext) => Promise<void>,
  ): Promise<void> {}
}

/** A storage of an author's own. */
export class JsonStorage implements Storage {
  private items: Record<string, string> = {};

  async read(keys: string[]): Promise<StoreItems> {
    const found: StoreItems = {};
    for (const key of keys) if (this.items[key]) found[key] = JSON.parse(this.items[key]);
    return found;
  }

  async write(changes: StoreItems): Promise<void> {
    for (const [key, item] of Object.entries(changes))
      this.items[key] = JSON.stringify({ ...item, eTag: item.eTag ?? '*' });
  }

  async delete(keys: string[]): Promise<void> {
    for (const key of keys) delete this.items[key];
  }
}

export class Gate implements Middleware {
  constructor(private states: BotStateSet) {}

  public async onTurn(context: TurnContext, next: () => Promise<void>): Promise<void> {
    await this.states.loadAll(context);
    if (context.activity.type === ActivityTypes.Invoke && !context.activity.value)
      throw new InvokeException(StatusCodes.BAD_REQUEST, 'no value');
    const state = await conversationState.load(context);
    state.count = (state.count ?? 0) + 1;
    const cached = conversationState.get(context);
    console.log(cached.count + 1);
    await next();
    await this.states.saveAllChanges(context);
  }
}

export async function transcripts(store: MemoryTranscriptStore): Promise<string[]> {
  const page = await store.getTranscriptActivities('test', 'c');
  const list = await store.listTranscripts('test', page.continuationToken);
  return [...page.items.map((a) => a.text.trim()), ...list.items.map(({ id }) => id)];
}

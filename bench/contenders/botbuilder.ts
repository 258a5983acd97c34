import { createRequire } from 'node:module';
import { APP_ID } from '../fakes/login.ts';
import { expressLike } from './express-like.ts';
import { type Context, counted, type Kept, listen, ordersIn, ready, surroundings } from './hosted.ts';

/* The Bot Framework SDK as its samples have it: CloudAdapter, ConversationState on its Cosmos storage. */

const load = createRequire(import.meta.url);
const { ActivityHandler, CloudAdapter, ConfigurationBotFrameworkAuthentication, ConversationState, MemoryStorage } =
  load('botbuilder');
const { CosmosDbPartitionedStorage } = load('botbuilder-azure');

const { metadata, cosmos } = surroundings();

/** A token that is there already, as it is in a process that has been up for a minute. */
const credentials = {
  isValidAppId: async (id: string) => id === APP_ID,
  isAuthenticationDisabled: async () => false,
  createCredentials: async () => ({
    oAuthScope: 'https://api.botframework.com',
    signRequest: async (request: { headers: { set(name: string, value: string): void } }) => {
      request.headers.set('authorization', 'Bearer of-the-bot');
      return request;
    },
  }),
};

/** Parts of the settings have to be given together when one of them is. */
const PUBLIC_CLOUD = {
  ToChannelFromBotLoginUrl: 'https://login.microsoftonline.com/botframework.com',
  ToChannelFromBotOAuthScope: 'https://api.botframework.com',
  ToBotFromChannelTokenIssuer: 'https://api.botframework.com',
  OAuthUrl: 'https://api.botframework.com',
  ToBotFromEmulatorOpenIdMetadataUrl: 'https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration',
  CallerId: 'urn:botframework:azure',
};

const authentication = new ConfigurationBotFrameworkAuthentication(
  { MicrosoftAppId: APP_ID, ToBotFromChannelOpenIdMetadataUrl: metadata, ...PUBLIC_CLOUD },
  credentials,
);
const adapter = new CloudAdapter(authentication);
const storage =
  process.env.BENCH_STORE === 'memory'
    ? new MemoryStorage()
    : new CosmosDbPartitionedStorage({
        cosmosDbEndpoint: cosmos,
        authKey: Buffer.from('any').toString('base64'),
        databaseId: 'bench',
        containerId: 'botbuilder',
        compatibilityMode: false,
      });
const conversationState = new ConversationState(storage);
const kept = conversationState.createProperty('kept');

class Bot extends ActivityHandler {
  constructor() {
    super();
    this.onMessage(async (context: Context, next: () => Promise<void>) => {
      const ours: Kept = await kept.get(context, {});
      await context.sendActivity(await counted(ordersIn(context.activity.text), ours));
      await next();
    });
  }

  async run(context: Context): Promise<void> {
    await super.run(context);
    await conversationState.saveChanges(context, false);
  }
}

const bot = new Bot();

ready(
  await listen({
    '/api/messages': async (request, response) => {
      const { incoming, outgoing } = await expressLike(request, response);
      await adapter
        .process(incoming, outgoing, (context: Context) => bot.run(context))
        .catch(() => outgoing.status(500).end());
    },
  }),
);

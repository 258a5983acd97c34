import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import { APP_ID, ISSUER } from '../fakes/login.ts';
import { expressLike } from './express-like.ts';
import { type Context, counted, type Kept, listen, ordersIn, ready, surroundings } from './hosted.ts';

/* The Agents SDK as its samples have it: CloudAdapter, ConversationState on its Cosmos storage, tokens checked by its own middleware. */

const load = createRequire(import.meta.url);
const { metadata, cosmos } = surroundings();

// The address of the keys cannot be set.
const { request } = https;
const keysUrl = metadata.replace(/openidconfiguration$/, 'keys');
(https as { request: unknown }).request = (target: unknown, ...rest: never[]) => {
  const address = typeof target === 'string' ? target : (target as { href?: string; hostname?: string; host?: string });
  const isKeys = JSON.stringify(address).includes('login.botframework.com');
  return isKeys ? http.request(keysUrl, ...(rest as [])) : request(target as string, ...rest);
};

const { ActivityHandler, CloudAdapter, ConversationState, MemoryStorage, authorizeJWT } =
  load('@microsoft/agents-hosting');
const { CosmosDbPartitionedStorage } = load('@microsoft/agents-hosting-storage-cosmos');

const connection = {
  clientId: APP_ID,
  tenantId: '9d0c1b2a-0000-4000-8000-000000000002',
  clientSecret: 'not-a-secret',
  authority: 'https://login.microsoftonline.com',
  issuers: [ISSUER],
};
const authConfig = {
  ...connection,
  connections: new Map([['serviceConnection', connection]]),
  connectionsMap: [{ serviceUrl: '*', connection: 'serviceConnection' }],
};

/** A token that is there already, as it is in a process that has been up for a minute. */
const tokens = { getAccessToken: async () => 'of-the-bot', acquireTokenOnBehalfOf: async () => 'of-the-bot' };
const adapter = new CloudAdapter(authConfig, tokens);
adapter.connectionManager = {
  getTokenProvider: () => tokens,
  getTokenProviderFromActivity: () => tokens,
  getDefaultConnection: () => tokens,
  getConnection: () => tokens,
  getDefaultConnectionConfiguration: () => connection,
  getConnectionConfiguration: () => connection,
};

const storage =
  process.env.BENCH_STORE === 'memory'
    ? new MemoryStorage()
    : new CosmosDbPartitionedStorage({
        databaseId: 'bench',
        containerId: 'agents',
        compatibilityMode: false,
        cosmosClientOptions: { endpoint: cosmos, key: Buffer.from('any').toString('base64') },
      });
const conversationState = new ConversationState(storage);
const kept = conversationState.createProperty('kept');

class Bot extends ActivityHandler {
  constructor() {
    super();
    this.onMessage(async (context: Context, next: () => Promise<void>) => {
      const ours: Kept = await kept.get(context, {});
      await context.sendActivity(await counted(ordersIn(context.activity.text), ours));
      await kept.set(context, ours);
      await next();
    });
  }

  async run(context: Context): Promise<void> {
    await conversationState.load(context);
    await super.run(context);
    await conversationState.saveChanges(context);
  }
}

const bot = new Bot();
const authorize = authorizeJWT(authConfig);

ready(
  await listen({
    '/api/messages': async (request, response) => {
      const { incoming, outgoing } = await expressLike(request, response);
      try {
        await authorize(incoming, outgoing, async (error?: unknown) => {
          if (error !== undefined) throw error;
          await adapter.process(incoming, outgoing, (context: Context) => bot.run(context));
        });
      } catch {
        outgoing.status(500).end();
      }
    },
  }),
);

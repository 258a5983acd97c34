import './agents-keys.ts';
import {
  ActivityHandler,
  type AuthProvider,
  authorizeJWT,
  CloudAdapter,
  ConversationState,
  type TurnContext,
} from '@microsoft/agents-hosting';
import { CosmosDbPartitionedStorage } from '@microsoft/agents-hosting-storage-cosmos';
import { APP_ID, ISSUER } from '../fakes/login.ts';
import { expressLike } from './express-like.ts';
import { host, type Kept, surroundings } from './hosted.ts';
import { sdkBot } from './sdk-bot.ts';

/* The Agents SDK as its samples have it: CloudAdapter, ConversationState on its Cosmos storage, tokens checked by its own middleware. */

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
const token = async () => 'of-the-bot';
const tokens: AuthProvider = {
  getAccessToken: token,
  acquireTokenOnBehalfOf: token,
  getAgenticApplicationToken: token,
  getAgenticInstanceToken: token,
  getAgenticUserToken: token,
};
const adapter = new CloudAdapter(authConfig, tokens);
adapter.connectionManager = {
  getTokenProvider: () => tokens,
  getTokenProviderFromActivity: () => tokens,
  getDefaultConnection: () => tokens,
  getConnection: () => tokens,
  getDefaultConnectionConfiguration: () => connection,
};

const storage = new CosmosDbPartitionedStorage({
  databaseId: 'bench',
  containerId: 'agents',
  compatibilityMode: false,
  cosmosClientOptions: { endpoint: surroundings().cosmos, key: Buffer.from('any').toString('base64') },
});
const conversationState = new ConversationState(storage);
const kept = conversationState.createProperty<Kept>('kept');
const bot = sdkBot<TurnContext>({ handler: new ActivityHandler(), conversationState, kept });
const authorize = authorizeJWT(authConfig);

host({
  '/api/messages': async (request, response) => {
    const { incoming, outgoing } = await expressLike(request, response);
    try {
      await authorize(incoming, outgoing, async (error?: unknown) => {
        if (error !== undefined) throw error;
        await adapter.process(incoming, outgoing, bot);
      });
    } catch {
      outgoing.status(500).end();
    }
  },
});

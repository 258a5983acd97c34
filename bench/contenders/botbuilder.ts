import {
  ActivityHandler,
  CloudAdapter,
  ConfigurationBotFrameworkAuthentication,
  ConversationState,
  type TurnContext,
} from 'botbuilder';
import { CosmosDbPartitionedStorage } from 'botbuilder-azure';
import { APP_ID } from '../fakes/login.ts';
import { expressLike } from './express-like.ts';
import { host, type Kept, surroundings } from './hosted.ts';
import { sdkBot } from './sdk-bot.ts';

/* The Bot Framework SDK as its samples have it: CloudAdapter, ConversationState on its Cosmos storage. */

const { metadata, cosmos } = surroundings();

/** A token that is there already, as it is in a process that has been up for a minute. */
const credentials = {
  isValidAppId: async (id: string) => id === APP_ID,
  isAuthenticationDisabled: async () => false,
  createCredentials: async () => ({
    oAuthScope: 'https://api.botframework.com',
    signRequest: async <R extends { headers: { set(name: string, value: string): void } }>(request: R): Promise<R> => {
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
const storage = new CosmosDbPartitionedStorage({
  cosmosDbEndpoint: cosmos,
  authKey: Buffer.from('any').toString('base64'),
  databaseId: 'bench',
  containerId: 'botbuilder',
  compatibilityMode: false,
});
const conversationState = new ConversationState(storage);
const kept = conversationState.createProperty<Kept>('kept');
const bot = sdkBot<TurnContext>({ handler: new ActivityHandler(), conversationState, kept });

host({
  '/api/messages': async (request, response) => {
    const { incoming, outgoing } = await expressLike(request, response);
    await adapter.process(incoming, outgoing, bot).catch(() => outgoing.status(500).end());
  },
});

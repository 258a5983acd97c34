import { PUBLIC } from '@microsoft/teams.api';
import { App, type HttpRouteHandler } from '@microsoft/teams.apps';
import { ConsoleLogger, LocalStorage } from '@microsoft/teams.common';
import { APP_ID } from '../fakes/login.ts';
import { expressLike } from './express-like.ts';
import { counted, host, type Kept, ordersIn, surroundings } from './hosted.ts';

/*
 * The Teams SDK. It has a storage of its own and no adapter for Cosmos DB, so that what a bot keeps of a conversation is in memory here, read
 * and written as its samples do.
 */

interface Message {
  readonly activity: { readonly text?: string; readonly conversation: { readonly id: string } };
  send(text: string): Promise<unknown>;
}

let messages: HttpRouteHandler | undefined;

/** This library reads the claims of its own token. */
const part = (content: object): string => Buffer.from(JSON.stringify(content)).toString('base64url');
const OUTBOUND_TOKEN = `${part({ alg: 'none' })}.${part({ appid: APP_ID, exp: Math.floor(Date.now() / 1000) + 86_400 })}.x`;

const app = new App({
  clientId: APP_ID,
  tenantId: '9d0c1b2a-0000-4000-8000-000000000002',
  // A token that is there already, as it is in a process that has been up for a minute.
  token: async () => OUTBOUND_TOKEN,
  cloud: { ...PUBLIC, openIdMetadataUrl: surroundings().metadata },
  logger: new ConsoleLogger('bench', { level: 'error' }),
  httpServerAdapter: {
    registerRoute: (_method: string, path: string, handler: HttpRouteHandler) => {
      if (path === '/api/messages') messages = handler;
    },
  },
});

const storage = new LocalStorage();

app.on('message', async ({ activity, send }: Message) => {
  const ours: Kept = structuredClone((await storage.get(activity.conversation.id)) ?? {});
  await send(await counted(ordersIn(activity.text), ours));
  await storage.set(activity.conversation.id, ours);
});

app.initialize().then(() =>
  host({
    '/api/messages': async (request, response) => {
      const { incoming, outgoing } = await expressLike(request, response);
      const answer = (await messages?.({ body: incoming.body, headers: incoming.headers })) ?? { status: 404 };
      outgoing.status(answer.status).send(answer.body);
    },
  }),
);

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CosmosClient } from '@azure/cosmos';
import { HttpRequest, type InvocationContext } from '@azure/functions';
import { afterEach, expect, test } from '@jest/globals';
import { createBotApp } from '../../src/app';
import { AppStorage } from '../../src/bot/app-storage';
import type { Bot } from '../../src/bot/bot';
import { UserState } from '../../src/bot/user-state';
import type { BotApp } from '../../src/bot-app';
import type { ConversationKey } from '../../src/turn/keys';
import { startCosmosGateway } from '../support/cosmos-gateway';
import { TEST_KEY } from '../support/cosmos-under-test';

/* What an author gets of state and storage from an app that is made of settings alone. */

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const each of cleanUp.splice(0).reverse()) await each();
});

interface Hosted {
  readonly app: BotApp;
  readonly sent: (string | undefined)[];
  say(text: string): Promise<void>;
}

function hosted(bot: Bot, environment: Record<string, string>, storage?: AppStorage): Hosted {
  const sent: (string | undefined)[] = [];
  const rung = new Set<ConversationKey>();
  const app = createBotApp({
    bot,
    ...(storage === undefined ? {} : { storage }),
    log: { event: () => undefined },
    environment: {
      AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
      AzureWebJobsStorage: 'UseDevelopmentStorage=true',
      ...environment,
    },
    doorbell: { ring: async (key) => void rung.add(key) },
    connector: {
      deliver: async (call) => {
        sent.push('activity' in call ? call.activity.text : call.op);
        return { outcome: 'delivered', id: `${sent.length}` };
      },
    },
    auth: {
      mode: 'test',
      authenticate: async () => ({ ok: true, admit: ({ serviceUrl }) => ({ ok: true, pinned: { serviceUrl } }) }),
    },
  });
  cleanUp.push(() => app.close());
  let ids = 0;
  return {
    app,
    sent,
    async say(text) {
      ids += 1;
      const activity = {
        type: 'message',
        id: `m${ids}`,
        channelId: 'test',
        serviceUrl: 'https://channel.example/',
        from: { id: 'ada' },
        recipient: { id: 'bot' },
        conversation: { id: 'c' },
        text,
      };
      const headers = { 'content-type': 'application/json' };
      const body = { string: JSON.stringify(activity) };
      const request = new HttpRequest({ method: 'POST', url: 'http://127.0.0.1/api/messages', headers, body });
      expect((await app.messages(request, {} as InvocationContext)).status).toBe(200);
      for (const key of rung) await app.turns({ conversation: key });
      rung.clear();
    },
  };
}

test('the storage of an app lies in the store that its settings name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'turnwise-app-'));
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  const environment = { TURNWISE_STORE: 'sqlite', TURNWISE_DATA: folder };
  const [mine, theirs] = [new AppStorage(), new AppStorage()];
  const app = hosted(
    async (context) => {
      const { visits = { n: 0 } } = (await mine.read(['visits'])) as { visits?: { n: number } };
      await mine.write({ visits: { ...visits, n: visits.n + 1 } });
      await context.sendActivity(String(visits.n + 1));
    },
    environment,
    mine,
  );
  await app.say('one');
  await app.say('two');
  expect(app.sent).toEqual(['1', '2']);
  hosted(async () => undefined, environment, theirs);
  expect(await theirs.read(['visits'])).toEqual({ visits: { n: 2, eTag: expect.any(String) } });
});

test('a bot that moves here finds what its settings name', async () => {
  const gateway = await startCosmosGateway();
  cleanUp.push(() => gateway.close());
  const connectionPolicy = { enableEndpointDiscovery: false };
  const client = new CosmosClient({ endpoint: gateway.endpoint, key: TEST_KEY, connectionPolicy });
  await client.databases.create({ id: 'bot-db' });
  await client.database('bot-db').containers.create({ id: 'bot-storage', partitionKey: { paths: ['/id'] } });
  const { items } = client.database('bot-db').container('bot-storage');
  await items.create({ id: 'test*2fusers*2fada*2f', realId: 'test/users/ada/', document: { visits: 41, name: 'Ada' } });
  const visits = new UserState().createProperty<number>('visits');
  const app = hosted(
    async (context) => {
      await visits.set(context, (await visits.get(context, 0)) + 1);
      await context.sendActivity(String(await visits.get(context)));
    },
    {
      TURNWISE_STORE: 'memory',
      COSMOS_KEY: TEST_KEY,
      TURNWISE_EARLIER_ENDPOINT: gateway.endpoint,
      TURNWISE_EARLIER_DATABASE: 'bot-db',
      TURNWISE_EARLIER_CONTAINER: 'bot-storage',
    },
  );
  await app.say('one');
  await app.say('two');
  expect(app.sent).toEqual(['42', '43']);
});

import { expect, test } from '@jest/globals';
import { createBotApp } from '../../src/app';
import { CloudAdapter } from '../../src/bot/cloud-adapter';
import { createMemoryStore } from '../../src/memory/memory-store';
import type { ConnectorClient } from '../../src/ports/connector-client';
import { systemClock } from '../../src/runtime/system';
import type { ConversationReference } from '../../src/schema/accounts';

/* Bots keep references in databases, queues and URLs of their own, so anybody may have written the one that they continue with. */

const TRUSTED = 'https://smba.trafficmanager.net/teams/';

function appWith(createdAt: string | undefined) {
  const adapter = new CloudAdapter();
  const store = createMemoryStore(systemClock);
  const created = { id: 'created', ...(createdAt === undefined ? {} : { serviceUrl: createdAt }) };
  const client = { conversations: { createConversation: async () => created } } as unknown as ConnectorClient;
  createBotApp({
    bot: async () => undefined,
    adapter,
    store,
    connectorClients: { client: () => client },
    doorbell: { ring: async () => undefined },
    environment: {
      MicrosoftAppId: '11111111-2222-3333-4444-555555555555',
      MicrosoftAppPassword: 'secret',
      AzureWebJobsStorage: 'UseDevelopmentStorage=true',
    },
  });
  return { adapter, store };
}

const referenceTo = (serviceUrl: string): ConversationReference => ({
  channelId: 'msteams',
  serviceUrl,
  bot: { id: 'bot' },
  user: { id: 'user' },
  conversation: { id: 'c', isGroup: false },
});

test.each([
  'https://evil.example/',
  'https://smba.trafficmanager.net.evil.example/teams/',
  'https://smba.trafficmanager.net@evil.example/',
  'https://evil.example/?smba.trafficmanager.net',
  'http://smba.trafficmanager.net/teams/',
  'http://127.0.0.1:8080/',
  'http://169.254.169.254/metadata/identity',
])('a reference to %s begins no turn', async (serviceUrl) => {
  const { adapter, store } = appWith(undefined);
  let ran = false;
  const logic = async (): Promise<void> => {
    ran = true;
  };
  const refused = { code: 'ServiceUrlNotTrusted' };
  const reference = referenceTo(serviceUrl);
  await expect(adapter.continueConversationAsync('app', reference, logic)).rejects.toMatchObject(refused);
  const activity = { ...reference, type: 'message', text: 'hello', from: { id: 'user' }, recipient: { id: 'bot' } };
  await expect(adapter.processActivityDirect({}, activity, logic)).rejects.toMatchObject(refused);
  expect(ran).toBe(false);
  expect(await store.inspection.conversation('msteams/c' as never)).toBeUndefined();
});

test('a reference to a known service does', async () => {
  const { adapter } = appWith(undefined);
  const seen: string[] = [];
  await adapter.continueConversationAsync('app', referenceTo(TRUSTED), async ({ activity }) => {
    seen.push(activity.serviceUrl);
  });
  expect(seen).toEqual([TRUSTED]);
});

test.each([
  [undefined, TRUSTED],
  ['', TRUSTED],
  ['https://evil.example/', TRUSTED],
  ['https://smba.trafficmanager.net/emea/', 'https://smba.trafficmanager.net/emea/'],
])('a new conversation that the channel says is at %s is at %s', async (answered, serviceUrl) => {
  const { adapter } = appWith(answered);
  const seen: string[] = [];
  const parameters = { bot: { id: 'bot' }, members: [{ id: 'user' }], isGroup: false };
  await adapter.createConversationAsync('app', 'msteams', TRUSTED, 'audience', parameters, async ({ activity }) => {
    seen.push(activity.serviceUrl);
  });
  expect(seen).toEqual([serviceUrl]);
});

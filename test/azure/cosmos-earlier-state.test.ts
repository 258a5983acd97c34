import { type Container, CosmosClient } from '@azure/cosmos';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CosmosEarlierState, parseName } from '../../src/azure/cosmos-earlier-state';
import type { Desk } from '../../src/cli/desk';
import { forget } from '../../src/cli/forget';
import { importState } from '../../src/cli/import';
import { createMemoryStore } from '../../src/memory/memory-store';
import type { EarlierPlace } from '../../src/ports/earlier-state';
import type { Store } from '../../src/ports/store';
import { systemClock, systemIds } from '../../src/runtime/system';
import { Secret } from '../../src/schema/secret';
import { StoreFault } from '../../src/turn/fault';
import { conversationKey, userKey } from '../../src/turn/keys';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { TEST_KEY } from '../support/cosmos-under-test';

let gateway: CosmosGateway;
let container: Container;
let earlier: CosmosEarlierState;

const CONVERSATION = conversationKey('msteams', '19:general@thread.tacv2;messageid=1');
const USER = userKey('msteams', '29:1bQ_x-y');

/** As `CosmosDbPartitionedStorage` escapes a key; one longer than 255 is hashed: by the Agents SDK so, by botbuilder-azure with salt. */
function escaped(key: string): string {
  const id = [...key].map((c) => ('\\?/#\t\n\r*'.includes(c) ? `*${c.charCodeAt(0).toString(16)}` : c)).join('');
  return id.length > 255 ? `$2a$10$${'h'.repeat(53)}${key.length}` : id;
}

const LONG = `19:${'l'.repeat(300)}`;

/** Documents as JavaScript bots leave them, and one as .NET bots do, whose keys have no slash at the end. */
const DOCUMENTS: Record<string, object> = {
  'msteams/conversations/19:general@thread.tacv2;messageid=1/': { topic: 'weather', nested: { list: [1, null] } },
  'msteams/conversations/19:general@thread.tacv2;messageid=1/dialogs': { stack: ['root'] },
  'msteams/conversations/19:general@thread.tacv2;messageid=1/users/29:1bQ_x-y/': { asked: 2 },
  'msteams/conversations/19:other/': { topic: 'other' },
  'msteams/users/29:1bQ_x-y/': { name: 'Ada', visits: 41 },
  'msteams/users/29:1bQ_x-y2/': { name: 'Somebody else' },
  'msteams/users/29:dotnet': { $type: 'System.Collections.Generic.Dictionary', name: 'Net' },
  [`msteams/conversations/${LONG}/`]: { long: true },
  'transcripts-2020': { lines: [] },
};

beforeAll(async () => {
  gateway = await startCosmosGateway();
  const connectionPolicy = { enableEndpointDiscovery: false };
  const client = new CosmosClient({ endpoint: gateway.endpoint, key: TEST_KEY, connectionPolicy });
  await client.databases.create({ id: 'bot' });
  const partitionKey = { paths: ['/id'] };
  await client.database('bot').containers.create({ id: 'state', partitionKey });
  container = client.database('bot').container('state');
  for (const [realId, document] of Object.entries(DOCUMENTS)) {
    await container.items.create({ id: escaped(realId), realId, document });
  }
  earlier = stateIn('state');
});
afterAll(() => gateway.close());

const stateIn = (name: string): CosmosEarlierState =>
  new CosmosEarlierState({
    endpoint: gateway.endpoint,
    database: 'bot',
    container: name,
    key: new Secret(TEST_KEY),
    managed: false,
    namespaces: ['dialogs'],
  });

test.each<[string, EarlierPlace, object | undefined]>([
  [
    'a conversation, its namespaces as properties, without its users',
    { conversation: CONVERSATION },
    { topic: 'weather', nested: { list: [1, null] }, dialogs: { stack: ['root'] } },
  ],
  ['a user in a conversation', { conversation: CONVERSATION, user: USER }, { asked: 2 }],
  ['a user, and nobody whose id begins alike', { user: USER }, { name: 'Ada', visits: 41 }],
  ['a user of a .NET bot', { user: userKey('msteams', '29:dotnet') }, { $type: expect.any(String), name: 'Net' }],
  [
    'a conversation whose key is too long for an id',
    { conversation: conversationKey('msteams', LONG) },
    { long: true },
  ],
  ['somebody unknown', { user: userKey('msteams', '29:1bQ') }, undefined],
  ['another channel', { user: userKey('directline', '29:1bQ_x-y') }, undefined],
])('finds the state of %s', async (_, place, expected) => {
  expect(await earlier.read(place)).toEqual(expected);
});

test('a container that is not there, or does not answer, is no empty one', async () => {
  await expect(stateIn('missing').read({ user: USER })).rejects.toBeInstanceOf(StoreFault);
  gateway.onRequest(({ kind }) => (kind === 'query' ? { do: 'answer', status: 503 } : undefined));
  await expect(earlier.read({ user: USER })).rejects.toBeInstanceOf(StoreFault);
  gateway.onRequest(() => undefined);
});

test.each<[string, EarlierPlace | undefined, string]>([
  ['msteams/conversations/c/', { conversation: conversationKey('msteams', 'c') }, ''],
  ['msteams/conversations/c', { conversation: conversationKey('msteams', 'c') }, ''],
  ['msteams/conversations/c/ns', { conversation: conversationKey('msteams', 'c') }, 'ns'],
  ['msteams/conversations/c/d', { conversation: conversationKey('msteams', 'c/d') }, ''],
  ['msteams/conversations/c/d/', { conversation: conversationKey('msteams', 'c/d') }, ''],
  ['msteams/conversations/c/d/ns', { conversation: conversationKey('msteams', 'c/d') }, 'ns'],
  ['x/conversations/c/users/u/', { conversation: conversationKey('x', 'c'), user: userKey('x', 'u') }, ''],
  ['x/conversations/c/users/u/ns', { conversation: conversationKey('x', 'c'), user: userKey('x', 'u') }, 'ns'],
  ['x/conversations/c/d/users/u/v/', { conversation: conversationKey('x', 'c/d'), user: userKey('x', 'u/v') }, ''],
  ['x/users/a/b/', { user: userKey('x', 'a/b') }, ''],
  ['x/users/a/b', { user: userKey('x', 'a/b') }, ''],
  ['x/users/a/ns', { user: userKey('x', 'a') }, 'ns'],
  ['x/users/a/ns/', { user: userKey('x', 'a/ns') }, ''],
])('takes the key %s apart', (realId, place, namespace) => {
  expect(parseName(realId, ['ns'])).toEqual({ place, namespace });
});

test.each(['', 'x', 'x/y/z', 'x/users/', '/users/u/', 'x/conversations/', 'x/conversations//users/u'])(
  '"%s" is the key of no state',
  (realId) => {
    expect(parseName(realId)).toBeUndefined();
  },
);

const deskOf = (store: Store): Desk => ({
  store,
  name: 'memory',
  earlier,
  clock: systemClock,
  ids: systemIds,
  now: () => systemClock.now(),
  progress: () => undefined,
  ask: (call) => call(store),
  ring: async () => 'noQueue',
  close: async () => {},
});

test('importing takes over what is not here, says what it finds, and leaves the originals alone', async () => {
  const store = createMemoryStore(systemClock);
  await store.adoption.adopt({ user: USER }, { name: 'Ada', visits: 50 });
  const before = (await container.items.readAll().fetchAll()).resources;
  const dry = await importState(deskOf(store), true);
  expect(dry.data).toMatchObject({ dryRun: true, documents: 9, imported: 6, here: 2, others: 1, tooLarge: [] });
  expect((await store.turns.readState(CONVERSATION, 'conversation')).version).toBe(0);
  const done = await importState(deskOf(store), false);
  expect(done.data).toMatchObject({ dryRun: false, documents: 9, imported: 6, here: 2, others: 1 });
  expect((await store.turns.readState(CONVERSATION, 'conversation')).data).toMatchObject({ topic: 'weather' });
  expect((await store.turns.readState(CONVERSATION, `private:${USER}`)).data).toEqual({ asked: 2 });
  expect((await store.users.read(USER)).data).toEqual({ name: 'Ada', visits: 50 });
  const again = await importState(deskOf(store), false);
  expect(again.data).toMatchObject({ imported: 0, here: 8 });
  expect((await container.items.readAll().fetchAll()).resources).toEqual(before);
});

test('forgetting somebody removes the originals, and nobody else of them', async () => {
  const store = createMemoryStore(systemClock);
  await importState(deskOf(store), false);
  await forget(deskOf(store), { conversations: [], users: ['msteams/29:1bQ_x-y'] });
  expect(await earlier.read({ user: USER })).toBeUndefined();
  expect(await earlier.read({ conversation: CONVERSATION, user: USER })).toBeUndefined();
  expect(await earlier.read({ conversation: CONVERSATION })).toMatchObject({ topic: 'weather' });
  await forget(deskOf(store), { conversations: [CONVERSATION], users: [] });
  expect(await earlier.read({ conversation: CONVERSATION })).toBeUndefined();
  const left = (await container.items.readAll().fetchAll()).resources.map(({ realId }) => realId);
  expect(left).toHaveLength(5);
  await importState(deskOf(store), false);
  expect((await store.turns.readState(CONVERSATION, 'conversation')).data).toEqual({});
});

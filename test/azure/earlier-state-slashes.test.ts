import { type Container, CosmosClient } from '@azure/cosmos';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CosmosEarlierState } from '../../src/azure/cosmos-earlier-state';
import type { Desk } from '../../src/cli/desk';
import { forget } from '../../src/cli/forget';
import { importState } from '../../src/cli/import';
import { createMemoryStore } from '../../src/memory/memory-store';
import type { Store } from '../../src/ports/store';
import { persist } from '../../src/runtime/persist';
import { systemClock, systemIds } from '../../src/runtime/system';
import { Secret } from '../../src/schema/secret';
import { readStoreAccess } from '../../src/settings';
import { conversationKey, userKey } from '../../src/turn/keys';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { TEST_KEY } from '../support/cosmos-under-test';

/* Ids with slashes in them: a user `acme`, and a user `acme/alice`; conversations `team` and `team/threads`. */

let gateway: CosmosGateway;
let client: CosmosClient;
let container: Container;
let containers = 0;

beforeAll(async () => {
  gateway = await startCosmosGateway();
  const connectionPolicy = { enableEndpointDiscovery: false };
  client = new CosmosClient({ endpoint: gateway.endpoint, key: TEST_KEY, connectionPolicy });
  await client.databases.create({ id: 'bot' });
});
afterAll(async () => {
  client.dispose();
  await gateway.close();
});

/** What each document says is whose it is. */
const DOCUMENTS: Readonly<Record<string, string>> = {
  'x/users/acme/': 'acme',
  'x/users/acme/settings': 'acme',
  'x/users/acme/alice/': 'acme/alice',
  'x/users/acme/alice/settings': 'acme/alice',
  'x/users/acme/alice': 'acme/alice',
  'x/users/acme/bob': 'acme/bob',
  'x/conversations/team/': 'team',
  'x/conversations/team/threads/': 'team/threads',
  'x/conversations/team/threads/settings': 'team/threads',
  'x/conversations/team/users/acme/': 'acme in team',
  'x/conversations/team/users/acme/settings': 'acme in team',
  'x/conversations/team/users/acme/alice/': 'acme/alice in team',
  'x/conversations/team/threads/users/acme/': 'acme in team/threads',
  'x/conversations/team/threads/users/my/users/acme/': 'my/users/acme in team/threads',
};

beforeEach(async () => {
  containers += 1;
  const id = `state${containers}`;
  await client.database('bot').containers.create({ id, partitionKey: { paths: ['/id'] } });
  container = client.database('bot').container(id);
  for (const [realId, whose] of Object.entries(DOCUMENTS)) {
    await container.items.create({ id: realId.replaceAll('/', '*2f'), realId, document: { whose } });
  }
});

const earlier = (namespaces: readonly string[] = ['settings']): CosmosEarlierState =>
  new CosmosEarlierState({
    endpoint: gateway.endpoint,
    database: 'bot',
    container: container.id,
    key: new Secret(TEST_KEY),
    managed: false,
    namespaces,
  });

const left = async (): Promise<string[]> =>
  (await container.items.readAll().fetchAll()).resources.map(({ realId }) => String(realId)).sort();

const without = (gone: (whose: string) => boolean): string[] =>
  Object.entries(DOCUMENTS)
    .flatMap(([realId, whose]) => (gone(whose) ? [] : [realId]))
    .sort();

const deskOf = (store: Store, namespaces?: readonly string[]): Desk => ({
  store,
  name: 'memory',
  clock: systemClock,
  ids: systemIds,
  earlier: earlier(namespaces),
  now: () => systemClock.now(),
  progress: () => undefined,
  ask: (call) => persist(systemClock, () => call(store), { limitMs: 10_000 }),
  ring: async () => 'noQueue',
  close: async () => {},
});

const ACME = userKey('x', 'acme');
const ALICE = userKey('x', 'acme/alice');
const TEAM = conversationKey('x', 'team');
const THREADS = conversationKey('x', 'team/threads');

describe('reading', () => {
  test.each([
    ['a user', { user: ACME }, 'acme'],
    ['a user whose id goes on', { user: ALICE }, 'acme/alice'],
    ['a conversation whose id goes on', { conversation: THREADS }, 'team/threads'],
    ['a user in a conversation', { conversation: TEAM, user: ACME }, 'acme in team'],
  ])('%s finds what is theirs alone, with the namespaces that are listed', async (_, place, whose) => {
    expect(await earlier().read(place)).toEqual({ whose, settings: { whose } });
  });

  test.each([
    ['a user', { user: ACME }, 'acme'],
    ['a user whose id goes on', { user: ALICE }, 'acme/alice'],
    ['a conversation', { conversation: TEAM }, 'team'],
    ['a user in a conversation', { conversation: TEAM, user: ALICE }, 'acme/alice in team'],
  ])('%s finds nothing of a namespace that is not listed', async (_, place, whose) => {
    expect(await earlier([]).read(place)).toEqual({ whose });
  });

  test('of somebody whose id only begins alike there is nothing', async () => {
    expect(await earlier().read({ user: userKey('x', 'acm') })).toBeUndefined();
    expect(await earlier().read({ conversation: conversationKey('x', 'tea') })).toBeUndefined();
  });
});

describe('forgetting', () => {
  test('a user takes that user, and nobody whose id goes on, or ends alike', async () => {
    await forget(deskOf(createMemoryStore(systemClock)), { conversations: [], users: [ACME] });
    expect(await left()).toEqual(without((whose) => whose === 'acme' || whose.startsWith('acme in ')));
  });

  test('a user whose id goes on leaves the one whose id ends before', async () => {
    await forget(deskOf(createMemoryStore(systemClock)), { conversations: [], users: [ALICE] });
    expect(await left()).toEqual(without((whose) => whose.startsWith('acme/alice')));
  });

  test('a conversation takes its users, and no conversation whose id goes on', async () => {
    await forget(deskOf(createMemoryStore(systemClock)), { conversations: [TEAM], users: [] });
    expect(await left()).toEqual(without((whose) => whose === 'team' || whose.endsWith(' in team')));
  });

  test('with a namespace that is not listed, what lies under it stays: it could be somebody else', async () => {
    await forget(deskOf(createMemoryStore(systemClock), []), { conversations: [], users: [ACME] });
    expect(await left()).toContain('x/users/acme/settings');
  });
});

test('importing brings everybody their own, and says how many ids have a slash', async () => {
  const store = createMemoryStore(systemClock);
  const report = await importState(deskOf(store), false);
  expect(report.data).toMatchObject({ documents: 14, others: 0, withSlash: 9 });
  expect(report.text).toContain('TURNWISE_EARLIER_NAMESPACES');
  expect((await store.users.read(ACME)).data).toEqual({ whose: 'acme', settings: { whose: 'acme' } });
  expect((await store.users.read(ALICE)).data).toEqual({ whose: 'acme/alice', settings: { whose: 'acme/alice' } });
  expect((await store.turns.readState(TEAM, 'conversation')).data).toEqual({ whose: 'team' });
  expect((await store.turns.readState(THREADS, 'conversation')).data).toMatchObject({ whose: 'team/threads' });
});

test('a command waits for a container that is busy, and a turn is told how long to wait', async () => {
  let requests = 0;
  const busy = (): void =>
    gateway.onRequest(({ kind, headers }) => {
      if (kind !== 'query' || headers['x-ms-cosmos-is-query-plan-request'] !== undefined) return undefined;
      requests += 1;
      return requests % 2 === 1 ? { do: 'answer', status: 429, retryAfterMs: 3 } : undefined;
    });
  busy();
  expect((await importState(deskOf(createMemoryStore(systemClock)), true)).data).toMatchObject({ documents: 14 });
  requests = 0;
  busy();
  await expect(earlier().read({ user: ACME })).rejects.toMatchObject({ name: 'StoreFault', retryAfterMs: 3 });
  gateway.onRequest(() => undefined);
});

test('the namespaces come from a setting, and are none without it', () => {
  const environment = {
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    TURNWISE_EARLIER_ENDPOINT: 'https://bot.documents.azure.com',
    TURNWISE_EARLIER_DATABASE: 'bot',
    TURNWISE_EARLIER_CONTAINER: 'state',
  };
  expect(readStoreAccess(environment).earlier?.namespaces).toEqual([]);
  const listed = { ...environment, TURNWISE_EARLIER_NAMESPACES: 'dialogs, user settings,' };
  expect(() => readStoreAccess(listed)).toThrow('TURNWISE_EARLIER_NAMESPACES');
  const named = { ...environment, TURNWISE_EARLIER_NAMESPACES: 'dialogs, user settings' };
  expect(readStoreAccess(named).earlier?.namespaces).toEqual(['dialogs', 'user settings']);
});

import { expect, test } from '@jest/globals';
import { CosmosCollections } from '../../src/azure/cosmos-collections';
import { headId, partitionKey, recordId, userId } from '../../src/azure/cosmos-documents';
import type { CosmosRequests } from '../../src/azure/cosmos-requests';
import { items } from '../../src/store/items';
import { notifications } from '../../src/store/notifications';
import { pace } from '../../src/store/pace';
import { references } from '../../src/store/references';
import { sweeps } from '../../src/store/sweeps';
import { activityKey, conversationKey, userKey } from '../../src/turn/keys';

/* Whatever a channel, a client or a caller calls something, its partition key and its id are such as Cosmos DB takes. */

/** Most bytes of a partition key, and of an id (Azure Cosmos DB service quotas). */
const MAX_PARTITION_KEY = 2_048;
const MAX_ID = 1_023;

interface Place {
  readonly id: string;
  readonly partition: string;
}

function expectFits({ id, partition }: Place): void {
  expect(Buffer.byteLength(partition)).toBeLessThanOrEqual(MAX_PARTITION_KEY);
  expect(Buffer.byteLength(id)).toBeLessThanOrEqual(MAX_ID);
  expect(id).not.toMatch(/[/\\#?]/);
}

/** The service, of which only the addresses are looked at: nothing is ever there, and every write is taken. */
function watched(): { readonly collections: CosmosCollections; readonly places: Place[] } {
  const places: Place[] = [];
  const requests = {
    ready: async () => undefined,
    clock: { now: () => 0 },
    read: async (place: Place) => {
      places.push(place);
      return { ok: false, refusal: 'absent' };
    },
    create: async ({ id }: { id: string }, partition: string) => {
      places.push({ id, partition });
      return { ok: true };
    },
    query: async (_text: string, _parameters: object, partition: string) => {
      places.push({ id: 'a', partition });
      return [];
    },
  };
  return { collections: new CosmosCollections(requests as unknown as CosmosRequests), places };
}

const NAMES: readonly (readonly [what: string, name: string])[] = [
  ['an ordinary name', 'tenant-1'],
  ['5,000 characters', 'x'.repeat(5_000)],
  ['5,000 characters of three bytes', '漢'.repeat(5_000)],
  ['characters that ids may not hold', '/\\#?"\n'.repeat(800)],
];

test.each(NAMES)('collections take %s', async (_what, name) => {
  const { collections, places } = watched();
  await pace(collections).take(name, 1, { perSecond: 1, burst: 1 }, 0);
  await pace(collections).pause(name, 1);
  await items(collections).write(name, { value: {}, version: '1' });
  await items(collections).read([name]);
  await sweeps(collections).last();
  const kept = references(collections);
  const conversation = conversationKey(name, name);
  const bot = { id: name };
  await kept.keep(
    {
      id: conversation,
      reference: {
        channelId: name,
        serviceUrl: name,
        bot,
        conversation: { id: name },
        user: { id: name, aadObjectId: name },
      },
      scope: 'personal',
      tenantId: name,
      teamId: name,
      vouched: true,
      state: 'active',
    },
    1_000,
  );
  await kept.ofTeam(name);
  await kept.ofUser({ entraId: name });
  await kept.ofUser({ channelId: name, userId: name });
  await kept.page({ tenantId: name }, undefined, 1);
  const id = activityKey('0123456789abcdef'.repeat(2));
  await notifications(collections).begin({ id, to: conversation, by: name, digest: 'd' });
  expect(places.length).toBeGreaterThan(15);
  for (const place of places) expectFits(place);
});

test('two long names are two collections, and none is spelled like another', async () => {
  const { collections, places } = watched();
  const long = 'x'.repeat(5_000);
  await collections.readItem(`${long}a`, 'id');
  await collections.readItem(`${long}b`, 'id');
  const [a, b] = places.map(({ partition }) => partition);
  expect(a).not.toBe(b);
  await collections.readItem(String(a), 'id');
  await collections.readItem(String(a).replace(/^collection./, ''), 'id');
  expect(new Set(places.map(({ partition }) => partition)).size).toBe(4);
});

test.each(NAMES)('conversations, users and their records take %s', (_what, name) => {
  const key = conversationKey(name, name);
  const user = userKey(name, name);
  for (const id of [
    headId(key),
    recordId('state', `private:${user}`),
    recordId('body', name),
    recordId('steps', name),
    recordId('dead', name),
  ]) {
    expectFits({ id, partition: partitionKey(key) });
  }
  expectFits({ id: userId(user), partition: partitionKey(user) });
});

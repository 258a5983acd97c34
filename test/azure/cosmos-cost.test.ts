import { CosmosClient } from '@azure/cosmos';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { headId, partitionKey } from '../../src/azure/cosmos-documents';
import type { Held, Store } from '../../src/ports/store';
import { effectId } from '../../src/turn/record';
import { acquired, after, conversation, firstOf, keyOf, LIMIT, message, turnOf } from '../contracts/store-under-test';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { cosmosStores, TEST_KEY } from '../support/cosmos-under-test';
import { createUnits, patchUnits, replaceUnits } from '../support/request-units';
import { createShiftedClock } from '../support/shifted-clock';

const clock = createShiftedClock();
let gateway: CosmosGateway;
let database: string;
let store: Store;

beforeAll(async () => {
  gateway = await startCosmosGateway(() => clock.now());
  const stores = cosmosStores(gateway.endpoint, clock);
  database = stores.database;
  store = stores.make();
});
afterAll(async () => {
  await store.close();
  await gateway.close();
});

/** An activity of so many bytes of JSON. */
function sized(name: string, bytes: number) {
  const bare = message(name);
  const filler = 'x'.repeat(bytes - JSON.stringify({ ...bare, filler: '' }).length);
  return { inline: { ...bare, filler }, bytes };
}

const STATE = { profile: 'x'.repeat(4_060) };

/** The size of the head in the store, with what the service itself adds. */
async function headBytes(): Promise<number> {
  const client = new CosmosClient({
    endpoint: gateway.endpoint,
    key: TEST_KEY,
    connectionPolicy: { enableEndpointDiscovery: false },
  });
  const item = client
    .database(database)
    .container('conversations')
    .item(headId(conversation()), partitionKey(conversation()));
  const { resource } = await item.read();
  client.dispose();
  return JSON.stringify({ ...resource, _attachments: 'attachments/' }).length;
}

/** One message from accept to rest: what was asked of the service, and what it costs by the published prices. */
async function turn(name: string): Promise<{ requests: string[]; units: Record<string, number> }> {
  clock.pass(30_000);
  const units: Record<string, number> = {};
  const requests: string[] = [];
  const step = async <T>(
    what: string,
    call: () => Promise<T>,
    price: (before: number, after: number) => number,
  ): Promise<T> => {
    const before = await headBytes().catch(() => 0);
    gateway.requests.length = 0;
    const result = await call();
    requests.push(
      ...gateway.requests.filter(({ path }) => path.includes('/docs')).map(({ kind }) => `${what}: ${kind}`),
    );
    units[what] = price(before, await headBytes());
    return result;
  };
  const activity = { key: keyOf(name), body: sized(name, 2_048) };
  await step(
    'accept',
    () => store.mailbox.accept(conversation(), activity, [], LIMIT),
    (before, now) => (before === 0 ? createUnits(now, 1) : patchUnits(before, now, 1, 3)),
  );
  let held: Held = await step(
    'acquire',
    async () => acquired(await store.turns.acquire(conversation(), `worker-${name}`)),
    (before, now) => patchUnits(before, now, 1, 4),
  );
  // Small state lies in the head, which the acquire has brought.
  const { version } = await step(
    'state',
    () => store.turns.readState(conversation(), 'conversation'),
    () => 0,
  );
  const effects = [{ kind: 'send', id: effectId(firstOf(held), 0), activity: sized('reply', 500) } as const];
  const writes = [{ id: 'conversation' as const, data: { ...STATE, name } }];
  const reads = [{ id: 'conversation' as const, version }];
  held = await step(
    'commit',
    async () => after(held, await store.turns.commit(held, turnOf(held, { effects, reads, writes }))),
    (before, now) => replaceUnits(before, now, 1),
  );
  const delivered = { effect: held.head.out[0]?.id ?? '', channelActivityId: `channel-${name}` };
  await step(
    'mark',
    () => store.turns.markDelivered(held, delivered, false),
    (before, now) => replaceUnits(before, now, 0),
  );
  return { requests, units };
}

/** What was asked of the service meanwhile. */
async function asked(call: () => Promise<unknown>): Promise<string[]> {
  gateway.requests.length = 0;
  await call();
  return gateway.requests.filter(({ path }) => path.includes('/docs')).map(({ kind }) => kind);
}

const put =
  (at: Store, name: string, key = conversation('quick')) =>
  () =>
    at.mailbox.accept(key, { key: keyOf(name), body: sized(name, 500) }, [], LIMIT);

test('an accept is one request, however soon the conversation has come to rest; the first of all is two', async () => {
  const key = conversation('quick');
  expect(await asked(put(store, 'm1'))).toEqual(['patch', 'create']);
  for (const name of ['m2', 'm3']) {
    const held = acquired(await store.turns.acquire(key, `worker-${name}`));
    await store.turns.commit(held, turnOf(held, {}));
    expect(await asked(put(store, name))).toEqual(['patch']);
  }
  // Somebody is at work, and what comes meanwhile is expected.
  expect(await asked(put(store, 'm4'))).toEqual(['patch']);
});

test('an accept that guesses wrong what goes on in a conversation is two requests', async () => {
  const other = cosmosStores(gateway.endpoint, clock, { database }).make();
  await other.open();
  expect(await asked(put(other, 'm5'))).toEqual(['patch', 'patch']);
  await other.close();
});

test('where work piles up, an accept finds it out once in a while', async () => {
  const key = conversation('piling up');
  await put(store, 'p1', key)();
  clock.pass(2_000);
  expect(await asked(put(store, 'p2', key))).toEqual(['patch', 'patch']);
  for (const name of ['p3', 'p4', 'p5']) {
    clock.pass(1_000);
    expect(await asked(put(store, name, key))).toEqual(['patch']);
  }
});

const total = (units: Record<string, number>): number => Object.values(units).reduce((sum, each) => sum + each, 0);

test('a simple turn takes an accept and three round trips, and at most 65 request units in all', async () => {
  for (const name of ['n1', 'n2', 'n3', 'n4']) await turn(name);
  const { requests, units } = await turn('n5');
  expect(requests).toEqual(['accept: patch', 'acquire: patch', 'commit: replace', 'mark: replace']);
  expect(total(units)).toBeLessThanOrEqual(65);
});

test('looking for a missed sweep is one read; a claim, and the record of a sweep, is a read and a write of a small item', async () => {
  const claim = (owner: string) => () => store.sweeps.claim(owner, 300_000, 60_000);
  expect(await asked(claim('first of all'))).toEqual(['read', 'create']);
  expect(await asked(() => store.sweeps.ended('timer'))).toEqual(['read', 'replace']);
  clock.pass(100_000);
  expect(await asked(claim('a'))).toEqual(['read']);
  expect(await asked(() => store.sweeps.last())).toEqual(['read']);
  clock.pass(300_000);
  expect(await asked(claim('a'))).toEqual(['read', 'replace']);
  expect(await asked(claim('b'))).toEqual(['read']);
});

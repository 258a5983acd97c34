import { CosmosClient } from '@azure/cosmos';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { CosmosAccount } from '../../src/azure/cosmos-account';
import { CosmosClock } from '../../src/azure/cosmos-clock';
import type { Store } from '../../src/ports/store';
import { systemClock } from '../../src/runtime/system';
import { TurnwiseError } from '../../src/schema/errors';
import { Secret } from '../../src/schema/secret';
import { accept, conversation, entry, message } from '../contracts/store-under-test';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { cosmosStores, TEST_KEY } from '../support/cosmos-under-test';
import { createShiftedClock } from '../support/shifted-clock';

let gateway: CosmosGateway;

beforeAll(async () => {
  gateway = await startCosmosGateway();
});
afterAll(() => gateway.close());
afterEach(() => {
  gateway.onAccount((account) => account);
  gateway.onRequest(() => undefined);
  gateway.requests.length = 0;
});

const region = (name: string, endpoint = 'https://127.0.0.1/') => ({ name, databaseAccountEndpoint: endpoint });

const UNUSABLE = [
  [
    'several regions that write',
    { enableMultipleWriteLocations: true, writableLocations: [region('West'), region('East')] },
    'StoreManyWriteRegions',
    /several regions/,
  ],
  [
    'failover of single partitions',
    { enablePerPartitionFailoverBehavior: true },
    'StoreFailsOverByPartition',
    /automatic failover/,
  ],
  [
    'eventual consistency',
    { userConsistencyPolicy: { defaultConsistencyLevel: 'Eventual' } },
    'StoreUnusable',
    /Session/,
  ],
] as const;

test.each(UNUSABLE)(
  'an account with %s is refused, when it is opened and when it is used',
  async (_name, change, code, reason) => {
    gateway.onAccount((account) => ({ ...account, ...change }));
    const { make } = cosmosStores(gateway.endpoint, systemClock);
    for (const use of [() => make().open(), () => accept(make(), 'a')]) {
      const refused = await use().catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(TurnwiseError);
      expect(refused).toMatchObject({ code, message: expect.stringMatching(reason) });
    }
  },
);

test('outside development nothing is created, and what is missing is named', async () => {
  const { make } = cosmosStores(gateway.endpoint, systemClock, { create: false });
  const opened = await make()
    .open()
    .catch((error: unknown) => error);
  expect(opened).toMatchObject({ code: 'StoreUnusable', message: expect.stringContaining('"conversations"') });
  // The service's answer to whatever is asked of a container that is not there; the server for tests breaks down instead.
  gateway.onRequest(({ kind }) => (kind === 'account' ? undefined : { do: 'answer', status: 404, substatus: 1003 }));
  await expect(accept(make(), 'a')).rejects.toMatchObject({ applied: 'no' });
  expect(gateway.requests.filter(({ kind, method }) => kind === 'other' && method === 'POST')).toEqual([]);
});

test('in development database and containers are made, with an index on nothing but what is looked for', async () => {
  const { database, make } = cosmosStores(gateway.endpoint, systemClock);
  const [one, two] = [make(), make()];
  await Promise.all([one.open(), two.open()]);
  const client = new CosmosClient({
    endpoint: gateway.endpoint,
    key: TEST_KEY,
    connectionPolicy: { enableEndpointDiscovery: false },
  });
  const { resource } = await client.database(database).container('conversations').read();
  expect(resource).toMatchObject({
    partitionKey: { paths: ['/conversation'] },
    defaultTtl: -1,
    indexingPolicy: { includedPaths: [{ path: '/wake/?' }, { path: '/dead/?' }], excludedPaths: [{ path: '/*' }] },
  });
  client.dispose();
  await one.close();
  await two.close();
});

test('nothing is asked of the account before the store is used, and then once, however many come at once', async () => {
  const { make } = cosmosStores(gateway.endpoint, systemClock);
  const store = make();
  expect(gateway.requests).toEqual([]);
  await Promise.all(['a', 'b', 'c'].map((name) => accept(store, name, conversation(name))));
  // The client looks for itself too, when it is made.
  expect(gateway.requests.filter(({ kind }) => kind === 'account').length).toBeLessThanOrEqual(2);
  await store.close();
});

test('an account that did not answer is asked again', async () => {
  const { make } = cosmosStores(gateway.endpoint, systemClock);
  const store = make();
  gateway.onRequest(() => ({ do: 'reset', applied: false }));
  await expect(accept(store, 'a')).rejects.toMatchObject({ applied: 'no' });
  gateway.onRequest(() => undefined);
  expect(await accept(store, 'a')).toBe('accepted');
  await store.close();
});

test('an account that is not found says nothing about what is in it', async () => {
  const { make } = cosmosStores(gateway.endpoint, systemClock);
  const store = make();
  gateway.onRequest(({ kind }) => (kind === 'account' ? { do: 'answer', status: 404 } : undefined));
  const intent = { id: 'i', conversation: conversation(), epoch: 1, changes: { set: {}, remove: [] } };
  for (const call of [
    () => accept(store, 'a'),
    () => store.turns.acquire(conversation(), 'worker'),
    () => store.turns.readState(conversation(), 'conversation'),
    () => store.users.judge(intent, Number.POSITIVE_INFINITY),
    () => store.mailbox.overdue(10),
  ]) {
    await expect(call()).rejects.toMatchObject({ name: 'StoreFault', applied: 'no' });
  }
  await store.close();
});

test('one that cannot be reached is named, and its key is not', async () => {
  const { make } = cosmosStores('http://127.0.0.1:9', systemClock);
  const refused = await make()
    .open()
    .catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'StoreUnusable', message: expect.stringContaining('127.0.0.1:9') });
  expect(JSON.stringify([String(refused), refused])).not.toContain(TEST_KEY);
});

test.each([
  [5301, 'Cosmos DB Built-in Data Contributor'],
  [5300, 'control plane'],
])('an account that turns the identity down with 403/%s says so, and what to do', async (substatus, advice) => {
  const { make } = cosmosStores(gateway.endpoint, systemClock);
  gateway.onRequest(() => ({ do: 'answer', status: 403, substatus }));
  const refused = make().open();
  await expect(refused).rejects.toMatchObject({ message: expect.stringContaining(`403/${substatus}`) });
  await expect(refused).rejects.toMatchObject({ message: expect.stringContaining(advice) });
});

test('a closed store is closed, and can be opened again', async () => {
  const { make } = cosmosStores(gateway.endpoint, systemClock);
  const store = make();
  await accept(store, 'a');
  await store.close();
  await expect(accept(store, 'b')).rejects.toMatchObject({ applied: 'no' });
  await store.open();
  expect(await accept(store, 'b')).toBe('accepted');
  await store.close();
});

/** Another name of this machine, which is not taken for an emulator's. */
const elsewhere = (endpoint: string): string => endpoint.replace('127.0.0.1', '0.0.0.0');

test('after a failover the region that writes now is found, and written to', async () => {
  const west = gateway;
  const east = await startCosmosGateway();
  let writes = west;
  for (const each of [west, east]) {
    each.onAccount((account) => {
      const locations = [region('one', writes.endpoint)];
      return { ...account, writableLocations: locations, readableLocations: locations };
    });
  }
  const clock = createShiftedClock();
  const { make, database } = cosmosStores(elsewhere(west.endpoint), clock);
  const store = make();
  const replica = cosmosStores(east.endpoint, clock, { database }).make();
  await replica.open();
  await replica.close();
  expect(await accept(store, 'a')).toBe('accepted');
  writes = east;
  east.requests.length = 0;
  const itemsAt = (each: CosmosGateway) => each.requests.filter(({ path }) => path.includes('/docs')).length;
  west.onRequest(({ path }) => (path.includes('/docs') ? { do: 'answer', status: 403, substatus: 3 } : undefined));
  // Not at once: a region that turns one write down may just be slow to become the one that writes.
  await expect(accept(store, 'b')).rejects.toMatchObject({ applied: 'no' });
  clock.pass(6_000);
  await expect(accept(store, 'b')).rejects.toMatchObject({ applied: 'no' });
  expect(itemsAt(east)).toBe(0);
  expect(await accept(store, 'b')).toBe('accepted');
  expect(itemsAt(east)).toBeGreaterThan(0);
  await store.close();
  await east.close();
});

/** A store that has been used on an account that is not taken for an emulator's. */
async function usedElsewhere() {
  const locations = [region('one', gateway.endpoint)];
  gateway.onAccount((account) => ({ ...account, writableLocations: locations, readableLocations: locations }));
  const clock = createShiftedClock();
  const store = cosmosStores(elsewhere(gateway.endpoint), clock).make();
  await accept(store, 'a');
  clock.pass(6_000);
  gateway.requests.length = 0;
  return { store, clock, looks: () => gateway.requests.filter(({ kind }) => kind === 'account').length };
}

test('requests that fail while the account is being looked at leave it at that one look', async () => {
  const clock = createShiftedClock();
  const connection = { endpoint: gateway.endpoint, database: 'any', key: new Secret(TEST_KEY), managed: false };
  const account = new CosmosAccount({ ...connection, create: false }, new CosmosClock(clock), clock);
  await account.use();
  clock.pass(6_000);
  gateway.requests.length = 0;
  const uses = [0, 1, 2].map(() => {
    account.lookAgain();
    return account.use();
  });
  await Promise.all(uses);
  expect(gateway.requests).toHaveLength(1);
  account.close();
});

test('while the account cannot be looked at again, its region is used as before', async () => {
  const { store, clock, looks } = await usedElsewhere();
  let failed = false;
  gateway.onRequest(({ kind }) => {
    if (kind === 'account') return { do: 'answer', status: 503 };
    if (failed) return undefined;
    failed = true;
    return { do: 'answer', status: 403, substatus: 3 };
  });
  await expect(accept(store, 'b')).rejects.toMatchObject({ applied: 'no' });
  expect(await accept(store, 'b')).toBe('accepted');
  expect(looks()).toBe(1);
  clock.pass(6_000);
  expect(await accept(store, 'c')).toBe('accepted');
  expect(looks()).toBe(1);
  await store.close();
});

/** Waits until what goes on beside the work is done. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

describe('an account that is in use', () => {
  test('is looked at again every five minutes, beside the work', async () => {
    const { store, clock, looks } = await usedElsewhere();
    await accept(store, 'b');
    expect(looks()).toBe(0);
    clock.pass(300_000);
    await accept(store, 'c');
    await until(() => looks() === 1);
    await accept(store, 'd');
    expect(looks()).toBe(1);
    clock.pass(301_000);
    await accept(store, 'e');
    await until(() => looks() === 2);
    await store.close();
  });

  test.each(UNUSABLE)('and is used no further when it has %s', async (_name, change, code, _reason) => {
    const { store, clock, looks } = await usedElsewhere();
    gateway.onAccount((account) => ({ ...account, ...change }));
    clock.pass(300_000);
    let refused: unknown;
    for (let tries = 0; refused === undefined; tries += 1) {
      refused = await accept(store, `c${tries}`).then(
        () => undefined,
        (error: unknown) => error,
      );
    }
    expect(refused).toMatchObject({ code });
    expect(looks()).toBeGreaterThan(0);
    await store.close();
  });

  test('goes on being used while the regular look fails, which is repeated soon', async () => {
    const { store, clock, looks } = await usedElsewhere();
    gateway.onRequest(({ kind }) => (kind === 'account' ? { do: 'answer', status: 503 } : undefined));
    clock.pass(300_000);
    expect(await accept(store, 'b')).toBe('accepted');
    await until(() => looks() === 1);
    clock.pass(31_000);
    expect(await accept(store, 'c')).toBe('accepted');
    await until(() => looks() === 2);
    await store.close();
  });

  test('is looked at again after several requests without a clear answer', async () => {
    const { store, looks } = await usedElsewhere();
    gateway.onRequest(({ kind }) => (kind === 'account' ? undefined : { do: 'answer', status: 503 }));
    for (let count = 0; count < 5; count += 1) {
      await expect(accept(store, `b${count}`)).rejects.toMatchObject({ name: 'StoreFault' });
    }
    expect(looks()).toBe(0);
    gateway.onRequest(() => undefined);
    await accept(store, 'c');
    await until(() => looks() === 1);
    await store.close();
  });
});

describe('what is done by the time', () => {
  const HOURS_MS = 6 * 3_600_000;

  test.each([
    ['an accept', (store: Store) => accept(store, 'a')],
    [
      'an accept with a large body',
      (store: Store) => {
        const activity = { ...entry('a'), body: { ref: 'large', bytes: 1 } };
        return store.mailbox.accept(conversation(), activity, [{ ref: 'large', activity: message('large') }], 10);
      },
    ],
  ])('%s waits for the time of the service, whatever this machine believes', async (_name, call) => {
    const clock = createShiftedClock();
    clock.pass(HOURS_MS);
    const { make } = cosmosStores(gateway.endpoint, clock);
    const [store, other] = [make(), make()];
    await call(store);
    // The machine's clock shows six hours more than the service's.
    const { head } = (await other.inspection.conversation(conversation())) ?? {};
    expect(head?.pend[0]?.at).toBeLessThan(Date.now() + 60_000);
    expect(head?.wake).toBeLessThan(Date.now() + 60_000);
    await store.close();
    await other.close();
  });

  test('a search for what is overdue, a lease and a lifetime too', async () => {
    const { database, make } = cosmosStores(gateway.endpoint, systemClock);
    const filled = make();
    await accept(filled, 'a');
    const clock = createShiftedClock();
    clock.pass(HOURS_MS);
    const fresh = () => cosmosStores(gateway.endpoint, clock, { database }).make();
    expect(await fresh().mailbox.overdue(10)).toEqual([]);
    const held = await fresh().turns.acquire(conversation(), 'worker-1');
    expect(held).toMatchObject({ outcome: 'acquired' });
    expect(held.outcome === 'acquired' && held.held.head.lease?.until).toBeLessThan(Date.now() + 60_000);
    await fresh().sweeps.ended('timer');
    expect((await filled.sweeps.last())?.agoMs).toBeGreaterThanOrEqual(0);
    await filled.close();
  });
});

test('a store that is closed while it opens can be opened again at once', async () => {
  const { make } = cosmosStores(gateway.endpoint, systemClock);
  const store = make();
  const used = accept(store, 'a').catch(() => 'failed');
  await store.close();
  await store.open();
  await used;
  expect(await accept(store, 'b')).toBe('accepted');
  await store.close();
});

test('a region that was away when the store was to be opened is not looked for for ever', async () => {
  const clock = createShiftedClock();
  const { database, make } = cosmosStores(gateway.endpoint, clock);
  const first = make();
  await first.open();
  await first.close();
  let writes = 'http://127.0.0.1:9';
  gateway.onAccount((account) => ({ ...account, writableLocations: [region('one', writes)] }));
  const store = cosmosStores(elsewhere(gateway.endpoint), clock, { database, create: false }).make();
  await expect(store.open()).rejects.toMatchObject({ code: 'StoreUnusable' });
  writes = gateway.endpoint;
  clock.pass(6_000);
  await expect(store.open()).rejects.toMatchObject({ code: 'StoreUnusable' });
  await store.open();
  await store.close();
});

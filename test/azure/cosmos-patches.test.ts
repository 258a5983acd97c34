import { CosmosClient, type Item as CosmosItem } from '@azure/cosmos';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { headId, headItem, partitionKey, readHead } from '../../src/azure/cosmos-documents';
import type { Store } from '../../src/ports/store';
import { accept } from '../../src/turn/accept';
import { acquire } from '../../src/turn/acquire';
import { type ConversationKey, conversationKey } from '../../src/turn/keys';
import { type Head, NEW_HEAD, type PendingActivity } from '../../src/turn/record';
import { RECORD_SIZES } from '../../src/turn/size';
import { DEFAULT_TIMING } from '../../src/turn/timing';
import { entry, keyOf } from '../contracts/store-under-test';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { cosmosStores, TEST_KEY } from '../support/cosmos-under-test';
import { createShiftedClock } from '../support/shifted-clock';

/** What two clocks and a call may make of a time. */
const CLOSE_MS = 1_500;

const clock = createShiftedClock();
let gateway: CosmosGateway;
let client: CosmosClient;
let database: string;
let store: Store;

beforeAll(async () => {
  gateway = await startCosmosGateway(() => clock.now());
  const stores = cosmosStores(gateway.endpoint, clock);
  database = stores.database;
  store = stores.make();
  await store.open();
  const connectionPolicy = { enableEndpointDiscovery: false };
  client = new CosmosClient({ endpoint: gateway.endpoint, key: TEST_KEY, connectionPolicy });
});
afterAll(async () => {
  client.dispose();
  await store.close();
  await gateway.close();
});

const pending = (name: string): PendingActivity => ({ ...entry(name), at: clock.now() - 1_000 });
const seen = (name: string, agoMs = 1_000) => ({ key: keyOf(name), at: clock.now() - agoMs });
const effect = { kind: 'send', id: 'e.0', at: 1, tries: 0, activity: { inline: {} as never, bytes: 2 } } as const;
const lease = (inMs: number) => ({ owner: 'somebody', until: clock.now() + inMs });

/** Heads in every shape that decides about accept or acquire. */
const HEADS: readonly (readonly [string, () => Partial<Head>])[] = [
  ['at rest', () => ({ n: 3, seen: [seen('z')] })],
  ['that has seen the key', () => ({ seen: [seen('a')] })],
  ['that saw the key long ago', () => ({ seen: [seen('a', 3_600_000)] })],
  ['in which the key waits', () => ({ pend: [pending('a')], seen: [seen('a')], wake: clock.now() })],
  ['in which another waits', () => ({ pend: [pending('z')], seen: [seen('z')], wake: clock.now() + 3_000 })],
  ['that is full', () => ({ pend: ['x', 'y', 'z'].map(pending), wake: clock.now() })],
  [
    'that is held',
    () => ({ epoch: 4, att: 1, pend: [pending('z')], lease: lease(15_000), wake: clock.now() + 20_000 }),
  ],
  [
    'whose lease has ended',
    () => ({ epoch: 4, att: 1, pend: [pending('z')], lease: lease(-5_000), wake: clock.now() }),
  ],
  [
    'in a back-off',
    () => ({ att: 2, pend: [pending('z')], notBefore: clock.now() + 30_000, wake: clock.now() + 35_000 }),
  ],
  ['after a back-off', () => ({ att: 2, pend: [pending('z')], notBefore: clock.now() - 5_000, wake: clock.now() })],
  ['with something to deliver', () => ({ out: [effect], wake: clock.now() })],
  [
    'with something begun to deliver',
    () => ({ out: [{ ...effect, started: true }], pend: [pending('z')], wake: clock.now() }),
  ],
  ['whose lease outlived its work', () => ({ epoch: 2, lease: lease(-5_000), wake: clock.now() })],
  ['with as many keys as it keeps', () => ({ seen: Array.from({ length: 400 }, (_, index) => seen(`s${index}`)) })],
];

let made = 0;

async function stored(head: Head): Promise<{ readonly key: ConversationKey; readonly item: CosmosItem }> {
  made += 1;
  const key = conversationKey('test', `c${made}`);
  const container = client.database(database).container('conversations');
  await container.items.create(headItem(key, head, { rev: 7, state: { version: 1, data: {} } }));
  return { key, item: container.item(headId(key), partitionKey(key)) };
}

async function headOf(item: CosmosItem): Promise<Head> {
  const { resource } = await item.read();
  return readHead(resource).head;
}

/** Equal but for times that are close to one another. */
function expectSame(actual: unknown, expected: unknown, path = 'head'): void {
  if (typeof actual === 'number' && typeof expected === 'number' && expected > 1e12) {
    expect([path, Math.abs(actual - expected) < CLOSE_MS]).toEqual([path, true]);
  } else if (typeof expected === 'object' && expected !== null && typeof actual === 'object' && actual !== null) {
    expect([path, Object.keys(actual).sort()]).toEqual([path, Object.keys(expected).sort()]);
    for (const [name, value] of Object.entries(expected)) {
      expectSame((actual as Record<string, unknown>)[name], value, `${path}.${name}`);
    }
  } else {
    expect([path, actual]).toEqual([path, expected]);
  }
}

describe.each(HEADS)('a conversation %s', (_name, shape) => {
  test('takes an activity as the transition has it', async () => {
    const head: Head = { ...NEW_HEAD, ...shape() };
    const expected = accept(head, clock.now(), entry('a'), 3, DEFAULT_TIMING, RECORD_SIZES);
    const { key, item } = await stored(head);
    expect(await store.mailbox.accept(key, entry('a'), [], 3)).toBe(expected.outcome);
    expectSame(await headOf(item), expected.outcome === 'accepted' ? expected.head : head);
    expect((await item.read()).resource.state).toEqual({ version: 1, data: {} });
  });

  test('is acquired as the transition has it', async () => {
    const head: Head = { ...NEW_HEAD, ...shape() };
    const expected = acquire(head, clock.now(), 'worker', DEFAULT_TIMING);
    const { key, item } = await stored(head);
    const outcome = await store.turns.acquire(key, 'worker');
    expect(outcome.outcome).toBe(expected.outcome);
    const after = 'head' in expected && expected.head !== undefined ? expected.head : head;
    const { notBefore, ...rest } = await headOf(item);
    const { notBefore: expectedNotBefore, ...expectedRest } = after;
    expectSame(rest, expectedRest);
    // A back-off that has passed may be left in the record.
    expect(notBefore === expectedNotBefore || notBefore < clock.now()).toBe(true);
    if (outcome.outcome === 'acquired') expectSame({ ...outcome.held.head, notBefore: 0 }, { ...after, notBefore: 0 });
  });
});

import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type DeepCheckReport, deepCheck } from '../../src/azure/cosmos-deep-check';
import { TRANSPORTS, type TransportName } from '../../src/azure/cosmos-transport';
import { Secret } from '../../src/schema/secret';
import { type FaultyCosmos, startFaultyCosmos } from '../support/cosmos-faulty';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { cosmosStores, TEST_KEY } from '../support/cosmos-under-test';
import { createShiftedClock } from '../support/shifted-clock';

const clock = createShiftedClock();
let gateway: CosmosGateway;
let faulty: FaultyCosmos;

beforeAll(async () => {
  gateway = await startCosmosGateway(() => clock.now());
  faulty = await startFaultyCosmos(gateway.endpoint);
});
afterAll(async () => {
  await faulty.close();
  await gateway.close();
});
afterEach(() => {
  faulty.fault = {};
});

const connectionTo = (database: string, transport: TransportName) => ({
  endpoint: faulty.endpoint,
  database,
  key: new Secret(TEST_KEY),
  managed: false,
  create: true,
  transport,
});

function deepCheckOf(transport: TransportName = 'rest', { database, make } = cosmosStores(gateway.endpoint, clock)) {
  return {
    database,
    make,
    run: (): Promise<DeepCheckReport> =>
      deepCheck({ connection: connectionTo(database, transport), clock, wait: async (ms) => clock.pass(ms) }),
  };
}

const failuresIn = ({ rows }: DeepCheckReport) => rows.filter(({ outcome }) => outcome !== 'ok');

test.each(TRANSPORTS)('%s: an account that is as it should be passes, and is left as it was', async (transport) => {
  const { make, run } = deepCheckOf(transport);
  const store = make();
  await store.open();
  const report = await run();
  expect(failuresIn(report)).toEqual([]);
  expect(report).toMatchObject({ left: 0, transport });
  expect(report.rows.length).toBeGreaterThan(20);
  expect(report.rows.every(({ requests, units }) => requests > 0 || units === 0)).toBe(true);
  const again = await run();
  expect([failuresIn(again), again.left]).toEqual([[], 0]);
  expect(await store.inspection.busy(100)).toEqual([]);
  expect(await store.deadLetters.list(100)).toEqual([]);
  expect(await store.mailbox.overdue(100)).toEqual([]);
  clock.pass(400 * 24 * 3_600_000);
  expect(await store.mailbox.overdue(100)).toEqual([]);
  await store.close();
});

test('what it cannot look at in the end counts as left', async () => {
  const { run } = deepCheckOf();
  faulty.fault = {
    request: (passing) =>
      passing.body.includes('SELECT c.id FROM c')
        ? { status: 503, headers: { 'content-type': 'application/json' }, body: '{}' }
        : passing,
  };
  expect((await run()).left).toBeGreaterThan(0);
});

const LONG = 'a batch of 100 operations is undone when its last one fails';

test('a long batch whose last operation fails and whose first stay is found', async () => {
  const { run } = deepCheckOf();
  faulty.fault = {
    request: async (passing, send) => {
      const isBatch = passing.headers['x-ms-cosmos-is-batch-request'] !== undefined;
      const operations = isBatch ? (JSON.parse(passing.body) as unknown[]) : [];
      if (operations.length !== 100) return passing;
      const answer = await send(passing);
      await send({ ...passing, body: JSON.stringify(operations.slice(0, 50)) });
      return answer;
    },
  };
  expect(failuresIn(await run())).toMatchObject([
    { check: LONG, outcome: 'failed', found: 'the number of items that are there all the same is 50 and not 0' },
  ]);
});

const LARGE = 'x'.repeat(2_200_000);

test('items that do not end, and large ones that are taken, are found', async () => {
  const { run } = deepCheckOf();
  faulty.fault = {
    request: (passing) => ({
      ...passing,
      body: passing.body.replace(/"ttl":2\b/, '"ttl":3600').replaceAll(LARGE, 'x'),
    }),
  };
  expect(failuresIn(await run()).map(({ check }) => check)).toEqual([
    'an item of more than 2 MB is refused',
    'an item with a time to live ends',
  ]);
});

test('what does not answer is undecided', async () => {
  const { run } = deepCheckOf();
  await run();
  faulty.fault = {
    answer: (answer, { body, method }) =>
      method === 'POST' && body.includes('"kind":"dead"')
        ? { status: 503, headers: {}, body: '{"message":""}' }
        : answer,
  };
  expect(failuresIn(await run())).toMatchObject([{ check: 'a dead letter is moved back once', outcome: 'undecided' }]);
});

test('an account that does not keep its promises is refused as at a start', async () => {
  const { run } = deepCheckOf();
  faulty.fault = { request: ({ headers: { 'if-match': _, ...headers }, ...passing }) => ({ ...passing, headers }) };
  await expect(run()).rejects.toMatchObject({ code: 'StoreUnsafe' });
});

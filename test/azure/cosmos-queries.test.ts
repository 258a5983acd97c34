import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { CosmosRequest } from '../../src/azure/cosmos-watch';
import type { Store } from '../../src/ports/store';
import { StoreFault } from '../../src/turn/fault';
import { userKey } from '../../src/turn/keys';
import { accept, acquired, conversation, giveUp } from '../contracts/store-under-test';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { cosmosStores } from '../support/cosmos-under-test';
import { createShiftedClock } from '../support/shifted-clock';

const clock = createShiftedClock();
const USER = userKey('test', 'user-1');

let gateway: CosmosGateway;
let database: string;
/** As an app's: a request has a short time. */
let store: Store;
/** As a command's. */
let patient: Store;
let asked: CosmosRequest[];

beforeAll(async () => {
  gateway = await startCosmosGateway(() => clock.now());
});
afterAll(() => gateway.close());
beforeEach(async () => {
  asked = [];
  gateway.onRequest(() => undefined);
  const watch = { request: (each: CosmosRequest) => void asked.push(each) };
  const stores = cosmosStores(gateway.endpoint, clock, { requestLimitMs: 400, watch });
  database = stores.database;
  store = stores.make();
  patient = cosmosStores(gateway.endpoint, clock, { database, patient: true, watch }).make();
  await store.open();
});
afterEach(async () => {
  gateway.onRequest(() => undefined);
  await store.close();
  await patient.close();
});

async function deadLettersIn(names: readonly string[]): Promise<void> {
  for (const name of names) {
    await accept(patient, name, conversation(name));
    await giveUp(patient, acquired(await patient.turns.acquire(conversation(name), 'worker-1')), name);
  }
}

const queries = () => asked.filter(({ operation }) => operation === 'query');

test('a query of several pages has time for each of them, and not once for all', async () => {
  await deadLettersIn(['c1', 'c2', 'c3', 'c4', 'c5', 'c6']);
  // What is newest belongs to erased generations, so that a list has to read on.
  gateway.onRequest(({ kind }) => (kind === 'delete' ? { do: 'answer', status: 503 } : undefined));
  for (const name of ['c3', 'c4', 'c5', 'c6']) {
    await expect(patient.erasure.conversation(conversation(name))).rejects.toThrow(StoreFault);
  }
  asked.length = 0;
  gateway.onRequest(({ kind }) => (kind === 'query' ? { do: 'delay', ms: 350 } : undefined));
  const found = await store.deadLetters.list(2);
  expect(found.map((letter) => letter.conversation)).toEqual([conversation('c2'), conversation('c1')]);
  const pages = queries();
  expect(pages.length).toBeGreaterThanOrEqual(3);
  // Together they took longer than one may.
  expect(pages.reduce((sum, { ms }) => sum + ms, 0)).toBeGreaterThan(900);
});

test('a page that does not come in its time is a fault, and the query is over', async () => {
  await deadLettersIn(['c1']);
  gateway.onRequest(({ kind }) => (kind === 'query' ? { do: 'hang', applied: false } : undefined));
  await expect(store.deadLetters.list(10)).rejects.toMatchObject({ name: 'StoreFault', applied: 'no' });
  expect(queries()).toMatchObject([{ outcome: 'fault' }]);
});

test('looking through everything waits for a service that is busy, at every page, and goes on where it was', async () => {
  const names = Array.from({ length: 230 }, (_, index) => `c${index}`);
  for (const name of names) await accept(patient, name, conversation(name));
  asked.length = 0;
  let requests = 0;
  gateway.onRequest(({ kind }) => {
    if (kind !== 'query') return undefined;
    requests += 1;
    return requests % 2 === 1 ? { do: 'answer', status: 429, retryAfterMs: 3 } : undefined;
  });
  const found = await store.erasure.conversationsOf(USER);
  expect([...found].sort()).toEqual(names.map((name) => conversation(name)).sort());
  expect(queries().length).toBeGreaterThanOrEqual(3);
  expect(requests).toBeGreaterThanOrEqual(6);
});

test("an app's other queries leave the waiting to their caller; a command's wait", async () => {
  await deadLettersIn(['c1']);
  const busyOnce = (): void => {
    let isBusy = true;
    gateway.onRequest(({ kind, headers }) => {
      // The SDK asks for a plan as well, and can do without.
      const isPlan = headers['x-ms-cosmos-is-query-plan-request'] !== undefined;
      if (kind !== 'query' || isPlan || !isBusy) return undefined;
      isBusy = false;
      return { do: 'answer', status: 429, retryAfterMs: 7 };
    });
  };
  busyOnce();
  await expect(store.mailbox.overdue(10)).rejects.toMatchObject({ applied: 'no', retryAfterMs: 7 });
  busyOnce();
  expect(await patient.deadLetters.list(10)).toHaveLength(1);
  busyOnce();
  expect(await patient.mailbox.overdue(10)).toEqual([]);
});

import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Store } from '../../src/ports/store';
import { StoreFault } from '../../src/turn/fault';
import { accept, conversation } from '../contracts/store-under-test';
import { type CosmosGateway, type GatewayRequest, startCosmosGateway } from '../support/cosmos-gateway';
import { cosmosStores } from '../support/cosmos-under-test';
import { createShiftedClock } from '../support/shifted-clock';

const clock = createShiftedClock();
const opened: Store[] = [];
let gateway: CosmosGateway;

beforeAll(async () => {
  gateway = await startCosmosGateway(() => clock.now());
});
afterAll(() => gateway.close());
afterEach(async () => {
  gateway.onRequest(() => undefined);
  for (const each of opened.splice(0)) await each.close();
});

/** A store on the account by an address that is not taken for an emulator's. */
async function deployed(): Promise<Store> {
  const store = cosmosStores(gateway.endpoint.replace('127.0.0.1', '0.0.0.0'), clock).make();
  opened.push(store);
  await accept(store, 'a', conversation('a'));
  return store;
}

const isQuery = ({ kind }: GatewayRequest): boolean => kind === 'query';

test('a query that no replica can answer for the session is not answered without it', async () => {
  const store = await deployed();
  const sessions: unknown[] = [];
  gateway.onRequest((request) => {
    if (!isQuery(request)) return undefined;
    sessions.push(request.headers['x-ms-session-token']);
    return { do: 'answer', status: 404, substatus: 1002 };
  });
  await expect(store.mailbox.overdue(10)).rejects.toBeInstanceOf(StoreFault);
  expect(sessions.length).toBeGreaterThan(0);
  expect(sessions.filter((each) => !String(each).includes('#'))).toEqual([]);
});

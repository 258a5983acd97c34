import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { watchCosmos } from '../../src/app-telemetry';
import { createCosmosStore } from '../../src/azure/cosmos-store';
import type { TransportName } from '../../src/azure/cosmos-transport';
import type { Store } from '../../src/ports/store';
import { meteredLog } from '../../src/runtime/metered-log';
import { systemClock } from '../../src/runtime/system';
import { Secret } from '../../src/schema/secret';
import { accept, conversation, holding } from '../contracts/store-under-test';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { cosmosStores, TEST_KEY } from '../support/cosmos-under-test';

/* What an operator is told of requests that fail: which, how, and the service's own id of it. Never what was in them. */

const ACTIVITY_ID = '8c1f0f35-6a39-4c4a-9a2f-0c5b3e0a7d11';
const CANARY = 'canary-7f3a';

let gateway: CosmosGateway;
let proxy: http.Server;
let database: string;
/** Answers in place of the service; `undefined` passes the request on. */
let answer: (method: string) => { status: number; substatus?: number; token?: string } | undefined = () => undefined;

beforeAll(async () => {
  gateway = await startCosmosGateway();
  const stores = cosmosStores(gateway.endpoint, systemClock);
  ({ database } = stores);
  const store = stores.make();
  await store.open();
  await store.close();
  proxy = http.createServer((request, response) => {
    const instead = request.url?.includes('/docs') ? answer(String(request.method)) : undefined;
    if (instead !== undefined) {
      request.resume();
      const { status, substatus, token } = instead;
      response.writeHead(status, {
        'x-ms-activity-id': ACTIVITY_ID,
        ...(substatus === undefined ? {} : { 'x-ms-substatus': String(substatus) }),
        ...(token === undefined ? {} : { 'x-ms-session-token': token }),
      });
      response.end(JSON.stringify({ code: CANARY, message: CANARY }));
      return;
    }
    const { hostname, port } = new URL(gateway.endpoint);
    const { method, url: path, headers } = request;
    const onward = http.request({ hostname, port, method, path, headers }, (answered) => {
      response.writeHead(answered.statusCode ?? 500, answered.headers);
      answered.pipe(response);
    });
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  proxy.closeAllConnections();
  await new Promise((resolve) => proxy.close(resolve));
  await gateway.close();
});

interface Told {
  readonly level: string;
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

function watched(transport: TransportName) {
  const events: Told[] = [];
  const measured: { name: string; value: number; attributes: unknown }[] = [];
  const telemetry = {
    measure: (metric: { name: string }, value: number, attributes: unknown) =>
      void measured.push({ name: metric.name, value, attributes }),
  } as never;
  const log = meteredLog({ event: (level, name, fields) => void events.push({ level, name, fields }) }, telemetry);
  const store: Store = createCosmosStore({
    endpoint: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    database,
    key: new Secret(TEST_KEY),
    managed: false,
    create: false,
    clock: systemClock,
    transport,
    watch: watchCosmos({ log, telemetry }),
  });
  return { store, events, measured };
}

test.each(['rest', 'sdk'] as const)(
  '%s: a request that failed is logged with what its support asks for',
  async (transport) => {
    const { store, events } = watched(transport);
    answer = (method) => (method === 'PATCH' ? { status: 503, substatus: 21007 } : undefined);
    await expect(accept(store, CANARY)).rejects.toMatchObject({ name: 'StoreFault' });
    expect(events).toEqual([
      {
        level: 'warn',
        name: 'storeRequestFailed',
        fields: {
          operation: 'patch',
          container: 'conversations',
          transport,
          status: 503,
          substatus: 21007,
          activityId: ACTIVITY_ID,
        },
      },
    ]);
    answer = () => undefined;
    await store.close();
  },
);

test('an operation of a batch that failed is logged as its request', async () => {
  const { store, events } = watched('rest');
  await holding(store, ['a']);
  const body = { ref: 'large', activity: { type: 'message' } };
  const large = () =>
    store.mailbox.accept(
      conversation(),
      { key: 'b'.repeat(32) as never, body: { ref: 'large', bytes: 1 } },
      [body as never],
      9,
    );
  gateway.onRequest(({ kind }) =>
    kind === 'batch'
      ? { do: 'answer', status: 207, body: [{ statusCode: 429, subStatusCode: 3200 }, { statusCode: 424 }] }
      : undefined,
  );
  await expect(large()).rejects.toMatchObject({ applied: 'no' });
  gateway.onRequest(() => undefined);
  expect(events).toMatchObject([
    { name: 'storeRequestFailed', fields: { operation: 'batch', status: 429, substatus: 3200 } },
  ]);
  await store.close();
});

test('what the service decides instead is no failure', async () => {
  const { store, events } = watched('rest');
  const key = conversation('first');
  expect(await accept(store, 'a', key)).toBe('accepted');
  expect(await accept(store, 'a', key)).toBe('duplicate');
  expect(events).toEqual([]);
  await store.close();
});

test('reads that no replica answers are counted by physical partition', async () => {
  const { store, events, measured } = watched('rest');
  answer = (method) => (method === 'GET' ? { status: 404, substatus: 1002, token: '7:-1#3' } : undefined);
  await expect(store.inspection.conversation(conversation())).rejects.toMatchObject({ applied: 'no' });
  answer = () => undefined;
  expect(events.map(({ name }) => name)).toEqual(['sessionRefused', 'storeRequestFailed']);
  expect(measured).toContainEqual({
    name: 'turnwise.store.session_refusals',
    value: 1,
    attributes: { 'turnwise.container': 'conversations', 'turnwise.partition': '7' },
  });
  await store.close();
});

test('nothing of a request or an answer is in what is told', async () => {
  const { store, events, measured } = watched('rest');
  answer = () => ({ status: 500 });
  await accept(store, CANARY, conversation(CANARY)).catch(() => undefined);
  answer = () => undefined;
  expect(events).toHaveLength(1);
  expect(JSON.stringify([events, measured])).not.toContain(CANARY);
  await store.close();
});

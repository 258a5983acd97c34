import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '../../src/runtime/system';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { cosmosStores, TEST_KEY } from '../support/cosmos-under-test';
import { runInPlainNode } from '../support/plain-node';

/* What a cold start loads: everything else that an app can do waits until it is done. */

let gateway: CosmosGateway;
let queue: http.Server;
let env: Record<string, string>;

beforeAll(async () => {
  gateway = await startCosmosGateway();
  const { database, make } = cosmosStores(gateway.endpoint, systemClock, { selfCheck: true });
  const store = make();
  await store.open();
  await store.close();
  queue = http.createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(201).end());
  });
  await new Promise<void>((resolve) => queue.listen(0, '127.0.0.1', resolve));
  const { port } = queue.address() as AddressInfo;
  env = {
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    TURNWISE_STORE: 'cosmos',
    COSMOS_ENDPOINT: gateway.endpoint,
    COSMOS_KEY: TEST_KEY,
    COSMOS_DATABASE: database,
    AzureWebJobsStorage: `DefaultEndpointsProtocol=http;AccountName=test;AccountKey=${TEST_KEY};QueueEndpoint=http://127.0.0.1:${port}/test;`,
  };
});
afterAll(async () => {
  await gateway.close();
  queue.closeAllConnections();
  await new Promise((resolve) => queue.close(resolve));
});

const FIRST_MESSAGE = `
  const { HttpRequest } = require('@azure/functions');
  const { createBotApp } = require('./src/index.ts');
  const packages = () => [...new Set(Object.keys(require.cache).flatMap((file) => {
    return /node_modules[/\\\\]((?:@[^/\\\\]+[/\\\\])?[^/\\\\]+)[/\\\\](?!.*node_modules)/.exec(file)?.[1]?.replace('\\\\', '/') ?? [];
  }))].filter((name) => !name.startsWith('@swc')).sort();
  const app = createBotApp({ bot: async (context) => { await context.sendActivity('hello'); }, log: { event() {} } });
  const atStart = packages();
  const activity = {
    type: 'message', id: 'm1', text: 'hello', channelId: 'emulator', serviceUrl: 'http://127.0.0.1:9/',
    from: { id: 'user' }, recipient: { id: 'bot' }, conversation: { id: 'c1' },
  };
  const request = new HttpRequest({
    method: 'POST', url: 'http://127.0.0.1/api/messages', headers: { 'content-type': 'application/json', host: '127.0.0.1:7071' },
    body: { bytes: Buffer.from(JSON.stringify(activity)) },
  });
  app.messages(request).then(async ({ status }) => {
    process.stdout.write(JSON.stringify({ status, atStart, afterFirstAck: packages() }));
    await app.close();
    process.exit();
  });
`;

test('a cold start on Cosmos DB and a storage queue loads its programming model and the telemetry API, and its first acknowledgement none more', async () => {
  const { status, atStart, afterFirstAck } = JSON.parse(await runInPlainNode(FIRST_MESSAGE, env)) as {
    readonly status: number;
    readonly atStart: readonly string[];
    readonly afterFirstAck: readonly string[];
  };
  expect(status).toBe(200);
  const programmingModel = ['@azure/functions', '@azure/functions-extensions-base', 'cookie'];
  expect(atStart).toEqual([...programmingModel, '@opentelemetry/api', '@opentelemetry/api-logs'].sort());
  expect(afterFirstAck).toEqual(atStart);
});

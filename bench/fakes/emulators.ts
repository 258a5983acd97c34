import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { startAzurite } from '../../dist/src/local/azurite.js';
import { QueueListener, type QueueListenerOptions } from '../../dist/src/local/queue-listener.js';
import { answerCalls } from '../answer-calls.ts';
import { Login } from './login.ts';
import type { ServiceAddresses } from './services.ts';

/*
 * Instead of the services: Azurite for the queue, and the test server for Cosmos DB, which know more than the bench's own and are too slow to
 * measure anything against. Azurite's messages are handed on by what stands in for the Functions host on development machines.
 */

const ROOT = path.join(import.meta.dirname, '../..');

const load = createRequire(import.meta.url);

/** The listener knows errors by their class: the client has to come from the same files as its own. */
const { QueueServiceClient } = load('@azure/storage-queue') as {
  QueueServiceClient: { fromConnectionString(text: string): QueueListenerOptions['service'] };
};

/** As `host.json` has it, but for failed messages, which come again after a second and until they succeed. */
const SETTINGS = {
  batchSize: 16,
  newBatchThreshold: 8,
  maxPollingIntervalMs: 100,
  maxDequeueCount: 1_000,
  visibilityTimeoutMs: 1_000,
  messageEncoding: 'base64',
} as const;

const login = new Login();
let workers: readonly string[] = [];
let handed = 0;

/** The part of `test/support/cosmos-gateway.ts` that is used here. */
interface Gateway {
  readonly endpoint: string;
  onAccount(change: (account: Record<string, unknown>) => Record<string, unknown>): void;
}

async function startCosmos(gatewayFile: string): Promise<string> {
  const { startCosmosGateway } = load(gatewayFile) as { startCosmosGateway(): Promise<Gateway> };
  const gateway = await startCosmosGateway();
  // The server says that it is somewhere else, and by HTTPS.
  const locations = [{ name: 'here', databaseAccountEndpoint: gateway.endpoint }];
  gateway.onAccount((account) => ({ ...account, writableLocations: locations, readableLocations: locations }));
  // There is one already, as in Azure: not every SDK would make it.
  await fetch(`${gateway.endpoint}/dbs`, {
    method: 'POST',
    headers: { authorization: 'any' },
    body: JSON.stringify({ id: 'bench' }),
  });
  return gateway.endpoint;
}

async function startQueue(folder: string): Promise<string> {
  const { connectionString } = await startAzurite(ROOT, folder);
  const listener = new QueueListener({
    functionName: 'turns',
    service: QueueServiceClient.fromConnectionString(connectionString),
    queueName: 'turns',
    settings: SETTINGS,
    invoke: (_item, text) => post(workers[handed++ % workers.length] ?? '', text),
    log: { write: () => undefined },
  });
  await listener.start();
  return connectionString;
}

function post(address: string, message: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.request(address, { method: 'POST' }, (response) => {
      response.resume();
      if (response.statusCode === 204) response.on('end', resolve);
      else reject(new Error(`HTTP ${response.statusCode}`));
    });
    request.on('error', reject);
    request.end(message);
  });
}

answerCalls({
  async start({ folder, gatewayFile }: { folder: string; gatewayFile: string }): Promise<ServiceAddresses> {
    const [metadata, cosmos, storage] = await Promise.all([
      login.start(),
      startCosmos(gatewayFile),
      startQueue(folder),
    ]);
    return { metadata, cosmos, storage };
  },
  tokens: ({ serviceUrl, count }: { serviceUrl: string; count: number }) =>
    Array.from({ length: count }, (_, serial) => login.token(serviceUrl, serial)),
  workers: (addresses: readonly string[]) => {
    workers = addresses;
  },
});

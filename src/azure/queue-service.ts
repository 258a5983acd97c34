import type { QueueServiceClient } from '@azure/storage-queue';
import { azureIdentity } from './identity';
import type { StorageConnection } from './storage-connection';

/** Callers with less time say so with a signal: the service is told of this one in whole seconds. */
const LIMIT_MS = 10_000;

/**
 * The SDK's client, one try per call, for what is rare. Loads `@azure/storage-queue`, so nothing on the way to an acknowledgement calls
 * it: `docs/decisions/queue-put.md`.
 */
export function queueService(connection: StorageConnection): QueueServiceClient {
  const sdk = require('@azure/storage-queue') as typeof import('@azure/storage-queue');
  const options = { retryOptions: { maxTries: 1, tryTimeoutInMs: LIMIT_MS } };
  return connection.kind === 'connectionString'
    ? sdk.QueueServiceClient.fromConnectionString(connection.connectionString.reveal(), options)
    : new sdk.QueueServiceClient(connection.queueServiceUri, azureIdentity(connection), options);
}

import type { CosmosClient } from '@azure/cosmos';
import { type CosmosConnection, isLocal } from './cosmos-connection';
import { azureIdentity } from './identity';

/** @param requestTimeout for one request, in ms */
export function createClient(connection: CosmosConnection, requestTimeout: number): CosmosClient {
  const { endpoint, key } = connection;
  const { CosmosClient, ConsistencyLevel } = require('@azure/cosmos') as typeof import('@azure/cosmos');
  const local = isLocal(endpoint);
  return new CosmosClient({
    endpoint,
    ...(key === undefined ? { aadCredentials: azureIdentity(connection) } : { key: key.reveal() }),
    // Without this the client sends no session token at all.
    consistencyLevel: ConsistencyLevel.Session,
    userAgentSuffix: 'turnwise',
    connectionPolicy: {
      requestTimeout,
      // Throttling goes back to the caller with the time to wait: only it knows whether it can.
      retryOptions: { maxRetryAttemptCount: 0, fixedRetryIntervalInMilliseconds: 0, maxWaitTimeInSeconds: 1 },
      useMultipleWriteLocations: false,
      // Emulators name addresses that are theirs only inside their container.
      enableEndpointDiscovery: !local,
      enableBackgroundEndpointRefreshing: !local,
    },
  });
}

import type { CosmosClient } from '@azure/cosmos';
import { type CosmosConnection, isLocal } from './cosmos-connection';
import { azureIdentity } from './identity';

/** Most waits for one request of a patient client: the time is what ends them. */
const MAX_WAITS = 100;

/**
 * @param requestTimeout for one request, in ms
 * @param patienceMs how long the client itself waits, as the service asks for, with one request that it is too busy for, in ms
 * @param region that all requests go to; absent, the SDK finds the regions of the account itself. It then also repeats a read that no
 * replica could answer for the session (404/1002), without the session, and reads that failed in another region: what comes may be stale.
 */
export function createClient(
  connection: CosmosConnection,
  requestTimeout: number,
  patienceMs = 0,
  region?: URL,
): CosmosClient {
  const { key } = connection;
  const endpoint = region?.href ?? connection.endpoint;
  const { CosmosClient, ConsistencyLevel } = require('@azure/cosmos') as typeof import('@azure/cosmos');
  // Emulators name addresses that are theirs only inside their container.
  const discovers = region === undefined && !isLocal(endpoint);
  return new CosmosClient({
    endpoint,
    ...(key === undefined ? { aadCredentials: azureIdentity(connection) } : { key: key.reveal() }),
    // Without this the client sends no session token at all.
    consistencyLevel: ConsistencyLevel.Session,
    userAgentSuffix: 'turnwise',
    connectionPolicy: {
      requestTimeout,
      // Throttling goes back to the caller with the time to wait, unless that has said how long it can: only it knows.
      retryOptions: {
        maxRetryAttemptCount: patienceMs === 0 ? 0 : MAX_WAITS,
        fixedRetryIntervalInMilliseconds: 0,
        maxWaitTimeInSeconds: Math.max(1, patienceMs / 1_000),
      },
      useMultipleWriteLocations: false,
      enableEndpointDiscovery: discovers,
      enableBackgroundEndpointRefreshing: discovers,
    },
  });
}

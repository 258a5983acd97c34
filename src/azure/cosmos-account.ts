import type { Container, CosmosClient, DatabaseAccount } from '@azure/cosmos';
import { TurnwiseError } from '../schema/errors';
import type { Secret } from '../schema/secret';
import { StoreFault } from '../turn/fault';
import type { CosmosClock } from './cosmos-clock';
import { CONTAINERS, containerDefinition } from './cosmos-containers';
import { azureIdentity } from './identity';

/** How the account is reached: with the identity of this process, or with a key where one is given, which is for emulators. */
export interface CosmosConnection {
  readonly endpoint: string;
  readonly database: string;
  readonly key?: Secret;
  /** Of the user-assigned identity. */
  readonly clientId?: string;
  /** Whether there is a managed identity to use; otherwise the developer's own sign-in is tried too. */
  readonly managed: boolean;
  /** Creates database and containers where they are missing. For development: in Azure the deployment template does. */
  readonly create: boolean;
  /** For one request on the network: what is slower is a fault, and asked again by whoever needs it. In ms. */
  readonly requestLimitMs?: number;
}

export interface Containers {
  readonly conversations: Container;
  readonly users: Container;
}

const REQUEST_LIMIT_MS = 3_000;

/** With consistency weaker than session, a worker would not see its own writes. */
const CONSISTENT_ENOUGH: ReadonlySet<string> = new Set(['Strong', 'BoundedStaleness', 'Session']);

/** The one client of an account: the SDK is loaded, and the account looked at, when it is first needed, once. */
export class CosmosAccount {
  private client: CosmosClient | undefined;
  private opening: Promise<Containers> | undefined;
  private closed = false;
  readonly requestLimitMs: number;

  constructor(
    private readonly connection: CosmosConnection,
    private readonly clock: CosmosClock,
  ) {
    this.requestLimitMs = connection.requestLimitMs ?? REQUEST_LIMIT_MS;
  }

  /** @throws TurnwiseError when the account cannot be used as it is; what the SDK throws when it cannot be reached */
  containers(): Promise<Containers> {
    if (this.closed) return Promise.reject(new StoreFault('no', 'The store is closed.'));
    this.opening ??= this.start().catch((error: unknown) => {
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  /** Looks at account and containers now. @throws TurnwiseError when they cannot be used as they are, or not be reached */
  async open(): Promise<void> {
    this.closed = false;
    try {
      for (const [name, container] of Object.entries(await this.containers())) {
        await container.read().catch((error: unknown) => {
          throw codeOf(error) === 404 ? containerMissing(name) : error;
        });
      }
    } catch (error) {
      if (error instanceof TurnwiseError) throw error;
      const why = `Cosmos DB at ${this.connection.endpoint} cannot be used: ${codeOf(error) ?? 'it does not answer'}.`;
      throw new TurnwiseError('StoreUnusable', why, { cause: error });
    }
  }

  close(): void {
    this.closed = true;
    this.client?.dispose();
    this.client = undefined;
    this.opening = undefined;
  }

  private async start(): Promise<Containers> {
    this.client ??= createClient(this.connection, this.requestLimitMs);
    const sentAt = this.clock.monotonic;
    const { resource, headers } = await this.client.getDatabaseAccount();
    this.clock.observe(headers.date, sentAt);
    if (resource !== undefined) checkAccount(resource);
    const database = this.client.database(this.connection.database);
    if (this.connection.create) await createMissing(this.client, this.connection.database);
    return {
      conversations: database.container(CONTAINERS.conversations.id),
      users: database.container(CONTAINERS.users.id),
    };
  }
}

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown } | undefined)?.code;

export function containerMissing(name: string): TurnwiseError {
  return new TurnwiseError(
    'StoreUnusable',
    `The Cosmos DB database has no container "${name}"; the deployment template creates it.`,
  );
}

/** @param requestTimeout for one request, in ms */
export function createClient(
  { endpoint, key, clientId, managed }: CosmosConnection,
  requestTimeout: number,
): CosmosClient {
  const { CosmosClient, ConsistencyLevel } = require('@azure/cosmos') as typeof import('@azure/cosmos');
  const local = isLoopback(endpoint);
  return new CosmosClient({
    endpoint,
    ...(key === undefined
      ? { aadCredentials: azureIdentity({ managed, ...(clientId === undefined ? {} : { clientId }) }) }
      : { key: key.reveal() }),
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

function isLoopback(endpoint: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(endpoint).hostname);
}

/** With several write regions two of them can both grant a condition on one ETag, and nothing here would hold. */
function checkAccount(account: DatabaseAccount): void {
  if (account.enableMultipleWritableLocations || account.writableLocations.length > 1) {
    throw new TurnwiseError(
      'StoreUnusable',
      'The Cosmos DB account writes in several regions, which breaks ETags; turn multi-region writes off.',
    );
  }
  if (!CONSISTENT_ENOUGH.has(account.consistencyPolicy)) {
    throw new TurnwiseError(
      'StoreUnusable',
      `The Cosmos DB account's consistency is ${account.consistencyPolicy}; set its default to Session.`,
    );
  }
}

async function createMissing(client: CosmosClient, name: string): Promise<void> {
  await unlessExists(client.databases.createIfNotExists({ id: name }));
  const database = client.database(name);
  for (const container of Object.values(CONTAINERS)) {
    await unlessExists(database.containers.createIfNotExists(containerDefinition(container)));
  }
}

/** Two processes that start at once both find it missing. */
async function unlessExists(creation: Promise<unknown>): Promise<void> {
  await creation.catch((error: unknown) => {
    if (codeOf(error) !== 409) throw error;
  });
}

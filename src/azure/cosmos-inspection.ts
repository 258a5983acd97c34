import { createClient } from './cosmos-client';
import type { CosmosConnection } from './cosmos-connection';
import { CONTAINERS } from './cosmos-containers';
import { headersOf, isContainerMissing, isItemMissing, statusOf } from './cosmos-outcome';

/** A Cosmos DB account, database and containers as they are, for an operator. */
export interface CosmosFacts {
  readonly consistency: string;
  readonly writeRegions: number;
  readonly multipleWriteRegions: boolean;
  readonly containers: readonly ContainerFacts[];
  /** The service's time, in ms since the epoch; `undefined` when it did not say. */
  readonly serviceTime: number | undefined;
}

export interface ContainerFacts {
  readonly id: string;
  /** What came of looking, and of a write that can change nothing. */
  readonly read: 'ok' | 'absent' | 'forbidden' | 'failed';
  readonly write: 'ok' | 'forbidden' | 'failed' | 'notTried';
  readonly partitionKey: string | undefined;
  readonly wantedPartitionKey: string;
  /** Whether items can expire: they have to be able to. */
  readonly expires: boolean;
}

/** Of an item that nobody writes. */
const NOBODY = 'turnwise-doctor';

/** @throws what the SDK throws when the account cannot be reached */
export async function inspectCosmos(connection: CosmosConnection, requestLimitMs = 10_000): Promise<CosmosFacts> {
  const client = createClient(connection, requestLimitMs);
  try {
    const { resource: account, headers } = await client.getDatabaseAccount();
    const containers: ContainerFacts[] = [];
    for (const { id, partitionKey: wantedPartitionKey } of Object.values(CONTAINERS)) {
      const container = client.database(connection.database).container(id);
      const known = { id, wantedPartitionKey, partitionKey: undefined, expires: false };
      try {
        const { resource } = await container.read();
        containers.push({
          ...known,
          read: 'ok',
          write: await outcomeOf(() => container.item(NOBODY, NOBODY).delete()),
          partitionKey: resource?.partitionKey?.paths[0],
          expires: resource?.defaultTtl !== undefined,
        });
      } catch (error) {
        const read = isContainerMissing(error) ? 'absent' : refused(error);
        containers.push({ ...known, read, write: 'notTried' });
      }
    }
    const date = Date.parse(String(headersOf({ headers }).date));
    return {
      consistency: account?.consistencyPolicy ?? 'unknown',
      writeRegions: account?.writableLocations.length ?? 0,
      multipleWriteRegions: account?.enableMultipleWritableLocations === true,
      containers,
      serviceTime: Number.isNaN(date) ? undefined : date,
    };
  } finally {
    client.dispose();
  }
}

async function outcomeOf(run: () => Promise<unknown>): Promise<'ok' | 'forbidden' | 'failed'> {
  try {
    await run();
    return 'ok';
  } catch (error) {
    return isItemMissing(error) ? 'ok' : refused(error);
  }
}

function refused(error: unknown): 'forbidden' | 'failed' {
  const { status } = statusOf(error);
  return status === 401 || status === 403 ? 'forbidden' : 'failed';
}

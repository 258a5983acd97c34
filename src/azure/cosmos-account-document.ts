import { TurnwiseError } from '../schema/errors';
import { CosmosFailure } from './cosmos-failure';
import type { RestAnswer } from './cosmos-rest';

/** With consistency weaker than session, a worker would not see its own writes. */
const CONSISTENT_ENOUGH: ReadonlySet<string> = new Set(['Strong', 'BoundedStaleness', 'Session']);

/** The account's document, as far as it says whether the account can be used. */
export interface AccountDocument {
  readonly id?: string;
  readonly enableMultipleWriteLocations?: boolean;
  readonly enablePerPartitionFailoverBehavior?: boolean;
  readonly writableLocations?: readonly { readonly databaseAccountEndpoint: string }[];
  readonly userConsistencyPolicy?: { readonly defaultConsistencyLevel: string };
}

/** @throws CosmosFailure for what is no account */
export function accountIn({ body, headers }: RestAnswer): AccountDocument {
  try {
    return JSON.parse(body.text) as AccountDocument;
  } catch {
    throw new CosmosFailure('notAnAccount', { headers });
  }
}

/**
 * Returns the address of the region that writes. With several of them two could both grant a condition on one ETag, and nothing here would
 * hold; with automatic failover of single partitions a partition could for a moment have two, and its writes come from another region.
 *
 * @throws TurnwiseError when the account cannot be used as it is
 */
export function writingRegion(account: AccountDocument): string | undefined {
  const { enableMultipleWriteLocations, writableLocations = [], userConsistencyPolicy } = account;
  if (enableMultipleWriteLocations || writableLocations.length > 1) {
    throw new TurnwiseError('StoreManyWriteRegions');
  }
  if (account.enablePerPartitionFailoverBehavior) throw new TurnwiseError('StoreFailsOverByPartition');
  const consistency = userConsistencyPolicy?.defaultConsistencyLevel ?? '';
  if (!CONSISTENT_ENOUGH.has(consistency)) {
    throw new TurnwiseError(
      'StoreUnusable',
      `The Cosmos DB account's consistency is ${consistency}; set its default to Session.`,
    );
  }
  return writableLocations[0]?.databaseAccountEndpoint;
}

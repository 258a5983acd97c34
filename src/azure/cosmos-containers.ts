/**
 * The two containers. Only what is queried is indexed, as every indexed value is paid for with every write: when a conversation has to be
 * looked at again, and when something was given up. The deployment template creates the same.
 */
export const CONTAINERS = {
  conversations: { id: 'conversations', partitionKey: '/conversation', indexed: ['/wake/?', '/dead/?'] },
  users: { id: 'users', partitionKey: '/user', indexed: [] },
} as const satisfies Record<string, { id: string; partitionKey: string; indexed: readonly string[] }>;

/** A container as it is created. */
export interface ContainerDefinition {
  readonly id: string;
  readonly partitionKey: { readonly paths: string[]; readonly version: 2 };
  readonly defaultTtl: number;
  readonly indexingPolicy: {
    readonly indexingMode: 'consistent';
    readonly automatic: true;
    readonly includedPaths: { readonly path: string }[];
    readonly excludedPaths: { readonly path: string }[];
  };
}

/** Everything that is said about a container when it is created, here for development and in `infra/` for Azure. */
export function containerDefinition({
  id,
  partitionKey,
  indexed,
}: (typeof CONTAINERS)[keyof typeof CONTAINERS]): ContainerDefinition {
  return {
    id,
    partitionKey: { paths: [partitionKey], version: 2 },
    // On, with nothing expiring unless its item says so.
    defaultTtl: -1,
    indexingPolicy: {
      indexingMode: 'consistent',
      automatic: true,
      includedPaths: indexed.map((path) => ({ path })),
      excludedPaths: [{ path: '/*' }],
    },
  };
}

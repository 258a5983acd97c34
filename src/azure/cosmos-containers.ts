/**
 * The two containers. Only what is queried is indexed, as every indexed value is paid for with every write: when a conversation has to be
 * looked at again, and when something was given up. The deployment template creates the same.
 */
export const CONTAINERS = {
  conversations: { id: 'conversations', partitionKey: '/conversation', indexed: ['/wake/?', '/dead/?'] },
  users: { id: 'users', partitionKey: '/user', indexed: [] },
} as const satisfies Record<string, { id: string; partitionKey: string; indexed: readonly string[] }>;

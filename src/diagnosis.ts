import { type DeepCheckReport, type DeepCheckRow, deepCheck } from './azure/cosmos-deep-check';
import { type ContainerFacts, type CosmosFacts, inspectCosmos } from './azure/cosmos-inspection';
import { inspectQueue, type QueueFacts } from './azure/queue-inspection';
import { ringMessage } from './azure/ring-message';
import { configuredInboundAuth, configuredStore, configuredTokens, sqliteFile, TURNS_QUEUE } from './configured';
import type { LastSweep } from './ports/sweeps';
import { systemClock } from './runtime/system';
import { TurnwiseError } from './schema/errors';
import type { QueueSettings, Settings } from './settings';
import type { StoreSettings } from './settings-store';
import { hasCurrentFormat } from './sqlite/database';
import { conversationKey } from './turn/keys';

/** What the operator's command may know of the services that an app uses, as they are. */
export type { ContainerFacts, CosmosFacts, DeepCheckReport, DeepCheckRow, QueueFacts };

/** Looks at the account, database and containers. @throws what the SDK throws when it cannot be reached */
export function lookAtCosmos(store: Extract<StoreSettings, { kind: 'cosmos' }>): Promise<CosmosFacts> {
  return inspectCosmos({ ...store, create: false });
}

/**
 * Runs the part of the store's contract that can be tried on an account in use, in partitions of its own, and removes what it has made.
 *
 * @throws TurnwiseError when the account cannot be used
 */
export function lookDeeper(
  store: Extract<StoreSettings, { kind: 'cosmos' }>,
  environment: Settings['environment'],
  onRow: (row: DeepCheckRow) => void,
): Promise<DeepCheckReport> {
  const connection = { ...store, create: environment === 'development' };
  return deepCheck({ connection, clock: systemClock, wait: (ms) => systemClock.sleep(ms), onRow });
}

/** Looks at the queue, and rings for a conversation that there is not: whoever hears it finds nothing to do. */
export function lookAtQueue(queue: QueueSettings): Promise<QueueFacts> {
  return inspectQueue(queue, TURNS_QUEUE, ringMessage(conversationKey('turnwise', 'doctor')));
}

/** Returns whether a file is an SQLite database. Changes nothing. */
export function isDatabase(file: string): boolean {
  try {
    hasCurrentFormat(file);
    return true;
  } catch {
    return false;
  }
}

/**
 * Returns the last sweep of an app, from its store; `undefined` when there was none. Creates nothing, and brings no file to another format.
 *
 * @throws TurnwiseError, StoreFault when the store cannot be used, or is a file of another format
 */
export async function lookAtSweep(settings: StoreSettings): Promise<LastSweep | undefined> {
  if (settings.kind === 'sqlite' && !hasCurrentFormat(sqliteFile(settings.folder))) {
    throw new TurnwiseError('StoreUnusable', 'The file is of another format than this code.');
  }
  // Only in development is anything created, and looking on proves nothing.
  const store = configuredStore(settings, 'production', {}, {}, false, { selfCheck: false });
  try {
    await store.open();
    return await store.sweeps.last();
  } finally {
    await store.close();
  }
}

/** How the bot gets a token, and whether it could tell its callers; `undefined` where it needs none. */
export function channelAccess(settings: Settings): {
  readonly token: (() => Promise<unknown>) | undefined;
  readonly keys: (() => Promise<boolean>) | undefined;
} {
  const tokens = configuredTokens(settings);
  const { ready } = configuredInboundAuth(settings);
  return { token: tokens === undefined ? undefined : () => tokens.token(), keys: ready };
}

import path from 'node:path';
import { createCosmosStore } from './azure/cosmos-store';
import { QueueDoorbell } from './azure/queue-doorbell';
import { createMemoryStore } from './memory/memory-store';
import type { Doorbell } from './ports/doorbell';
import type { Store } from './ports/store';
import { systemClock } from './runtime/system';
import type { QueueSettings, Settings, StoreSettings } from './settings';
import { createSqliteStore } from './sqlite/sqlite-store';

/** The queue that the `turns` function listens to. */
export const TURNS_QUEUE = 'turns';

/** The store that the settings name. Nothing is opened yet. */
export function configuredStore(store: StoreSettings, environment: Settings['environment']): Store {
  switch (store.kind) {
    case 'memory':
      return createMemoryStore(systemClock);
    case 'sqlite':
      return createSqliteStore({ file: sqliteFile(store.folder), clock: systemClock });
    case 'cosmos':
      return createCosmosStore({ ...store, create: environment === 'development', clock: systemClock });
  }
}

/** The database file in the data folder. */
export function sqliteFile(folder: string): string {
  return path.join(folder, 'turnwise.db');
}

/** The doorbell on the storage queue that the settings name. Nothing is connected yet. */
export function configuredDoorbell(connection: QueueSettings, environment: Settings['environment']): Doorbell {
  return new QueueDoorbell({ connection, queueName: TURNS_QUEUE, createQueue: environment === 'development' });
}

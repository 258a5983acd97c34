import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sqliteFile } from '../../src/configured';

/** A store that several processes share, and the settings that find it. */
export interface SharedStore {
  readonly settings: Readonly<Record<string, string>>;
  /** Whether nobody can write now, because somebody who stands still has the store locked. */
  blocked(): boolean;
  stop(): Promise<void>;
}

const DEVELOPMENT = { AZURE_FUNCTIONS_ENVIRONMENT: 'Development' };

/** A SQLite file in the folder, or a Cosmos DB server in a process of its own. */
export async function startSharedStore(kind: 'sqlite' | 'cosmos', folder: string): Promise<SharedStore> {
  if (kind === 'sqlite') {
    return {
      settings: { ...DEVELOPMENT, TURNWISE_STORE: kind, TURNWISE_DATA: folder },
      blocked: () => isLocked(sqliteFile(folder)),
      stop: async () => undefined,
    };
  }
  const server = fork(path.join(__dirname, 'cosmos-server.js'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [endpoint] = (await once(server, 'message')) as [string];
  const key = Buffer.from('the server takes any').toString('base64');
  return {
    blocked: () => false,
    settings: { ...DEVELOPMENT, TURNWISE_STORE: kind, COSMOS_ENDPOINT: endpoint, COSMOS_KEY: key },
    stop: async () => {
      const gone = once(server, 'exit');
      server.kill('SIGKILL');
      await gone;
    },
  };
}

/** Longer than any write takes that goes on. */
const LOCK_PATIENCE_MS = 300;

function isLocked(file: string): boolean {
  const database = new DatabaseSync(file, { timeout: LOCK_PATIENCE_MS });
  try {
    database.exec('BEGIN IMMEDIATE');
    database.exec('ROLLBACK');
    return false;
  } catch {
    return true;
  } finally {
    database.close();
  }
}

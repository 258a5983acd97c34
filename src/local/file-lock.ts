import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A lock that this process holds until it releases it or ends, however it ends. */
export interface FileLock {
  release(): void;
}

/**
 * Takes a lock, or returns undefined if another process has it. The lock is SQLite's lock on the file, which belongs to the
 * process and not to the file's content: a killed process leaves no stale lock behind, and no process id can be mistaken for
 * another's. Blocks for up to `patienceMs`.
 */
export function takeLock(path: string, patienceMs = 0): FileLock | undefined {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // SQLite would make a file that other accounts can read, and so lock.
  closeSync(openSync(path, 'a', 0o600));
  const database = new DatabaseSync(path, { timeout: patienceMs });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked|busy/i.test(error.message)) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}

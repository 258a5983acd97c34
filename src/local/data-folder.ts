import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { takeLock } from './file-lock';
import { oneLine, StartupError } from './startup-error';

/** A data folder in use by this runner alone. */
export interface DataFolder {
  readonly path: string;
  /** Writes down how to reach this runner, for the message that a second one shows. */
  announce(address: string): void;
  release(): void;
}

/**
 * Takes a data folder for this runner. Two runners cannot share one: each would start a queue on the same files. The lock ends
 * with the process, so a killed runner is not in the way of the next.
 *
 * A folder that is made here can be read by this account alone, because conversations are in it. One that is there already keeps its permissions,
 * unless it is the runner's own.
 */
export function takeDataFolder(path: string, isOwn: boolean): DataFolder {
  const note = join(path, 'runner.txt');
  let lock: ReturnType<typeof takeLock>;
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (isOwn) chmodSync(path, 0o700);
    lock = takeLock(join(path, 'runner.lock'));
  } catch (error) {
    throw new StartupError(`The data folder ${path} cannot be used: ${oneLine(error)}`);
  }
  if (!lock) {
    throw new StartupError(
      `The data folder ${path} is in use by another runner${readNote(note)}. Stop that one, or set TURNWISE_DATA to another folder.`,
    );
  }
  const { release } = lock;
  return {
    path,
    announce: (address) => writeFileSync(note, `process ${process.pid}, ${address}\n`, { mode: 0o600 }),
    release,
  };
}

function readNote(note: string): string {
  try {
    return ` (${readFileSync(note, 'utf8').trim()})`;
  } catch {
    return '';
  }
}

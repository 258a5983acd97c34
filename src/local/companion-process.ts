/*
 * What a companion (the queue server, the chat page) runs in: its own process, ending with the runner's, however that ends. The
 * channel to the runner closes when the runner is gone, even when it was killed.
 *
 * Arguments: a lock file or `-`, then the script and its own arguments.
 */
import { takeLock } from './file-lock';

/** How long a companion may take to put its files in order. */
const FAREWELL_MS = 3_000;
/** How long the companion of a runner that was killed may take to go away. */
const LOCK_PATIENCE_MS = 10_000;

// What a companion writes is read by this account alone.
process.umask(0o077);

const [node = process.execPath, , lockFile = '-', script = '', ...args] = process.argv;

process.once('disconnect', () => {
  if (process.listenerCount('SIGTERM') === 0) process.exit(0);
  setTimeout(() => process.exit(1), FAREWELL_MS).unref();
  process.emit('SIGTERM', 'SIGTERM');
});

// Held until the process ends: a second companion on the same files waits for it.
const lock = lockFile === '-' ? undefined : takeLock(lockFile, LOCK_PATIENCE_MS);
if (lockFile !== '-' && !lock) {
  process.stderr.write(`another process has not let go of ${lockFile}\n`);
  process.exit(1);
}

process.argv = [node, script, ...args];
require(script);

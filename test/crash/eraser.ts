import { configuredStore } from '../../src/configured';
import type { ErasureRequest, Store } from '../../src/ports/store';
import { forgetAll } from '../../src/runtime/forget';
import { persist } from '../../src/runtime/persist';
import { systemClock, systemIds } from '../../src/runtime/system';
import { readStoreAccess } from '../../src/settings';

/* An operator's command that forgets what it is told to, in a process of its own, which is killed in the middle of it. */

// A harness that is gone, however it went, takes this along.
process.on('disconnect', () => process.exit(1));

const access = readStoreAccess(JSON.parse(process.env.CRASH_STORE ?? '{}'));
const store = configuredStore(access.store, access.environment, {}, {}, true);

const forgetting = {
  clock: systemClock,
  ids: systemIds,
  ask: <T>(call: (each: Store) => Promise<T>) => persist(systemClock, () => call(store), { limitMs: 15_000 }),
  ring: async () => undefined,
};

process.on('message', async (request: ErasureRequest) => {
  await forgetAll(forgetting, [request]);
  process.send?.('done');
});

void store.open().then(() => process.send?.('ready'));

import { memoryPartitions } from '../../src/memory/memory-store';
import { transactionalStore } from '../../src/store/transactional-store';
import { MARKER_MS } from '../../src/turn/erase';
import type { Head } from '../../src/turn/record';
import { DEFAULT_TIMING } from '../../src/turn/timing';
import { storeContract } from '../contracts/store-contract';
import { lifetimeOf } from '../contracts/store-under-test';
import { createShiftedClock } from '../support/shifted-clock';

storeContract(async (lifetimes) => {
  const clock = createShiftedClock();
  const partitions = memoryPartitions(clock);
  const store = transactionalStore(partitions, DEFAULT_TIMING, lifetimes);
  return {
    store,
    other: store,
    pass: clock.pass,
    rewriteHead: (key, change) =>
      partitions.transact(key, ({ head }) => ({
        result: undefined,
        writes: { head: change({ ...head }) as unknown as Head },
      })),
    storedHead: (key) => partitions.transact(key, ({ head }) => ({ result: { ...head } })),
    holds: async (text) => JSON.stringify(partitions.content()).includes(text),
    forgetsMarker: async (key) => {
      const before = await partitions.read(key, ({ head }) => head);
      clock.pass(MARKER_MS + 1);
      await partitions.prune();
      return before !== undefined && (await partitions.read(key, ({ head }) => head)) === undefined;
    },
    lifetimeOfUser: (user) => lifetimeOf(store, user, clock),
    isDurable: false,
    close: () => store.close(),
  };
});

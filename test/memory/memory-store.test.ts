import { memoryPartitions } from '../../src/memory/memory-store';
import { transactionalStore } from '../../src/store/transactional-store';
import type { Head } from '../../src/turn/record';
import { DEFAULT_TIMING } from '../../src/turn/timing';
import { storeContract } from '../contracts/store-contract';
import { createShiftedClock } from '../support/shifted-clock';

storeContract(async () => {
  const clock = createShiftedClock();
  const partitions = memoryPartitions(clock);
  const store = transactionalStore(partitions, DEFAULT_TIMING);
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
    close: () => store.close(),
  };
});

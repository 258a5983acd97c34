import { type CosmosStoreOptions, createCosmosStore } from '../../src/azure/cosmos-store';
import type { Clock } from '../../src/ports/clock';
import type { Store } from '../../src/ports/store';
import { Secret } from '../../src/schema/secret';
import { StoreFault } from '../../src/turn/fault';

/** The key of the stand-in's account, which takes any. */
export const TEST_KEY = 'dGVzdA==';

let databases = 0;

/** Makes stores on one new database behind a gateway, without the self-check unless it is asked for. */
export function cosmosStores(
  endpoint: string,
  clock: Clock,
  different: Partial<CosmosStoreOptions> = {},
): { readonly database: string; readonly make: () => Store } {
  databases += 1;
  const database = `db${databases}`;
  const key = new Secret(TEST_KEY);
  const options = {
    endpoint,
    database,
    key,
    managed: false,
    create: true,
    clock,
    acceptLimitMs: 30_000,
    selfCheck: false,
    ...different,
  };
  return { database, make: () => createCosmosStore(options) };
}

/** Repeats a call until it answers, as the runtime does. @returns the answer and the faults before it */
export async function persisting<T>(
  call: () => Promise<T>,
): Promise<{ readonly answer: T; readonly faults: StoreFault[] }> {
  const faults: StoreFault[] = [];
  for (;;) {
    try {
      return { answer: await call(), faults };
    } catch (error) {
      if (!(error instanceof StoreFault) || faults.length === 20) throw error;
      faults.push(error);
    }
  }
}

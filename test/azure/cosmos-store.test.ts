import { CosmosClient } from '@azure/cosmos';
import { afterAll, beforeAll } from '@jest/globals';
import { headId, partitionKey, userId } from '../../src/azure/cosmos-documents';
import { createCosmosStore } from '../../src/azure/cosmos-store';
import { Secret } from '../../src/schema/secret';
import { MARKER_MS } from '../../src/turn/erase';
import type { ConversationKey } from '../../src/turn/keys';
import { storeContract } from '../contracts/store-contract';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { createShiftedClock } from '../support/shifted-clock';

/** A new one for each test, so that none depends on the time that has passed in others. */
let clock = createShiftedClock();
const key = 'dGVzdA==';
let gateway: CosmosGateway;
let opened = 0;

beforeAll(async () => {
  gateway = await startCosmosGateway(() => clock.now());
});
afterAll(() => gateway.close());

storeContract(async (lifetimes = {}) => {
  opened += 1;
  clock = createShiftedClock();
  const database = `db${opened}`;
  const options = {
    endpoint: gateway.endpoint,
    database,
    key: new Secret(key),
    managed: false,
    create: true,
    clock,
    lifetimes,
    acceptLimitMs: 30_000,
    selfCheck: false,
  };
  const [store, other] = [createCosmosStore(options), createCosmosStore(options)];
  await store.open();
  const direct = new CosmosClient({
    endpoint: gateway.endpoint,
    key,
    connectionPolicy: { enableEndpointDiscovery: false },
  });
  const head = (of: ConversationKey) =>
    direct.database(database).container('conversations').item(headId(of), partitionKey(of));
  return {
    store,
    other,
    pass: (ms) => clock.pass(ms),
    rewriteHead: async (of, change) => {
      const { resource } = await head(of).read();
      await head(of).replace(change(resource) as never);
    },
    storedHead: async (of) => {
      const { _etag, _ts, ...resource } = (await head(of).read()).resource;
      return resource;
    },
    holds: async (text) => {
      const contents = await Promise.all(
        ['conversations', 'users'].map(async (name) => {
          const items = direct.database(database).container(name).items;
          return JSON.stringify((await items.query('SELECT * FROM c').fetchAll()).resources);
        }),
      );
      return contents.some((content) => content.includes(text));
    },
    forgetsMarker: async (of) => {
      clock.pass(MARKER_MS + 1_000);
      return (await head(of).read()).statusCode === 404;
    },
    lifetimeOfUser: async (of) => {
      const item = direct.database(database).container('users').item(userId(of), partitionKey(of));
      return (await item.read()).resource?.ttl * 1_000;
    },
    isDurable: true,
    close: async () => {
      await store.close();
      await other.close();
      direct.dispose();
    },
  };
});

import { CosmosClient } from '@azure/cosmos';
import { afterAll, beforeAll } from '@jest/globals';
import { headId, partitionKey } from '../../src/azure/cosmos-documents';
import { createCosmosStore } from '../../src/azure/cosmos-store';
import { Secret } from '../../src/schema/secret';
import type { ConversationKey } from '../../src/turn/keys';
import { storeContract } from '../contracts/store-contract';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { createShiftedClock } from '../support/shifted-clock';

const clock = createShiftedClock();
const key = 'dGVzdA==';
let gateway: CosmosGateway;
let opened = 0;

beforeAll(async () => {
  gateway = await startCosmosGateway(() => clock.now());
});
afterAll(() => gateway.close());

storeContract(async () => {
  opened += 1;
  const database = `db${opened}`;
  const options = {
    endpoint: gateway.endpoint,
    database,
    key: new Secret(key),
    managed: false,
    create: true,
    clock,
    acceptLimitMs: 30_000,
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
    pass: clock.pass,
    rewriteHead: async (of, change) => {
      const { resource } = await head(of).read();
      await head(of).replace(change(resource) as never);
    },
    storedHead: async (of) => {
      const { _etag, _ts, ...resource } = (await head(of).read()).resource;
      return resource;
    },
    close: async () => {
      await store.close();
      await other.close();
      direct.dispose();
    },
  };
});

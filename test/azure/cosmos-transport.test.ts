import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CosmosAccount } from '../../src/azure/cosmos-account';
import { type CosmosAuthorization, keyAuthorization } from '../../src/azure/cosmos-authorization';
import { CosmosClock } from '../../src/azure/cosmos-clock';
import { CosmosRest } from '../../src/azure/cosmos-rest';
import { RestTransport } from '../../src/azure/cosmos-rest-transport';
import { SdkTransport } from '../../src/azure/cosmos-sdk-transport';
import { SessionTokens } from '../../src/azure/cosmos-session';
import { type CosmosTransport, TRANSPORTS, type TransportName } from '../../src/azure/cosmos-transport';
import { TokenUnavailable } from '../../src/azure/token-source';
import { systemClock } from '../../src/runtime/system';
import { Secret } from '../../src/schema/secret';
import { cosmosTransportContract } from '../contracts/cosmos-transport-contract';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { cosmosStores, TEST_KEY } from '../support/cosmos-under-test';

let gateway: CosmosGateway;
let database: string;
const made: { close(): void }[] = [];

beforeAll(async () => {
  gateway = await startCosmosGateway();
  const stores = cosmosStores(gateway.endpoint, systemClock);
  ({ database } = stores);
  const store = stores.make();
  await store.open();
  await store.close();
});
afterAll(async () => {
  for (const each of made) each.close();
  await gateway.close();
});

const KEY = keyAuthorization(new Secret(TEST_KEY));

function transportOf(name: TransportName, authorization: CosmosAuthorization, region: URL): CosmosTransport {
  const timeoutMs = 400;
  const rest = new CosmosRest({ authorization, timeoutMs });
  const transport =
    name === 'rest'
      ? new RestTransport(rest, region, database)
      : new SdkTransport({ region, database, authorization, timeoutMs });
  made.push(rest, transport);
  return transport;
}

describe.each(TRANSPORTS)('%s', (name) => {
  let transport: CosmosTransport | undefined;
  cosmosTransportContract(() => {
    transport ??= transportOf(name, KEY, new URL(gateway.endpoint));
    return { transport, requests: gateway.requests, onRequest: (script) => gateway.onRequest(script) };
  });

  const target = () => ({ container: 'conversations', session: new SessionTokens() });
  const ITEM = { id: 'a', partition: 'p' };

  test('without a token nothing is sent, and that is said', async () => {
    const none: CosmosAuthorization = {
      header: () => Promise.reject(new TokenUnavailable('CredentialUnavailableError', 1_000)),
      refused: () => undefined,
    };
    const sent = gateway.requests.length;
    const asked = transportOf(name, none, new URL(gateway.endpoint)).read(target(), ITEM);
    await expect(asked).rejects.toMatchObject({ name: 'StoreFault', applied: 'no' });
    expect(gateway.requests.length).toBe(sent);
  });

  test('a token that is turned down is given up', async () => {
    const refused: string[] = [];
    const authorization = { ...KEY, refused: (header: string) => void refused.push(header) };
    gateway.onRequest(() => ({ do: 'answer', status: 401 }));
    const asked = transportOf(name, authorization, new URL(gateway.endpoint)).read(target(), ITEM);
    await expect(asked).rejects.toMatchObject({ code: 401 });
    gateway.onRequest(() => undefined);
    expect(refused).toHaveLength(1);
  });

  test('where nobody listens, nothing was sent', async () => {
    const asked = transportOf(name, KEY, new URL('http://127.0.0.1:9')).replace(
      target(),
      'p',
      { item: { id: 'a' }, text: '{"id":"a"}' },
      '"0"',
    );
    const failed = (await asked.catch((error: unknown) => error)) as { code?: unknown; notSent?: boolean };
    expect(failed.notSent === true || failed.code === 'ECONNREFUSED').toBe(true);
  });
});

test('the transport can be changed while the account is open, and changes with its region', async () => {
  const connection = { endpoint: gateway.endpoint, database, key: new Secret(TEST_KEY), managed: false, create: false };
  const account = new CosmosAccount(connection, new CosmosClock(systemClock), systemClock);
  expect((await account.use()).transport.name).toBe('rest');
  account.choose('sdk');
  expect(account.current?.transport.name).toBe('sdk');
  expect((await account.use()).transport.name).toBe('sdk');
  account.close();
});

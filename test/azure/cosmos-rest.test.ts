import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { CosmosClient } from '@azure/cosmos';
import type { TokenCredential } from '@azure/identity';
import { afterEach, describe, expect, test } from '@jest/globals';
import { keyAuthorization, tokenAuthorization, tokenScopes } from '../../src/azure/cosmos-authorization';
import { CosmosFailure } from '../../src/azure/cosmos-failure';
import { CosmosRest } from '../../src/azure/cosmos-rest';
import { impossibleSession, SessionTokens } from '../../src/azure/cosmos-session';
import { identityTokens } from '../../src/azure/identity';
import type { TokenSourceOptions } from '../../src/azure/token-source';
import { systemClock } from '../../src/runtime/system';
import { Secret } from '../../src/schema/secret';
import { startCosmosGateway } from '../support/cosmos-gateway';
import { cosmosStores, TEST_KEY } from '../support/cosmos-under-test';
import { runInPlainNode } from '../support/plain-node';

const ends: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
}

/** A service that answers every request in one way, and the requests that it got. */
async function service(answer: (request: Seen) => readonly [status: number, headers: Record<string, string>]) {
  const seen: Seen[] = [];
  let connections = 0;
  const server = http.createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    seen.push({ method, url, headers });
    request.resume();
    request.on('end', () => response.writeHead(...answer({ method, url, headers })).end('{}'));
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return { origin, seen, connections: () => connections };
}

function rest(authorization = keyAuthorization(new Secret(TEST_KEY)), timeoutMs = 2_000): CosmosRest {
  const made = new CosmosRest({ authorization, timeoutMs });
  ends.push(() => made.close());
  return made;
}

const ITEM = { method: 'GET', type: 'docs', link: 'dbs/b/colls/c/docs/i' } as const;

describe('authorization', () => {
  test('with a key it is what the SDK says of the same requests', async () => {
    const { origin, seen } = await service(() => [200, {}]);
    const client = new CosmosClient({
      endpoint: origin.href,
      key: TEST_KEY,
      connectionPolicy: { enableEndpointDiscovery: false },
    });
    const container = client.database('My bots').container('conversations');
    await client.getDatabaseAccount();
    await container.read().catch(() => undefined);
    await container
      .item('Head-1', 'p')
      .read()
      .catch(() => undefined);
    await container.items.batch([{ operationType: 'Create', resourceBody: { id: 'a' } }], 'p').catch(() => undefined);
    client.dispose();
    const mine = keyAuthorization(new Secret(TEST_KEY));
    const places: Readonly<Record<string, readonly [type: string, link: string]>> = {
      '/': ['', ''],
      '/dbs/My%20bots/colls/conversations': ['colls', 'dbs/My bots/colls/conversations'],
      '/dbs/My%20bots/colls/conversations/docs/Head-1': ['docs', 'dbs/My bots/colls/conversations/docs/Head-1'],
      '/dbs/My%20bots/colls/conversations/docs': ['docs', 'dbs/My bots/colls/conversations'],
    };
    const compared = seen.filter(({ url }) => places[url] !== undefined);
    expect(new Set(compared.map(({ url }) => url))).toEqual(new Set(Object.keys(places)));
    for (const { method, url, headers } of compared) {
      const [type = '', link = ''] = places[url] ?? [];
      expect(mine.header({ method, type, link, date: String(headers['x-ms-date']) })).toBe(headers.authorization);
    }
  });

  const credential = (getToken: (scope: string) => string): TokenCredential => ({
    getToken: async (scope) => ({ token: getToken(String(scope)), expiresOnTimestamp: Date.now() + 3_600_000 }),
  });

  const authorizationOf = (identity: TokenCredential, options: Partial<TokenSourceOptions> = {}) =>
    tokenAuthorization(
      identityTokens(() => identity, tokenScopes('https://bots.documents.azure.com:443/'), {
        clock: systemClock,
        ...options,
      }),
    );

  test('with an identity it is a token for the account, fetched once, and anew when it was turned down', async () => {
    let fetched = 0;
    const scopes: string[] = [];
    const identity = credential((scope) => {
      scopes.push(scope);
      fetched += 1;
      return `token-${fetched}`;
    });
    const authorization = authorizationOf(identity, { minIntervalMs: 0 });
    const { origin, seen } = await service(({ headers }) => [
      headers.authorization?.endsWith('token-1') ? 401 : 200,
      {},
    ]);
    const transport = rest(authorization);
    const first = await Promise.allSettled([transport.run(origin, ITEM), transport.run(origin, ITEM)]);
    expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await transport.run(origin, ITEM);
    expect(seen.map(({ headers }) => decodeURIComponent(headers.authorization ?? ''))).toEqual([
      'type=aad&ver=1.0&sig=token-1',
      'type=aad&ver=1.0&sig=token-1',
      'type=aad&ver=1.0&sig=token-2',
    ]);
    expect(new Set(scopes)).toEqual(new Set(['https://bots.documents.azure.com/.default']));
  });

  test('an account that its directory does not know has the scope of all', async () => {
    const identity = credential((scope) => {
      if (scope !== 'https://cosmos.azure.com/.default') throw new Error('AADSTS500011: not found');
      return 'token';
    });
    const authorization = authorizationOf(identity, { backOffMs: 0 });
    const { origin } = await service(() => [200, {}]);
    await expect(rest(authorization).run(origin, ITEM)).rejects.toMatchObject({ applied: 'no' });
    await rest(authorization).run(origin, ITEM);
  });

  test('a token that does not come is not waited for longer than an answer', async () => {
    const identity: TokenCredential = { getToken: () => new Promise(() => undefined) };
    const { origin, seen } = await service(() => [200, {}]);
    const transport = rest(authorizationOf(identity, { timeoutMs: 900 }), 100);
    const started = performance.now();
    await expect(transport.run(origin, ITEM)).rejects.toMatchObject({ name: 'StoreFault', applied: 'no' });
    expect(performance.now() - started).toBeLessThan(800);
    expect(seen).toEqual([]);
  });

  test('without a token nothing is sent', async () => {
    const identity = credential(() => {
      throw new Error('secret detail');
    });
    const { origin, seen } = await service(() => [200, {}]);
    const failed = await rest(authorizationOf(identity))
      .run(origin, ITEM)
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({ applied: 'no', message: expect.not.stringContaining('secret') });
    expect(seen).toEqual([]);
  });
});

describe('session tokens', () => {
  test('the furthest of each partition is kept, whatever the order of answers', () => {
    const tokens = new SessionTokens();
    expect(tokens.header).toBe('');
    for (const header of ['0:-1#12#3=7', '1:2#5', '0:-1#11#3=6', '1:3#4', '1:2#9', undefined, 'nonsense', '2:x#y']) {
      tokens.observe(header);
    }
    expect(tokens.header).toBe('0:-1#12#3=7,1:3#4');
    tokens.observe('0:-1#13#3=8,1:3#5');
    expect(tokens.header).toBe('0:-1#13#3=8,1:3#5');
  });

  test('a container of very many partitions does not make the header longer than servers take', () => {
    const tokens = new SessionTokens();
    for (let round = 0; round < 2; round += 1) {
      for (let n = 0; n < 2_000; n += 1) tokens.observe(`${n}:-1#123456789${round}#3=123456789#7=123456789`);
    }
    tokens.observe('17:-1#1234567899#3=5');
    expect(tokens.header.length).toBeLessThan(16_384);
    expect(tokens.header.split(',').length).toBeGreaterThan(150);
    // Those heard of last are known.
    expect(tokens.header).toContain('1999:-1#1234567891#');
    expect(tokens.header.endsWith(',17:-1#1234567899#3=5')).toBe(true);
  });

  test('what an answer says of the session goes with the next request, also of an answer that refuses', async () => {
    let lsn = 0;
    const { origin, seen } = await service(() => {
      lsn += 1;
      return [lsn === 1 ? 412 : 200, { 'x-ms-session-token': `0:-1#${lsn}` }];
    });
    const transport = rest();
    const session = new SessionTokens();
    await transport.run(origin, { ...ITEM, session }).catch(() => undefined);
    await transport.run(origin, { ...ITEM, session });
    await transport.run(origin, { ...ITEM, session });
    expect(seen.map(({ headers }) => headers['x-ms-session-token'])).toEqual([undefined, '0:-1#1', '0:-1#2']);
  });
});

describe('a container that is not as far as it was: made anew, restored, or failed over with a loss', () => {
  /** Turns down whoever has seen more than there is. */
  const isAhead = ({ headers }: Seen, lsn: number) => Number(String(headers['x-ms-session-token']).split('#')[1]) > lsn;

  test('is read again after a while, and not after a moment in which replicas are behind', async () => {
    const { origin, seen } = await service((request) =>
      isAhead(request, 7) ? [404, { 'x-ms-substatus': '1002' }] : [200, { 'x-ms-session-token': '0:-1#7' }],
    );
    const session = new SessionTokens();
    session.observe('0:-1#50');
    const transport = rest();
    for (let tries = 0; tries < 50; tries += 1) {
      await expect(transport.run(origin, { ...ITEM, session })).rejects.toMatchObject({ substatus: 1002 });
    }
    expect(session.header).toBe('0:-1#50');
    for (let tries = 0; tries < 50; tries += 1)
      await transport.run(origin, { ...ITEM, session }).catch(() => undefined);
    await transport.run(origin, { ...ITEM, session });
    expect(session.header).toBe('0:-1#7');
    expect(seen.at(-1)?.headers['x-ms-session-token']).toBeUndefined();
  });

  test('is told from one in which something moves', () => {
    const session = new SessionTokens();
    for (let lsn = 1; lsn <= 150; lsn += 1) {
      session.observe(`0:-1#${lsn}`);
      session.refused({ 'x-ms-session-token': '0:-1#1' }, 'a');
    }
    expect(session.header).toBe('0:-1#150');
  });
});

describe('refusals are counted by partition', () => {
  const token = (partition: number, lsn: number) => ({ 'x-ms-session-token': `${partition}:-1#${lsn}` });

  test('so that one that has lost what was seen is read again, whatever goes on in the others', () => {
    const told: string[] = [];
    const session = new SessionTokens((partition) => told.push(partition));
    session.observe('0:-1#50,1:-1#50');
    for (let count = 1; count <= 100; count += 1) {
      session.observe(`1:-1#${50 + count}`);
      session.refused(token(0, 7), 'p');
    }
    expect(session.header).toBe('1:-1#150');
    expect(told).toEqual(Array.from({ length: 100 }, () => '0'));
  });

  test('by the name of the range, where the answer has it', () => {
    const told: string[] = [];
    const session = new SessionTokens((partition) => told.push(partition));
    session.refused({ 'x-ms-documentdb-partitionkeyrangeid': '12' }, 'p');
    session.refused({}, 'p');
    expect(told).toEqual(['12', 'unknown']);
  });

  test('and where no partition is named, by what was read, until that is answered', () => {
    const session = new SessionTokens();
    session.observe('0:-1#50');
    const refuse = (times: number) => {
      for (let count = 0; count < times; count += 1) session.refused({}, 'p');
    };
    refuse(99);
    session.accepted('p');
    refuse(99);
    expect(session.header).toBe('0:-1#50');
    refuse(1);
    expect(session.header).toBe('');
  });
});

describe('a session that nobody can have reached', () => {
  test.each([
    ['0:-1#12', '0:-1#1000000012'],
    ['3:2#5#1=7#4=9', '3:2#1000000005#1=1000000007#4=1000000009'],
    ['nonsense', undefined],
    [undefined, undefined],
  ])('%s becomes %s', (known, ahead) => {
    expect(impossibleSession(known)).toBe(ahead);
  });
});

describe('outcomes', () => {
  test('an answer that refuses comes with all that it says', async () => {
    const says = { 'x-ms-substatus': '1002', 'x-ms-retry-after-ms': '17', 'x-ms-request-charge': '1.5' };
    const { origin } = await service(() => [404, says]);
    const failed = await rest()
      .run(origin, ITEM)
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(CosmosFailure);
    expect(failed).toMatchObject({ code: 404, substatus: 1002, retryAfterInMs: 17, notSent: false, headers: says });
  });

  test('a request that could not leave says so', async () => {
    await expect(rest().run(new URL('http://127.0.0.1:9'), ITEM)).rejects.toMatchObject({ notSent: true });
  });

  test('requests that follow one another share a connection', async () => {
    const { origin, seen, connections } = await service(() => [200, {}]);
    const transport = rest();
    for (let count = 0; count < 20; count += 1) await transport.run(origin, ITEM);
    expect(seen).toHaveLength(20);
    expect(connections()).toBe(1);
  });
});

test('neither the SDK nor an identity is loaded on the way of a turn, where database and containers are there', async () => {
  const gateway = await startCosmosGateway();
  ends.push(() => gateway.close());
  const { database, make } = cosmosStores(gateway.endpoint, systemClock, { selfCheck: true });
  const store = make();
  await store.open();
  await store.close();
  const printed = await runInPlainNode(ONE_TURN, { ENDPOINT: gateway.endpoint, DATABASE: database, KEY: TEST_KEY });
  expect(JSON.parse(printed)).toEqual({ outcomes: ['accepted', 'acquired'], packages: [] });
});

const ONE_TURN = `
  const { createCosmosStore } = require('./src/azure/cosmos-store.ts');
  const { systemClock } = require('./src/runtime/system.ts');
  const { Secret } = require('./src/schema/secret.ts');
  const { ENDPOINT: endpoint, DATABASE: database, KEY } = process.env;
  const store = createCosmosStore({ endpoint, database, key: new Secret(KEY), managed: false, create: true, clock: systemClock });
  const activity = { key: 'a', body: { inline: { type: 'message' }, bytes: 20 } };
  (async () => {
    await store.open();
    const accepted = await store.mailbox.accept('test/a', activity, [], 10);
    const { outcome } = await store.turns.acquire('test/a', 'worker');
    await store.close();
    const loaded = Object.keys(require.cache).map((file) => /node_modules.((?:@[^/]+.)?[^/]+)/.exec(file)?.[1]);
    const packages = [...new Set(loaded)].filter((name) => /azure|msal/.test(name));
    process.stdout.write(JSON.stringify({ outcomes: [accepted, outcome], packages }));
  })();
`;

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AS_BATCH, AS_QUERY, IN_P, ITEMS, refusalOf, type SentHeaders, type StandIn, startStandIn } from './stand-in';

/*
 * Sources, read in 2026-11: [statuses] https://github.com/Azure/azure-sdk-for-java/blob/main/sdk/cosmos/azure-cosmos/docs/StatusCodes.md
 * (404/0, 404/1002, 404/1003), [not found] https://learn.microsoft.com/azure/cosmos-db/nosql/troubleshoot-not-found, [ttl]
 * https://learn.microsoft.com/azure/cosmos-db/nosql/time-to-live, [sessions]
 * https://learn.microsoft.com/azure/cosmos-db/consistency-levels ("Session consistency").
 */

let now = Date.parse('2026-01-01T00:00:00Z');
let cosmos: StandIn;

beforeAll(async () => {
  cosmos = await startStandIn(() => now, ['items', 'gone']);
});
afterAll(() => cosmos.close());

let made = 0;
const fresh = (): string => `item-${made++}`;
const container = (id = 'items', database = 'db') => cosmos.client.database(database).container(id);
const at = (id: string): string => `${ITEMS}/${id}`;

/** Every request that is about items of a container. */
const REQUESTS: readonly (readonly [string, string, string, SentHeaders, unknown])[] = [
  ['a read', 'GET', '/a', IN_P, undefined],
  ['a creation', 'POST', '', IN_P, { id: 'a', pk: 'p' }],
  ['an upsert', 'POST', '', { ...IN_P, 'x-ms-documentdb-is-upsert': 'true' }, { id: 'a', pk: 'p' }],
  ['a replacement', 'PUT', '/a', IN_P, { id: 'a', pk: 'p' }],
  ['a patch', 'PATCH', '/a', IN_P, { operations: [{ op: 'set', path: '/n', value: 1 }] }],
  ['a deletion', 'DELETE', '/a', IN_P, undefined],
  ['a batch', 'POST', '', { ...IN_P, ...AS_BATCH }, [{ operationType: 'Delete', id: 'a' }]],
  ['a query', 'POST', '', AS_QUERY, { query: 'SELECT * FROM c' }],
  ['a query of a partition', 'POST', '', { ...AS_QUERY, ...IN_P }, { query: 'SELECT * FROM c' }],
];

describe('a container that is missing', () => {
  test.each(REQUESTS)('answers %s with 404/1003', async (_, method, item, headers, body) => {
    for (const path of ['/dbs/db/colls/none/docs', '/dbs/none/colls/items/docs']) {
      const said = await cosmos.send(method, `${path}${item}`, headers, body);
      expect(said).toMatchObject({ status: 404, substatus: '1003' });
    }
  });

  test('answers the SDK with 404/1003', async () => {
    // The SDK takes a 404 of a point read for an item that is missing, whatever its substatus.
    expect((await container('none').item('a', 'p').read()).statusCode).toBe(404);
    expect(
      await refusalOf(
        container('none')
          .item('a', 'p')
          .patch([{ op: 'set', path: '/n', value: 1 }]),
      ),
    ).toBe('404/1003');
    expect(await refusalOf(container('none').items.query('SELECT * FROM c').fetchAll())).toBe('404/1003');
  });

  test('is told from an item that is missing', async () => {
    for (const [, method, item, headers, body] of REQUESTS) {
      if (!['GET', 'PUT', 'PATCH', 'DELETE'].includes(method)) continue;
      const said = await cosmos.send(method, `${ITEMS}${item}`, headers, body);
      expect([method, said.status, said.substatus]).toEqual([method, 404, '0']);
    }
  });

  test('is itself answered with 404, as its database is', async () => {
    expect(await cosmos.send('GET', '/dbs/db/colls/none')).toMatchObject({ status: 404, substatus: '0' });
    expect(await cosmos.send('GET', '/dbs/none')).toMatchObject({ status: 404, substatus: '0' });
    expect(await cosmos.send('GET', '/dbs/none/colls/items')).toMatchObject({ status: 404, substatus: '1003' });
  });
});

test('databases and containers are made once', async () => {
  expect(await refusalOf(cosmos.client.databases.create({ id: 'db' }))).toBe('409/0');
  const definition = { id: 'items', partitionKey: { paths: ['/pk'] } };
  expect(await refusalOf(cosmos.client.database('db').containers.create(definition))).toBe('409/0');
  expect((await cosmos.client.databases.readAll().fetchAll()).resources).toMatchObject([{ id: 'db' }]);
  expect(await cosmos.send('GET', '/dbs/db/nothing/x')).toMatchObject({ status: 400 });
});

describe('sessions', () => {
  const tokenOf = ({ headers }: { readonly headers: Headers }): string => headers.get('x-ms-session-token') ?? '';

  /** The token of a session that has seen so many writes more. */
  const ahead = (token: string, by = 1): string =>
    token.replace(/#(\d+)$/, (_, progress: string) => `#${Number(progress) + by}`);

  test('every answer says how far its session is, those to reads and refusals too', async () => {
    const id = fresh();
    const created = await cosmos.send('POST', ITEMS, IN_P, { id, pk: 'p' });
    expect(tokenOf(created)).toMatch(/^\d+:-1#\d+$/);
    expect(tokenOf(await cosmos.send('GET', at(id), IN_P))).toBe(tokenOf(created));
    expect(tokenOf(await cosmos.send('GET', at('none'), IN_P))).toBe(tokenOf(created));
    expect(tokenOf(await cosmos.send('POST', ITEMS, IN_P, { id, pk: 'p' }))).toBe(tokenOf(created));
    const query = await cosmos.send('POST', ITEMS, { ...AS_QUERY, ...IN_P }, { query: 'SELECT * FROM c' });
    expect(tokenOf(query)).toBe(tokenOf(created));
    expect(tokenOf(await cosmos.send('DELETE', at(id), IN_P))).toBe(ahead(tokenOf(created)));
    const everywhere = await cosmos.send('POST', ITEMS, AS_QUERY, { query: 'SELECT * FROM c' });
    expect(tokenOf(everywhere).split(',')).toHaveLength(2);
  });

  // [not found]: "The read session is not available for the input session token".
  test('a read of what no replica has yet is 404/1002', async () => {
    const id = fresh();
    const token = tokenOf(await cosmos.send('POST', ITEMS, IN_P, { id, pk: 'p' }));
    const read = (session: string, more: SentHeaders = {}) =>
      cosmos.send('GET', at(id), { ...IN_P, 'x-ms-session-token': session, ...more });
    expect((await read(token)).status).toBe(200);
    expect(await read(ahead(token))).toMatchObject({ status: 404, substatus: '1002' });
    expect((await read(ahead(token), { 'x-ms-consistency-level': 'Eventual' })).status).toBe(200);
    const query = { ...AS_QUERY, ...IN_P, 'x-ms-session-token': ahead(token) };
    expect(await cosmos.send('POST', ITEMS, query, { query: 'SELECT * FROM c' })).toMatchObject({
      status: 404,
      substatus: '1002',
    });
    const options = { sessionToken: ahead(token), consistencyLevel: 'Session' };
    expect(
      await refusalOf(
        container()
          .items.query('SELECT * FROM c', { ...options, partitionKey: 'p' })
          .fetchAll(),
      ),
    ).toBe('404/1002');
  });

  // https://learn.microsoft.com/rest/api/cosmos-db/common-cosmosdb-rest-request-headers: "The override must be the same or weaker".
  test.each(['Strong', 'BoundedStaleness', 'Any'])('a read cannot ask for %s consistency', async (level) => {
    const headers = { ...IN_P, 'x-ms-consistency-level': level };
    expect((await cosmos.send('GET', at('any'), headers)).status).toBe(400);
    const query = { ...AS_QUERY, 'x-ms-consistency-level': level };
    expect((await cosmos.send('POST', ITEMS, query, { query: 'SELECT * FROM c' })).status).toBe(400);
  });

  test('a write is decided where the newest version is, whatever its session has seen', async () => {
    const id = fresh();
    const token = tokenOf(await cosmos.send('POST', ITEMS, IN_P, { id, pk: 'p' }));
    const headers = { ...IN_P, 'x-ms-session-token': ahead(token, 1_000) };
    expect((await cosmos.send('PUT', at(id), headers, { id, pk: 'p' })).status).toBe(200);
  });

  test('what another physical partition has seen says nothing', async () => {
    const id = fresh();
    const token = tokenOf(await cosmos.send('POST', ITEMS, IN_P, { id, pk: 'p' }));
    const other = token.startsWith('0') ? '1:-1#1000' : '0:-1#1000';
    const read = (session: string) => cosmos.send('GET', at(id), { ...IN_P, 'x-ms-session-token': session });
    expect((await read(`${other},${token}`)).status).toBe(200);
    expect((await read(`${other},${ahead(token)}`)).status).toBe(404);
    expect((await read('nonsense')).status).toBe(400);
  });

  test('a container that was made anew knows nothing of sessions from before', async () => {
    const definition = { id: 'gone', partitionKey: { paths: ['/pk'] } };
    for (let count = 0; count < 5; count += 1) await container('gone').items.create({ id: `${count}`, pk: 'p' });
    const path = '/dbs/db/colls/gone/docs';
    const token = tokenOf(await cosmos.send('GET', `${path}/1`, IN_P));
    await container('gone').delete();
    expect(await cosmos.send('GET', `${path}/1`, IN_P)).toMatchObject({ status: 404, substatus: '1003' });
    await cosmos.client.database('db').containers.create(definition);
    const headers = { ...IN_P, 'x-ms-session-token': token };
    expect(await cosmos.send('GET', `${path}/1`, headers)).toMatchObject({ status: 404, substatus: '1002' });
    expect(await cosmos.send('GET', `${path}/1`, IN_P)).toMatchObject({ status: 404, substatus: '0' });
  });
});

describe('items that have had their time', () => {
  // [ttl]: an item is gone so many seconds after it was last modified, though it may be removed later.
  test('are not found by anything, by the clock of the service', async () => {
    const id = fresh();
    await container().items.create({ id, pk: 'p', n: 1, ttl: 60 });
    now += 59_000;
    expect((await container().item(id, 'p').read()).statusCode).toBe(200);
    now += 1_000;
    expect((await container().item(id, 'p').read()).statusCode).toBe(404);
    const query = { query: 'SELECT * FROM c WHERE c.id = @id', parameters: [{ name: '@id', value: id }] };
    expect((await container().items.query(query).fetchAll()).resources).toEqual([]);
    const patch = { condition: 'from c where c.n = 1', operations: [{ op: 'set' as const, path: '/n', value: 2 }] };
    expect(await refusalOf(container().item(id, 'p').patch(patch))).toBe('404/0');
    expect(await refusalOf(container().item(id, 'p').replace({ id, pk: 'p' }))).toBe('404/0');
    expect(await refusalOf(container().item(id, 'p').delete())).toBe('404/0');
    const batch = await container().items.batch([{ operationType: 'Replace', id, resourceBody: { id, pk: 'p' } }], 'p');
    expect(batch.result).toMatchObject([{ statusCode: 404 }]);
    expect((await container().items.create({ id, pk: 'p' })).statusCode).toBe(201);
  });

  test('live as long again after each write', async () => {
    const id = fresh();
    await container().items.create({ id, pk: 'p', ttl: 60 });
    now += 50_000;
    await container()
      .item(id, 'p')
      .patch([{ op: 'set', path: '/n', value: 1 }]);
    now += 50_000;
    expect((await container().item(id, 'p').read()).statusCode).toBe(200);
    await container()
      .item(id, 'p')
      .patch([{ op: 'remove', path: '/ttl' }]);
    now += 1_000_000_000;
    expect((await container().item(id, 'p').read()).statusCode).toBe(200);
  });

  test('are those of containers that say so, whose own time holds for items without one', async () => {
    const database = cosmos.client.database('db');
    const partitionKey = { paths: ['/pk'] };
    await database.containers.create({ id: 'short', partitionKey, defaultTtl: 10 });
    await database.containers.create({ id: 'endless', partitionKey });
    await container('short').items.create({ id: 'standard', pk: 'p' });
    await container('short').items.create({ id: 'longer', pk: 'p', ttl: 20 });
    await container('short').items.create({ id: 'forever', pk: 'p', ttl: -1 });
    await container('endless').items.create({ id: 'a', pk: 'p', ttl: 5 });
    const left = async (id: string) =>
      (await container(id).items.query('SELECT VALUE c.id FROM c').fetchAll()).resources.sort();
    expect(await left('short')).toEqual(['forever', 'longer', 'standard']);
    now += 10_000;
    expect(await left('short')).toEqual(['forever', 'longer']);
    now += 10_000;
    expect(await left('short')).toEqual(['forever']);
    expect(await left('endless')).toEqual(['a']);
  });
});

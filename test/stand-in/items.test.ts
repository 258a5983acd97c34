import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AS_BATCH, IN_P, ITEMS, MINIMAL, refusalOf, type StandIn, startStandIn } from './stand-in';

/*
 * Sources, read in 2026-11: [limits] https://learn.microsoft.com/azure/cosmos-db/concepts-limits, [ttl]
 * https://learn.microsoft.com/azure/cosmos-db/nosql/time-to-live, [headers]
 * https://learn.microsoft.com/rest/api/cosmos-db/common-cosmosdb-rest-request-headers, [statuses]
 * https://learn.microsoft.com/rest/api/cosmos-db/http-status-codes-for-cosmosdb and
 * https://github.com/Azure/azure-sdk-for-java/blob/main/sdk/cosmos/azure-cosmos/docs/StatusCodes.md, [id]
 * https://learn.microsoft.com/dotnet/api/microsoft.azure.documents.resource.id.
 */

let cosmos: StandIn;

beforeAll(async () => {
  cosmos = await startStandIn();
});
afterAll(() => cosmos.close());

let made = 0;
const fresh = (): string => `item-${made++}`;
const create = (item: object, headers: Record<string, string | undefined> = IN_P) =>
  cosmos.send('POST', ITEMS, headers, item);
const at = (id: string): string => `${ITEMS}/${encodeURIComponent(id)}`;
const container = () => cosmos.client.database('db').container('items');

describe('ids', () => {
  // [id]: '/', '\\', '?', '#' cannot be used; [limits]: an id has 1,023 bytes at most.
  test.each([
    ['a slash', 'a/b'],
    ['a backslash', 'a\\b'],
    ['a question mark', 'a?b'],
    ['a hash', 'a#b'],
    ['1,024 bytes', 'x'.repeat(1_024)],
    ['512 characters of two bytes', 'ü'.repeat(512)],
    ['nothing', ''],
  ])('with %s are refused', async (_, id) => {
    expect((await create({ id, pk: 'p' })).status).toBe(400);
    const upsert = { ...IN_P, 'x-ms-documentdb-is-upsert': 'true' };
    expect((await create({ id, pk: 'p' }, upsert)).status).toBe(400);
    const operation = { operationType: 'Create', resourceBody: { id, pk: 'p' } };
    expect((await cosmos.send('POST', ITEMS, { ...IN_P, ...AS_BATCH }, [operation])).body).toMatchObject([
      { statusCode: 400 },
    ]);
    if (id !== '') expect(await refusalOf(container().items.create({ id, pk: 'p' }))).toMatch(/^(400|undefined)\//);
  });

  test('of 1,023 bytes are taken', async () => {
    expect((await create({ id: 'y'.repeat(1_023), pk: 'p' })).status).toBe(201);
  });

  test.each([[{ pk: 'p' }], [{ id: 7, pk: 'p' }], [{ id: null, pk: 'p' }]])(
    'must be there, and text: %j',
    async (item) => {
      expect((await create(item)).status).toBe(400);
    },
  );

  test('of a replacement are those of what is replaced', async () => {
    const id = fresh();
    await create({ id, pk: 'p' });
    expect((await cosmos.send('PUT', at(id), IN_P, { id: 'another', pk: 'p' })).status).toBe(400);
  });
});

describe('lifetimes', () => {
  // [ttl]: "a nonzero positive integer less than or equal to 2147483647, or -1"; null is not supported.
  test.each([0, -2, 1.5, '60', null, true, 2_147_483_648])('of %j are refused', async (ttl) => {
    const id = fresh();
    expect((await create({ id, pk: 'p', ttl })).status).toBe(400);
    await create({ id, pk: 'p' });
    expect((await cosmos.send('PUT', at(id), IN_P, { id, pk: 'p', ttl })).status).toBe(400);
    const operations = [{ op: 'set', path: '/ttl', value: ttl }];
    expect((await cosmos.send('PATCH', at(id), IN_P, { operations })).status).toBe(400);
    expect(
      await refusalOf(
        container()
          .item(id, 'p')
          .replace({ id, pk: 'p', ttl: ttl as number }),
      ),
    ).toBe('400/0');
    expect((await cosmos.send('GET', at(id), IN_P)).body).not.toHaveProperty('ttl');
  });

  test.each([-1, 1, 2_147_483_647])('of %j are taken', async (ttl) => {
    expect((await create({ id: fresh(), pk: 'p', ttl })).status).toBe(201);
  });
});

describe('nesting', () => {
  const nested = (levels: number): object => (levels === 1 ? [] : [nested(levels - 1)]);

  // [limits]: 128 levels of embedded objects and lists.
  test('of more than 128 levels is refused', async () => {
    expect((await create({ id: fresh(), pk: 'p', deep: nested(128) })).status).toBe(400);
    const id = fresh();
    expect((await create({ id, pk: 'p', deep: nested(127) })).status).toBe(201);
    const operations = [{ op: 'set', path: '/deep', value: nested(128) }];
    expect((await cosmos.send('PATCH', at(id), IN_P, { operations })).status).toBe(400);
    expect(await refusalOf(container().items.create({ id: fresh(), pk: 'p', deep: nested(140) }))).toBe('400/0');
  });
});

describe('sizes', () => {
  const LIMIT = 2 * 1024 * 1024;

  // [limits]: 2 MB, as the UTF-8 length of the item's JSON; [statuses]: 413.
  test('an item over 2 MB is refused, by its bytes and not by its characters', async () => {
    for (const filler of ['x'.repeat(LIMIT), 'ü'.repeat(LIMIT / 2)]) {
      const id = fresh();
      expect((await create({ id, pk: 'p', filler })).status).toBe(413);
      expect(await refusalOf(container().items.create({ id, pk: 'p', filler }))).toBe('413/0');
      expect((await cosmos.send('GET', at(id), IN_P)).status).toBe(404);
    }
    expect((await create({ id: fresh(), pk: 'p', filler: 'x'.repeat(LIMIT - 1_000) })).status).toBe(201);
  });

  test('a patch that would make an item larger than 2 MB is refused, and leaves it as it is', async () => {
    const id = fresh();
    await create({ id, pk: 'p', list: [], filler: 'x'.repeat(LIMIT - 1_000) });
    const operations = [{ op: 'add', path: '/list/-', value: 'y'.repeat(2_000) }];
    expect((await cosmos.send('PATCH', at(id), IN_P, { operations })).status).toBe(413);
    expect(
      await refusalOf(
        container()
          .item(id, 'p')
          .patch(operations as never),
      ),
    ).toBe('413/0');
    expect((await cosmos.send('GET', at(id), IN_P)).body).toMatchObject({ list: [] });
  });
});

describe('partition keys', () => {
  // [statuses]: 400/1001 for a key that is not the item's.
  test('must be said, and be those of the item', async () => {
    const id = fresh();
    const none = { 'x-ms-documentdb-partitionkey': undefined };
    expect(await create({ id, pk: 'p' }, none)).toMatchObject({ status: 400, substatus: '1001' });
    expect(await create({ id, pk: 'q' })).toMatchObject({ status: 400, substatus: '1001' });
    expect(await create({ id })).toMatchObject({ status: 400, substatus: '1001' });
    await create({ id, pk: 'p' });
    for (const method of ['GET', 'DELETE', 'PATCH', 'PUT']) {
      const body = method === 'PUT' ? { id, pk: 'p' } : { operations: [{ op: 'set', path: '/a', value: 1 }] };
      const said = await cosmos.send(method, at(id), none, method === 'GET' || method === 'DELETE' ? undefined : body);
      expect([method, said.status, said.substatus]).toEqual([method, 400, '1001']);
    }
    expect(await cosmos.send('PUT', at(id), IN_P, { id, pk: 'q' })).toMatchObject({ status: 400, substatus: '1001' });
    expect(await refusalOf(container().item(id, 'p').replace({ id, pk: 'q' }))).toBe('400/1001');
  });

  test.each(['', 'p', '"p"', '[]', '["p", "q"]', '[["p"]]', '[{"p": 1}]'])(
    'are a list of one scalar: %s is none',
    async (key) => {
      const headers = { 'x-ms-documentdb-partitionkey': key };
      expect((await cosmos.send('GET', at('any'), headers)).status).toBe(400);
    },
  );

  // [limits]: 2,048 bytes.
  test('of more than 2,048 bytes are refused', async () => {
    for (const pk of ['k'.repeat(2_049), 'ü'.repeat(1_025)]) {
      expect(await refusalOf(container().items.create({ id: fresh(), pk }))).toBe('400/0');
      expect(await refusalOf(container().item('any', pk).read())).toBe('400/0');
    }
    await container().items.create({ id: fresh(), pk: 'k'.repeat(2_048) });
  });

  test('keep items of one id apart', async () => {
    const id = fresh();
    await container().items.create({ id, pk: 'p', n: 1 });
    await container().items.create({ id, pk: 'q', n: 2 });
    expect((await container().item(id, 'q').read()).resource).toMatchObject({ n: 2 });
    expect((await container().item(id, 'r').read()).statusCode).toBe(404);
  });
});

describe('ETags', () => {
  // [headers]: the value "should be the etag value of the resource", which has quotes; [statuses]: 412.
  test('are quoted, and one without its quotes is another', async () => {
    const id = fresh();
    const { headers, body } = await create({ id, pk: 'p' });
    const etag = headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[^"]+"$/);
    expect(body).toMatchObject({ _etag: etag });
    const bare = { ...IN_P, 'if-match': etag.slice(1, -1) };
    const patch = { operations: [{ op: 'set', path: '/n', value: 1 }] };
    expect((await cosmos.send('PUT', at(id), bare, { id, pk: 'p' })).status).toBe(412);
    expect((await cosmos.send('PATCH', at(id), bare, patch)).status).toBe(412);
    expect((await cosmos.send('DELETE', at(id), bare)).status).toBe(412);
    expect((await cosmos.send('DELETE', at(id), { ...IN_P, 'if-match': etag })).status).toBe(204);
  });

  test('change with every write, and the last one alone allows another', async () => {
    const id = fresh();
    const { resource } = await container().items.create({ id, pk: 'p' });
    const condition = resource?._etag ?? '';
    const options = { accessCondition: { type: 'IfMatch', condition } };
    await container().item(id, 'p').replace({ id, pk: 'p', n: 1 }, options);
    expect(await refusalOf(container().item(id, 'p').replace({ id, pk: 'p', n: 2 }, options))).toBe('412/0');
    expect(await refusalOf(container().item(id, 'p').delete(options))).toBe('412/0');
    expect((await container().item(id, 'p').read()).resource).toMatchObject({ n: 1 });
  });

  // RFC 9110, section 13.1.1: '*' is any current representation, and false where there is none.
  test("'*' is any version of an item that is there", async () => {
    const id = fresh();
    const any = { ...IN_P, 'if-match': '*' };
    expect(await cosmos.send('PUT', at(id), any, { id, pk: 'p' })).toMatchObject({ status: 404, substatus: '0' });
    await create({ id, pk: 'p' });
    expect((await cosmos.send('PUT', at(id), any, { id, pk: 'p' })).status).toBe(200);
  });

  test('of an upsert say nothing where there is no item', async () => {
    // https://github.com/Azure/azure-cosmos-dotnet-v3/issues/1698
    const upsert = { ...IN_P, 'x-ms-documentdb-is-upsert': 'true', 'if-match': '"other"' };
    const id = fresh();
    expect((await create({ id, pk: 'p' }, upsert)).status).toBe(201);
    expect((await create({ id, pk: 'p' }, upsert)).status).toBe(412);
  });

  test('of a read answer 304 while nothing has changed', async () => {
    const id = fresh();
    const { headers } = await create({ id, pk: 'p' });
    const unless = { ...IN_P, 'if-none-match': headers.get('etag') ?? '' };
    expect(await cosmos.send('GET', at(id), unless)).toMatchObject({ status: 304, body: undefined });
    await cosmos.send('PUT', at(id), IN_P, { id, pk: 'p', n: 1 });
    expect((await cosmos.send('GET', at(id), unless)).status).toBe(200);
  });
});

describe('return=minimal', () => {
  // https://learn.microsoft.com/javascript/api/@azure/cosmos/cosmosclientoptions ("contentResponseOnWriteEnabled")
  test('leaves the item out of the answer to each kind of write, and the ETag in', async () => {
    const id = fresh();
    const headers = { ...IN_P, ...MINIMAL };
    const answers = [
      await create({ id, pk: 'p' }, headers),
      await cosmos.send('PUT', at(id), headers, { id, pk: 'p', n: 1 }),
      await cosmos.send('PATCH', at(id), headers, { operations: [{ op: 'set', path: '/n', value: 2 }] }),
      await create({ id, pk: 'p', n: 3 }, { ...headers, 'x-ms-documentdb-is-upsert': 'true' }),
    ];
    for (const { status, body, headers: said } of answers) {
      expect(status).toBeLessThan(300);
      expect(body).toBeUndefined();
      expect(said.get('etag')).toMatch(/^".+"$/);
    }
    const batch = await cosmos.send('POST', ITEMS, { ...headers, ...AS_BATCH }, [
      { operationType: 'Replace', id, resourceBody: { id, pk: 'p', n: 4 } },
    ]);
    expect(batch.body).toEqual([{ statusCode: 200, requestCharge: expect.any(Number), eTag: expect.any(String) }]);
  });

  test('says nothing about reads, and without it there is a body', async () => {
    const id = fresh();
    expect((await create({ id, pk: 'p' })).body).toMatchObject({ id });
    expect((await cosmos.send('GET', at(id), { ...IN_P, ...MINIMAL })).body).toMatchObject({ id });
  });
});

describe('half a surrogate', () => {
  // Not documented. One public record of the service has it stored as U+FFFD; refusing is stricter, as the product sends none.
  test.each([
    ['in a value', { text: '\ud83d' }],
    ['in a name', { '\udc00': 1 }],
    ['deep inside', { list: [{ text: ['x', 'a\udfffb'] }] }],
  ])('%s is refused', async (_, more) => {
    expect((await create({ id: fresh(), pk: 'p', ...more })).status).toBe(400);
    expect(await refusalOf(container().items.create({ id: fresh(), pk: 'p', ...more }))).toBe('400/0');
  });

  test('is not a whole one, nor text that looks like its escape', async () => {
    const id = fresh();
    const text = '\u{1f600} \\ud83d';
    await create({ id, pk: 'p', text });
    expect((await cosmos.send('GET', at(id), IN_P)).body).toMatchObject({ text });
  });
});

test('a number that is no double is refused', async () => {
  // [limits]: numbers are IEEE 754 binary64.
  for (const number of ['1e400', '-1E+309', '9'.repeat(400)]) {
    expect((await cosmos.send('POST', ITEMS, IN_P, `{"id":"n","pk":"p","n":[${number}]}`)).status).toBe(400);
  }
  expect((await cosmos.send('POST', ITEMS, IN_P, '{"id":"n","pk":"p","n":[1e300,1e-400]}')).status).toBe(201);
});

test('what is no JSON, and what is no object, is refused', async () => {
  for (const body of ['{"id":', '[]', '"text"', 'null']) {
    expect((await cosmos.send('POST', ITEMS, IN_P, body)).status).toBe(400);
  }
});

test('a request without authorization is refused', async () => {
  expect((await cosmos.send('GET', '/', { authorization: undefined })).status).toBe(401);
});

test('charges are those that are published for sizes and indexed values', async () => {
  const charge = ({ headers }: { readonly headers: Headers }) => Number(headers.get('x-ms-request-charge'));
  const [small, large, indexed] = [fresh(), fresh(), fresh()];
  const first = charge(await create({ id: small, pk: 'p' }));
  expect(first).toBeCloseTo(4.95);
  expect(charge(await create({ id: indexed, pk: 'p', n: 1 }))).toBeCloseTo(first + 0.2);
  expect(charge(await create({ id: large, pk: 'p', filler: 'x'.repeat(64_000) }))).toBeGreaterThan(20);
  expect(charge(await cosmos.send('GET', at(small), IN_P))).toBe(1);
  expect(charge(await cosmos.send('GET', at(large), IN_P))).toBeGreaterThan(4);
});

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AS_QUERY, IN_P, ITEMS, refusalOf, type SentHeaders, type StandIn, startStandIn } from './stand-in';

/*
 * Sources, read in 2026-11: [operators] https://learn.microsoft.com/azure/cosmos-db/nosql/query/equality-comparison-operators (values of
 * different types compare to undefined) and https://learn.microsoft.com/azure/cosmos-db/nosql/query/logical-operators (tables of AND, OR and
 * NOT with undefined), [functions] https://learn.microsoft.com/azure/cosmos-db/nosql/query/functions, [keywords]
 * https://learn.microsoft.com/azure/cosmos-db/nosql/query/keywords (any case; a property named like one is written in brackets), [rest]
 * https://learn.microsoft.com/rest/api/cosmos-db/querying-cosmosdb-resources-using-the-rest-api (what the gateway does not serve across
 * partitions), [index] https://learn.microsoft.com/azure/cosmos-db/index-policy (`id` and `_ts` are always indexed; sorting needs an index).
 */

let cosmos: StandIn;

const ITEM = {
  one: 1,
  text: 'Text',
  nothing: null,
  yes: true,
  no: false,
  list: [1, { key: 'k', more: 1 }, [2]],
  empty: [],
  object: { a: { b: 1 } },
  from: { id: 'somebody' },
  'a b': 2,
};

beforeAll(async () => {
  cosmos = await startStandIn(undefined, ['items', 'many']);
  await container().items.create({ id: 'item', pk: 'p', ...ITEM });
  for (let n = 0; n < 40; n += 1) {
    await container('many').items.create({
      id: `item-${String((n * 7) % 40).padStart(2, '0')}`,
      pk: `p${n % 8}`,
      n,
      other: n % 3,
    });
  }
});
afterAll(() => cosmos.close());

const container = (id = 'items') => cosmos.client.database('db').container(id);

/** Puts a query to the item, as conditions of patches and as filters of queries are. @returns whether it is true, or the refusal */
async function asked(condition: string, alias = 'c', from = `FROM ${alias}`): Promise<boolean | number> {
  const query = `SELECT VALUE 1 ${from} WHERE ${condition}`;
  const found = await cosmos.send('POST', ITEMS, { ...AS_QUERY, ...IN_P }, { query });
  const patch = { condition: `${from} WHERE ${condition}`, operations: [{ op: 'set', path: '/ignored', value: 1 }] };
  const { status } = await cosmos.send('PATCH', `${ITEMS}/item`, IN_P, patch);
  const held = { 200: true, 412: false }[status] ?? status;
  const filtered = found.status === 200 ? (found.body as { Documents: unknown[] }).Documents.length > 0 : found.status;
  expect([condition, filtered]).toEqual([condition, held]);
  return filtered;
}

describe('conditions', () => {
  test.each<[string, boolean]>([
    ['c.one = 1', true],
    ['c.one != 2', true],
    ['c.one <> 1', false],
    ['c.one >= 1 and c.one < 1.5', true],
    ['c.one BETWEEN 0 AND 1', true],
    ['c.one not between 2 and 3', true],
    ['c.text = \'Text\' And c.text = "Text"', true],
    ["c.text = 'text'", false],
    ["c.text > 'Abc'", true],
    ["c.text IN ('a', 'Text')", true],
    ["c.text NOT IN ('a', 'b')", true],
    ['c.yes', true],
    ['not c.no', true],
    ['c.nothing = null', true],
    ['c.object = {"a": {"b": 1}}', true],
    ['c.object.a["b"] = 1', true],
    ['c["a b"] = 2', true],
    ['c["from"].id = "somebody"', true],
    ['c.list[1].key = "k"', true],
    ['c.list[2] = [2]', true],
    ['c.one + 1 = 2 and -c.one = -1 and c.one * 4 / 2 % 3 = 2', true],
    ["c.text || '!' = 'Text!'", true],
    ['(c.missing ?? 5) = 5', true],
    ['c.one = 2 or c.one = 3 and c.yes', false],
    ['c.yes or c.no and c.no', true],
    ['(c.yes or c.yes) and c.no', false],
  ])('%s is %s', async (condition, expected) => {
    expect(await asked(condition)).toBe(expected);
  });

  // [operators]: neither such a comparison nor its negation is true.
  test.each([
    'c.missing = 1',
    'c.missing = null',
    'c.missing = undefined',
    'c.missing = c.missing',
    'c.nothing <= 5',
    'c.nothing < 5',
    'c.nothing >= 5',
    'c.nothing = 0',
    'c.nothing != 1',
    "c.one = '1'",
    "c.one < '2'",
    'c.one = true',
    'c.object > {"a": 1}',
    'c.object != {"a": 1}',
    'c.list > [0]',
    'c.one = 1 and c.missing',
    'c.no or c.missing',
    'c.one',
    'c.text',
    'c.missing in (1, 2)',
    'c.one + c.text = 2',
    'c.one / 0 = 1',
    'array_length(c.text) = 4',
    'array_contains(c.object, 1)',
    'array_contains(c.list, c.missing)',
    'startswith(c.one, "1")',
    'c.One = 1',
    'c.TEXT = "Text"',
    'c.one.toString = 1',
    'c.list.length = 3',
    'c.constructor = 1',
  ])('%s is undefined', async (condition) => {
    expect(await asked(condition)).toBe(false);
    expect(await asked(`NOT (${condition})`)).toBe(false);
  });

  test.each(['c.no and c.missing', 'c.missing and c.no', 'c.no and c.one'])(
    '%s is false, and not undefined',
    async (condition) => {
      expect(await asked(`NOT (${condition})`)).toBe(true);
    },
  );

  test.each(['c.yes or c.missing', 'c.missing or c.yes', "c.one in ('x', 1)"])('%s is true', async (condition) => {
    expect(await asked(condition)).toBe(true);
  });

  test.each<[string, boolean]>([
    ['IS_DEFINED(c.nothing)', true],
    ['is_defined(c.missing)', false],
    ['Not Is_Defined(c.missing)', true],
    ['is_null(c.nothing) and not is_null(c.missing)', true],
    ['is_array(c.empty) and is_object(c.object) and is_bool(c.no)', true],
    ['is_number(c.one) and is_string(c.text) and not is_string(c.one)', true],
    ['array_length(c.list) = 3 and array_length(c.empty) = 0', true],
    ['ARRAY_CONTAINS(c.list, 1)', true],
    ['array_contains(c.list, "1")', false],
    ['array_contains(c.list, {"key": "k"})', false],
    ['array_contains(c.list, {"key": "k"}, true)', true],
    ['array_contains(c.list, {"key": "k", "more": 2}, true)', false],
    ['array_contains(c.list, {more: 1, key: "k"})', true],
    ['array_contains(["a", "Text"], c.text)', true],
    ["startswith(c.text, 'Te') and endswith(c.text, 'xt') and contains(c.text, 'ex')", true],
    ["startswith(c.text, 'te')", false],
    ["startswith(c.text, 'te', true)", true],
    ["length(c.text) = 4 and lower(c.text) = 'text' and upper(c.text) = 'TEXT'", true],
    ['exists(select value e from e in c.list where e.key = "k")', true],
    ['EXISTS(SELECT VALUE e FROM e IN c.list WHERE e.key = "x")', false],
    ['exists(select value e from e in c.missing)', false],
    ['exists(select value e from e in c.text)', false],
    ['exists(select value e.key from e in c.list where is_defined(e.key) and c.one = 1)', true],
  ])('%s is %s', async (condition, expected) => {
    expect(await asked(condition)).toBe(expected);
  });

  test('know keywords in any case and any alias, and property names in their own case alone', async () => {
    expect(await asked('Item.one = 1', 'Item')).toBe(true);
    expect(await asked('r.one = 1 aNd NoT r.no', 'r', 'fRoM root r')).toBe(true);
    expect(await asked('r.one = 1', 'r', 'FROM c AS r')).toBe(true);
    expect(await asked('e.key = "k"', 'e', 'FROM e IN c.list')).toBe(true);
  });

  test.each([
    'c.one == 1',
    'c.one = 1 &&',
    'c.one = 1 c.one = 1',
    'c.one = 1)',
    '(c.one = 1',
    "c.text = 'open",
    'c.one = 1;',
    'unknown(c.one)',
    'array_length()',
    'array_length(c.list, 1)',
    'd.one = 1',
    'c.one = d.one',
    'c.value = 1',
    'c.from = 1',
    'c.order = 1',
    'c.one not 1',
    'c.one in ()',
    'c. = 1',
    'c[1 = 1',
    "c.text like 'T%'",
    '',
    'c.one = @unknown',
    'exists(select value d from e in c.list)',
    'exists(select value e from e in d.list)',
  ])('that are not understood are refused: %s', async (condition) => {
    expect(await asked(condition)).toBe(400);
  });
});

describe('queries', () => {
  const rows = async (query: string, parameters: readonly { name: string; value: never }[] = []) =>
    (
      await container()
        .items.query({ query, parameters: [...parameters] }, { partitionKey: 'p' })
        .fetchAll()
    ).resources;

  test('select what they say', async () => {
    expect(await rows('SELECT c.one, c.missing, c.text AS t, c.nothing FROM c')).toEqual([
      { one: 1, t: 'Text', nothing: null },
    ]);
    expect(await rows('SELECT VALUE c.one FROM c')).toEqual([1]);
    expect(await rows('SELECT VALUE c.missing FROM c')).toEqual([]);
    expect(await rows('SELECT VALUE [c.one, c.missing] FROM c')).toEqual([[1, null]]);
    expect(await rows('SELECT VALUE {"a": c.one, "b": c.missing} FROM c')).toEqual([{ a: 1 }]);
    expect(await rows('SELECT c.one + 1 FROM c')).toEqual([{ $1: 2 }]);
    expect(await rows('SELECT VALUE e FROM e IN c.list')).toEqual(ITEM.list);
    expect(await rows('SELECT c.one, e.key FROM c JOIN e IN c.list WHERE is_defined(e.key)')).toEqual([
      { one: 1, key: 'k' },
    ]);
    expect(await rows('SELECT * FROM c')).toMatchObject([{ id: 'item', ...ITEM }]);
  });

  test('have parameters, which are values and no text of the query', async () => {
    const parameters = [{ name: '@t', value: "x' OR true OR '" as never }];
    expect(await rows('SELECT VALUE 1 FROM c WHERE c.text = @t', parameters)).toEqual([]);
    expect(await rows('SELECT VALUE 1 FROM c WHERE c.text = @t', [{ name: '@t', value: 'Text' as never }])).toEqual([
      1,
    ]);
  });

  test.each([
    'SELECT',
    'SELECT *',
    'SELECT * FROM',
    'SELECT * FROM c WHERE',
    'SELECT * FROM c ORDER c.id',
    'SELECT * FROM c ORDER BY',
    'SELECT DISTINCT c.one FROM c',
    'SELECT COUNT(1) FROM c',
    'SELECT VALUE COUNT(1) FROM c',
    'SELECT * FROM c GROUP BY c.one',
    'SELECT * FROM c OFFSET 1 LIMIT 2',
    'SELECT TOP x * FROM c',
    'SELECT TOP -1 * FROM c',
    'SELECT * FROM c JOIN e IN c.list',
    'SELECT d.one FROM c',
    'INSERT INTO c VALUES (1)',
  ])('that are not understood are refused: %s', async (query) => {
    expect((await cosmos.send('POST', ITEMS, { ...AS_QUERY, ...IN_P }, { query })).status).toBe(400);
    expect(await refusalOf(container().items.query(query, { partitionKey: 'p' }).fetchAll())).toMatch(/^400/);
  });

  test.each<[string, unknown, SentHeaders]>([
    ['no query', {}, {}],
    ['a parameter without @', { query: 'SELECT * FROM c', parameters: [{ name: 'a', value: 1 }] }, {}],
    [
      'a parameter twice',
      {
        query: 'SELECT * FROM c',
        parameters: [
          { name: '@a', value: 1 },
          { name: '@a', value: 2 },
        ],
      },
      {},
    ],
    ['another content type', { query: 'SELECT * FROM c' }, { 'content-type': 'application/json' }],
    ['a page size that is none', { query: 'SELECT * FROM c' }, { 'x-ms-max-item-count': 'abc' }],
    ['a continuation that is none', { query: 'SELECT * FROM c' }, { 'x-ms-continuation': 'abc' }],
    [
      'neither a partition nor leave to look in all',
      { query: 'SELECT * FROM c' },
      { 'x-ms-documentdb-query-enablecrosspartition': undefined },
    ],
  ])('with %s are refused', async (_, body, headers) => {
    expect((await cosmos.send('POST', ITEMS, { ...AS_QUERY, ...headers }, body)).status).toBe(400);
  });
});

describe('queries across partitions', () => {
  const DOCS = '/dbs/db/colls/many/docs';
  const all = (text: string, maxItemCount = 7) => container('many').items.query(text, { maxItemCount }).fetchAll();

  // [rest]: the gateway serves no TOP and no ORDER BY across partitions: clients plan and merge.
  test.each(['SELECT TOP 3 * FROM c', 'SELECT * FROM c ORDER BY c.n'])(
    'that the gateway does not serve are 400/1004 with a plan: %s',
    async (query) => {
      const said = await cosmos.send('POST', DOCS, AS_QUERY, { query });
      expect(said).toMatchObject({ status: 400, substatus: '1004', body: { code: 'BadRequest' } });
      const plan = { ...AS_QUERY, 'x-ms-cosmos-is-query-plan-request': 'True' };
      const { additionalErrorInfo } = said.body as { additionalErrorInfo: string };
      expect(JSON.parse(additionalErrorInfo)).toEqual((await cosmos.send('POST', DOCS, plan, { query })).body);
      const range = { ...AS_QUERY, 'x-ms-documentdb-partitionkeyrangeid': '0' };
      expect((await cosmos.send('POST', DOCS, range, { query })).status).toBe(200);
      expect((await cosmos.send('POST', DOCS, { ...AS_QUERY, ...IN_P }, { query })).status).toBe(200);
    },
  );

  test('are spread over physical partitions, of which none has all', async () => {
    const counts = await Promise.all(
      ['0', '1'].map(async (range) => {
        const headers = { ...AS_QUERY, 'x-ms-documentdb-partitionkeyrangeid': range };
        const { body } = await cosmos.send('POST', DOCS, headers, { query: 'SELECT * FROM c' });
        return (body as { _count: number })._count;
      }),
    );
    expect(counts.reduce((sum, each) => sum + each, 0)).toBe(40);
    expect(Math.min(...counts)).toBeGreaterThan(0);
    const none = { ...AS_QUERY, 'x-ms-documentdb-partitionkeyrangeid': '2' };
    expect((await cosmos.send('POST', DOCS, none, { query: 'SELECT * FROM c' })).status).toBe(410);
  });

  test('are merged by the SDK: sorted, cut, and page by page', async () => {
    const numbers = (resources: readonly { n: number }[]) => resources.map(({ n }) => n);
    const upwards = Array.from({ length: 40 }, (_, n) => n);
    expect(numbers((await all('SELECT * FROM c ORDER BY c.n')).resources)).toEqual(upwards);
    expect(numbers((await all('SELECT c.n FROM c WHERE c.n > 20 ORDER BY c.n DESC')).resources)).toEqual(
      upwards.slice(21).reverse(),
    );
    expect(numbers((await all('SELECT TOP 5 c.n FROM c WHERE c.n <= 30 ORDER BY c.n')).resources)).toEqual([
      0, 1, 2, 3, 4,
    ]);
    expect((await all('SELECT TOP 5 * FROM c')).resources).toHaveLength(5);
    expect((await all('SELECT VALUE c.n FROM c')).resources.sort((a, b) => a - b)).toEqual(upwards);
    expect((await all('SELECT VALUE c.n FROM c WHERE c.other = 1 ORDER BY c.n')).resources).toEqual(
      upwards.filter((n) => n % 3 === 1),
    );
  });

  // [index]
  test('are sorted by what is indexed alone, which ids always are', async () => {
    const ids = (await all('SELECT c.id FROM c WHERE c.other = 2 AND c.id > "item-05" ORDER BY c.id')).resources.map(
      ({ id }) => id,
    );
    expect(ids).toEqual([...ids].sort());
    expect(ids.length).toBeGreaterThan(5);
    expect((await all('SELECT c.id FROM c ORDER BY c._ts')).resources).toHaveLength(40);
    expect(await refusalOf(all('SELECT * FROM c ORDER BY c.other'))).toMatch(/^400/);
    const one = container('many').items.query('SELECT * FROM c ORDER BY c.other', { partitionKey: 'p0' });
    expect(await refusalOf(one.fetchAll())).toMatch(/^400/);
  });

  test('come in pages of the size that was asked for', async () => {
    const sizes: number[] = [];
    const pages = container('many').items.query('SELECT * FROM c', { partitionKey: 'p1', maxItemCount: 2 });
    while (pages.hasMoreResults()) sizes.push((await pages.fetchNext()).resources?.length ?? 0);
    expect(sizes).toEqual([2, 2, 1]);
  });
});

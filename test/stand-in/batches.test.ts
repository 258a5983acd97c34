import type { OperationInput } from '@azure/cosmos';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { AS_BATCH, IN_P, ITEMS, type StandIn, startStandIn } from './stand-in';

/*
 * Sources, read in 2026-11: [batch] https://learn.microsoft.com/azure/cosmos-db/nosql/transactional-batch (all or nothing, in order; the
 * failed operation has its own status and all others 424; 100 operations, 2 MB) and [patch]
 * https://learn.microsoft.com/azure/cosmos-db/partial-document-update ("Partial document update ... transactional batch").
 */

let cosmos: StandIn;

beforeAll(async () => {
  cosmos = await startStandIn();
});
afterAll(() => cosmos.close());

const container = () => cosmos.client.database('db').container('items');
const batch = (operations: unknown, headers = IN_P) =>
  cosmos.send('POST', ITEMS, { ...headers, ...AS_BATCH }, operations);
const item = (id: string, more: object = {}) => ({ id, pk: 'p', ...more });

const createOf = (id: string, more: object = {}) => ({ operationType: 'Create', resourceBody: item(id, more) });
const replaceOf = (id: string, more: object = {}, ifMatch?: string) => ({
  operationType: 'Replace',
  id,
  resourceBody: item(id, more),
  ...(ifMatch === undefined ? {} : { ifMatch }),
});
const deleteOf = (id: string) => ({ operationType: 'Delete', id });
const patchOf = (id: string, resourceBody: object) => ({ operationType: 'Patch', id, resourceBody });

/** What is there, by id. */
async function stored(): Promise<Record<string, number | null>> {
  const { resources } = await container().items.query('SELECT c.id, c.n FROM c', { partitionKey: 'p' }).fetchAll();
  return Object.fromEntries(resources.map(({ id, n }) => [id, n ?? null]));
}

const statusesOf = ({ body }: { readonly body: unknown }): number[] =>
  (body as { statusCode: number }[]).map(({ statusCode }) => statusCode);

beforeEach(async () => {
  for (const id of Object.keys(await stored())) await container().item(id, 'p').delete();
  await container().items.create(item('there', { n: 0 }));
});

describe('a batch is carried out', () => {
  test('each operation on what those before it left', async () => {
    const said = await batch([
      createOf('new', { n: 1 }),
      replaceOf('new', { n: 2 }),
      patchOf('new', [{ op: 'incr', path: '/n', value: 5 }]),
      deleteOf('there'),
      createOf('there', { n: 9 }),
    ]);
    expect([said.status, statusesOf(said)]).toEqual([200, [201, 200, 200, 204, 201]]);
    expect(await stored()).toEqual({ new: 7, there: 9 });
  });

  test('with patches that have conditions, of any case and alias, as the SDK sends them', async () => {
    const operations: OperationInput[] = [
      {
        operationType: 'Patch',
        id: 'there',
        resourceBody: { condition: 'From Item Where Item.n = 0', operations: [{ op: 'incr', path: '/n', value: 1 }] },
      },
      {
        operationType: 'Patch',
        id: 'there',
        resourceBody: { condition: 'from c where c.n = 1', operations: [{ op: 'incr', path: '/n', value: 1 }] },
      },
    ];
    expect((await container().items.batch(operations, 'p')).code).toBe(200);
    expect(await stored()).toEqual({ there: 2 });
  });

  test('and answers with ETags that the next request may name', async () => {
    const said = await batch([createOf('new'), replaceOf('there', { n: 1 })]);
    const [{ eTag = '' } = {}] = said.body as { eTag?: string }[];
    expect((await batch([replaceOf('new', { n: 3 }, eTag)])).status).toBe(200);
    expect((await batch([replaceOf('new', { n: 4 }, eTag)])).status).toBe(207);
  });
});

describe('a batch is rolled back as a whole when', () => {
  const condition = 'from c where c.n = 1';
  const change = [{ op: 'set', path: '/n', value: 5 }];

  test.each<[string, object, number]>([
    ['what is created is there', createOf('there'), 409],
    ['what is replaced is not there', replaceOf('none'), 404],
    ['what is deleted is not there', deleteOf('none'), 404],
    ['what is patched is not there', patchOf('none', change), 404],
    ['an ETag is another', replaceOf('there', {}, '"other"'), 412],
    ['the condition of a patch is false', patchOf('there', { condition, operations: change }), 412],
    ['a patch cannot be carried out', patchOf('there', [{ op: 'remove', path: '/none' }]), 400],
    ['an item cannot be one', createOf('a/b'), 400],
    ['an earlier operation has taken the item', deleteOf('first'), 404],
  ])('%s', async (_, failing, status) => {
    const before = await stored();
    const firsts = [createOf('first', { n: 1 }), replaceOf('there', { n: 7 })];
    const more = status === 404 && JSON.stringify(failing).includes('first') ? [deleteOf('first')] : [];
    const said = await batch([...firsts, ...more, failing, createOf('last')]);
    expect(said.status).toBe(207);
    const dependents = [...firsts, ...more].map(() => 424);
    expect(statusesOf(said)).toEqual([...dependents, status, 424]);
    expect(await stored()).toEqual(before);
    const read = await container().item('there', 'p').read();
    expect((await batch([replaceOf('there', { n: 0 }, read.etag)])).status).toBe(200);
  });

  test('an ETag was good before the batch and is not any more within it', async () => {
    const { etag } = await container().item('there', 'p').read();
    const said = await batch([replaceOf('there', { n: 1 }, etag), replaceOf('there', { n: 2 }, etag)]);
    expect(statusesOf(said)).toEqual([424, 412]);
    expect(await stored()).toEqual({ there: 0 });
  });

  test('the last of a hundred operations fails, as the SDK has it', async () => {
    const operations = Array.from({ length: 99 }, (_, index) => createOf(`many-${index}`));
    const { code, result } = await container().items.batch([...operations, createOf('there')] as OperationInput[], 'p');
    expect(code).toBe(207);
    expect(result?.map(({ statusCode }) => statusCode)).toEqual([...operations.map(() => 424), 409]);
    expect(await stored()).toEqual({ there: 0 });
  });

  test('an item is of another partition: 400/1001 in a 207', async () => {
    const said = await batch([createOf('new'), { operationType: 'Create', resourceBody: { id: 'x', pk: 'q' } }]);
    expect(said).toMatchObject({ status: 207, body: [{ statusCode: 424 }, { statusCode: 400, subStatusCode: 1001 }] });
    expect(await stored()).toEqual({ there: 0 });
  });
});

describe('a batch is refused as a whole with', () => {
  test('101 operations', async () => {
    const operations = Array.from({ length: 101 }, (_, index) => createOf(`many-${index}`));
    expect((await batch(operations)).status).toBe(400);
    expect(await stored()).toEqual({ there: 0 });
  });

  test('none', async () => {
    expect((await batch([])).status).toBe(400);
    expect((await batch({})).status).toBe(400);
  });

  test('more than 2 MB', async () => {
    const operations = [1, 2, 3].map((index) => createOf(`large-${index}`, { filler: 'x'.repeat(800_000) }));
    expect((await batch(operations)).status).toBe(413);
    // The SDK's error for a batch has no status.
    await expect(container().items.batch(operations as OperationInput[], 'p')).rejects.toThrow('too large');
    expect(await stored()).toEqual({ there: 0 });
  });

  test('no partition, or one of its operations in another', async () => {
    const none = { 'x-ms-documentdb-partitionkey': undefined } as never;
    expect(await batch([createOf('new')], none)).toMatchObject({ status: 400, substatus: '1001' });
    const other = [{ ...createOf('new'), partitionKey: '["q"]' }];
    expect(await batch(other)).toMatchObject({ status: 400, substatus: '1001' });
    expect((await batch([{ ...createOf('new'), partitionKey: '["p"]' }])).status).toBe(200);
  });

  test('an operation that is none', async () => {
    for (const operation of [{ operationType: 'Merge', id: 'there' }, 'Create', { operationType: 'Delete', id: 7 }]) {
      expect((await batch([operation])).status).toBe(400);
    }
  });
});

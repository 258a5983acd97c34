import type { PatchRequestBody } from '@azure/cosmos';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { IN_P, ITEMS, refusalOf, type StandIn, startStandIn } from './stand-in';

/*
 * Source, read in 2026-11: https://learn.microsoft.com/azure/cosmos-db/partial-document-update ("Supported operations") and its FAQ (10
 * operations, no system properties, `ttl` can be patched). Conditions: the query language, under "query" in queries.test.ts.
 */

let cosmos: StandIn;

beforeAll(async () => {
  cosmos = await startStandIn();
});
afterAll(() => cosmos.close());

let made = 0;
const container = () => cosmos.client.database('db').container('items');

/** Patches a new item. */
async function patched(item: object, body: unknown) {
  const id = `item-${made++}`;
  await container().items.create({ id, pk: 'p', ...item });
  const { status } = await cosmos.send('PATCH', `${ITEMS}/${id}`, IN_P, body);
  const { resource } = await container().item(id, 'p').read();
  const { id: _id, pk: _pk, _rid, _self, _etag, _attachments, _ts, ...rest } = resource;
  return { status, item: rest };
}

const operation = (op: string, path: string, value?: unknown, from?: string) => ({ op, path, value, from });

describe('an operation', () => {
  test.each<[object, ReturnType<typeof operation>, object]>([
    [{}, operation('add', '/a', 1), { a: 1 }],
    [{ a: 1 }, operation('add', '/a', 2), { a: 2 }],
    [{ list: [1, 3] }, operation('add', '/list/1', 2), { list: [1, 2, 3] }],
    [{ list: [1] }, operation('add', '/list/1', 2), { list: [1, 2] }],
    [{ list: [1] }, operation('add', '/list/-', 2), { list: [1, 2] }],
    [{ list: [1, 2] }, operation('set', '/list/0', 9), { list: [9, 2] }],
    [{}, operation('set', '/a', null), { a: null }],
    [{ a: { b: 1 } }, operation('set', '/a/c', 2), { a: { b: 1, c: 2 } }],
    [{ a: 1 }, operation('replace', '/a', 2), { a: 2 }],
    [{ list: [1, 2] }, operation('replace', '/list/1', 3), { list: [1, 3] }],
    [{ a: 1, b: 2 }, operation('remove', '/a'), { b: 2 }],
    [{ list: [1, 2, 3] }, operation('remove', '/list/1'), { list: [1, 3] }],
    [{ a: 1 }, operation('incr', '/a', -3), { a: -2 }],
    [{}, operation('incr', '/a', 3), { a: 3 }],
    [{ a: 1 }, operation('move', '/b', undefined, '/a'), { b: 1 }],
    [{ 'x/y~z': 1 }, operation('replace', '/x~1y~0z', 2), { 'x/y~z': 2 }],
    [{ ttl: 5 }, operation('set', '/ttl', 9), { ttl: 9 }],
    [{}, operation('set', '/__proto__', { a: 1 }), JSON.parse('{"__proto__":{"a":1}}')],
  ])('on %j: %j', async (before, change, after) => {
    expect(await patched(before, { operations: [change] })).toEqual({ status: 200, item: after });
  });

  test.each<[object, ReturnType<typeof operation>]>([
    [{ x: { y: 1 } }, operation('add', '/x/-', 1)],
    [{ x: 'text' }, operation('add', '/x/-', 1)],
    [{}, operation('add', '/x/-', 1)],
    [{ x: null }, operation('add', '/x/y', 1)],
    [{ list: [1] }, operation('add', '/list/2', 1)],
    [{ list: [1] }, operation('add', '/list/01', 1)],
    [{ list: [1] }, operation('add', '/list/x', 1)],
    [{ list: [1] }, operation('set', '/list/1', 1)],
    [{ list: [1] }, operation('remove', '/list/-')],
    [{ list: [1] }, operation('remove', '/list/1')],
    [{}, operation('remove', '/a')],
    [{}, operation('replace', '/a', 1)],
    [{}, operation('move', '/b', undefined, '/a')],
    [{}, operation('set', '/a/b', 1)],
    [{ a: '1' }, operation('incr', '/a', 1)],
    [{ a: null }, operation('incr', '/a', 1)],
    [{ a: 1 }, operation('incr', '/a', '1')],
    [{}, operation('set', '/a')],
    [{}, operation('test', '/a', 1)],
    [{}, operation('set', 'a', 1)],
    [{}, operation('set', '', {})],
    [{}, operation('set', '/a~2', 1)],
    [{}, operation('set', '/id', 'other')],
    [{}, operation('set', '/pk', 'q')],
    [{}, operation('remove', '/pk')],
    [{}, operation('set', '/_etag', '"x"')],
    [{}, operation('set', '/_ts', 1)],
  ])('on %j is refused: %j', async (before, change) => {
    expect(await patched(before, { operations: [change] })).toEqual({ status: 400, item: before });
  });
});

describe('a patch', () => {
  test('has ten operations at most, and one at least', async () => {
    const ten = Array.from({ length: 10 }, () => operation('incr', '/n', 1));
    expect(await patched({ n: 0 }, { operations: ten })).toEqual({ status: 200, item: { n: 10 } });
    expect((await patched({ n: 0 }, { operations: [...ten, ...ten.slice(0, 1)] })).status).toBe(400);
    for (const body of [{ operations: [] }, [], {}, { condition: 'from c' }]) {
      expect((await patched({}, body)).status).toBe(400);
    }
  });

  test('is carried out as a whole or not at all', async () => {
    const operations = [operation('set', '/n', 1), operation('add', '/list/-', 2), operation('remove', '/none')];
    expect(await patched({ n: 0, list: [] }, { operations })).toEqual({ status: 400, item: { n: 0, list: [] } });
  });

  test('may be a bare list', async () => {
    expect(await patched({ n: 0 }, [operation('set', '/n', 1)])).toEqual({ status: 200, item: { n: 1 } });
  });

  test('whose condition is false is 412, also when it could not be carried out', async () => {
    const operations = [operation('remove', '/none'), operation('add', '/n/-', 1)];
    expect(await patched({ n: 0 }, { condition: 'from c where c.n = 1', operations })).toEqual({
      status: 412,
      item: { n: 0 },
    });
    expect((await patched({ n: 0 }, { condition: 'from c where c.n = 0', operations })).status).toBe(400);
  });

  test('through the SDK is refused alike', async () => {
    await container().items.create({ id: 'sdk', pk: 'p', n: 0, list: 1 });
    const patch = (body: PatchRequestBody) => refusalOf(container().item('sdk', 'p').patch(body));
    expect(await patch([{ op: 'add', path: '/list/-', value: 1 }])).toBe('400/0');
    expect(await patch({ condition: 'from c where c.n = 1', operations: [{ op: 'set', path: '/n', value: 2 }] })).toBe(
      '412/0',
    );
    expect(await patch({ condition: 'from c where c.n == 0', operations: [{ op: 'set', path: '/n', value: 2 }] })).toBe(
      '400/0',
    );
    expect(await patch({ condition: 'from c where c.n = 0', operations: [{ op: 'set', path: '/n', value: 2 }] })).toBe(
      'nothing was refused',
    );
  });
});

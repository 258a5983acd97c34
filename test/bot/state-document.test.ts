import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../src/bot/canonical-json';
import { JsonStateDocument } from '../../src/bot/state-document';
import type { JsonValue } from '../../src/schema/json';

const stored = { count: 1, user: { name: 'A', tags: ['x'] }, other: true };
const freeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(freeze);
  return Object.freeze(value);
};
const open = (data: Record<string, unknown> = stored) => new JsonStateDocument(freeze(structuredClone(data)));

describe('a state document', () => {
  test('touches nothing by itself', () => {
    expect(open().toChanges()).toEqual({ touched: [], set: {}, remove: [] });
    expect(open().changed()).toBe(false);
    expect(new JsonStateDocument().toJson()).toEqual({});
  });

  test('reading touches, and changes nothing', () => {
    const document = open();
    expect(document.get('user')).toEqual(stored.user);
    expect(document.get('absent')).toBeUndefined();
    expect(document.changed()).toBe(false);
    expect(document.toChanges()).toEqual({ touched: ['user', 'absent'], set: {}, remove: [] });
  });

  test('setting and deleting are changes, in what is stored alone', () => {
    const document = open();
    document.set('count', 2);
    document.set('new', { a: 1 });
    document.delete('other');
    document.delete('absent');
    expect(document.changed()).toBe(true);
    expect(document.toChanges()).toEqual({
      touched: ['count', 'new', 'other', 'absent'],
      set: { count: 2, new: { a: 1 } },
      remove: ['other'],
    });
    expect(document.toJson()).toEqual({ count: 2, user: stored.user, new: { a: 1 } });
  });

  test('changing a value in place is a change', () => {
    const document = open();
    (document.get('user') as typeof stored.user).tags.push('y');
    expect(document.toChanges().set).toEqual({ user: { name: 'A', tags: ['x', 'y'] } });
  });

  test('changing it back is none, and the order of properties does not matter', () => {
    const document = open();
    document.set('count', 2);
    document.set('count', 1);
    document.set('user', { tags: ['x'], name: 'A' });
    expect(document.changed()).toBe(false);
    expect(document.toChanges()).toMatchObject({ set: {}, remove: [] });
  });

  test('setting undefined deletes', () => {
    const document = open();
    document.set('count', undefined);
    expect(document.get('count')).toBeUndefined();
    expect(document.toChanges()).toMatchObject({ set: {}, remove: ['count'] });
  });

  test('all() is live and touches everything', () => {
    const document = open();
    const all = document.all();
    expect(all).toEqual(stored);
    all.count = 5;
    all.fresh = 'f';
    delete all.other;
    document.set('user', null);
    expect(all.user).toBeNull();
    expect(document.touched()).toBe('everything');
    expect(document.toJson()).toEqual({ count: 5, user: null, fresh: 'f' });
  });

  test('clear() removes everything and touches everything, and what is set afterwards counts', () => {
    const document = open();
    const all = document.all();
    document.clear();
    expect(all).toEqual({});
    document.set('count', 1);
    expect(document.toChanges()).toEqual({ touched: 'everything', set: {}, remove: ['user', 'other'] });
    expect(document.toJson()).toEqual({ count: 1 });
  });

  test('what was handed out as changes does not change any more', () => {
    const document = open();
    const value = { a: 1 };
    document.set('new', value);
    const { set } = document.toChanges();
    value.a = 2;
    expect(set).toEqual({ new: { a: 1 } });
  });

  test('a property named __proto__ is a property like any other', () => {
    const text = '{"__proto__":{"polluted":1},"constructor":2}';
    const document = new JsonStateDocument(JSON.parse(text));
    expect(document.get('__proto__')).toEqual({ polluted: 1 });
    document.set('__proto__', { polluted: 3 });
    expect(JSON.stringify(document.toJson())).toBe('{"__proto__":{"polluted":3},"constructor":2}');
    document.delete('__proto__');
    expect(document.toJson()).toEqual({ constructor: 2 });
    const fresh = open({});
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty', 'toString']) {
      expect(fresh.get(name)).toBeUndefined();
    }
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('JSON is taken as JSON has it: dates as texts, NaN as null, no undefined', () => {
    const document = open({});
    document.set('when', new Date(0));
    document.set('none', { a: undefined, b: Number.NaN });
    expect(document.toJson()).toEqual({ when: '1970-01-01T00:00:00.000Z', none: { b: null } });
  });

  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const deep = Array.from({ length: 20_000 }).reduce<unknown[]>((inner) => [inner], []);
  test.each([
    ['a function', () => 1],
    ['a function inside', { a: [() => 1] }],
    ['a BigInt', 1n],
    ['a cycle', cycle],
    ['a symbol', Symbol('s')],
    ['a map', { m: new Map() }],
    ['a set', new Set([1])],
    ['20,000 levels of nesting', deep],
  ])('%s is refused when it is to be stored, with the name of the property', (_name, value) => {
    const document = open();
    document.set('good', 1);
    document.set('bad one', value);
    expect(document.changed()).toBe(true);
    const refusal = expect.objectContaining({
      code: 'StateNotJson',
      message: expect.stringContaining('"bad one"'),
    });
    expect(() => document.toChanges()).toThrow(refusal);
    expect(() => document.toJson()).toThrow(refusal);
  });
});

describe('for any state and any changes', () => {
  const name = fc.oneof(fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor'), fc.string());
  const json = fc.jsonValue({ maxDepth: 3 });
  const state = fc.array(fc.tuple(name, json)).map((entries): Record<string, unknown> => Object.fromEntries(entries));
  const operation = fc.oneof(
    fc.record({ op: fc.constant('get' as const), name }),
    fc.record({ op: fc.constant('set' as const), name, value: json }),
    fc.record({ op: fc.constant('delete' as const), name }),
    fc.record({ op: fc.constant('clear' as const) }),
  );
  const canonical = (value: unknown) => canonicalJson(value as JsonValue);

  test('a document does what a map does, leaves its snapshot alone, and tells exactly what differs', () => {
    fc.assert(
      fc.property(state, fc.array(operation), (before, operations) => {
        const snapshot = structuredClone(before);
        const document = new JsonStateDocument(snapshot);
        const model = new Map(Object.entries(before));
        for (const each of operations) {
          if (each.op === 'get') expect(document.get(each.name)).toEqual(model.get(each.name));
          if (each.op === 'set') {
            document.set(each.name, each.value);
            model.set(each.name, each.value);
          }
          if (each.op === 'delete') {
            document.delete(each.name);
            model.delete(each.name);
          }
          if (each.op === 'clear') {
            document.clear();
            model.clear();
          }
        }
        const after = Object.fromEntries(model);
        expect(canonical(document.toJson())).toBe(canonical(after));
        expect(document.changed()).toBe(canonical(after) !== canonical(before));
        expect(canonical(snapshot)).toBe(canonical(before));
        const { touched, set, remove } = document.toChanges();
        for (const changed of [...Object.keys(set), ...remove]) {
          expect(touched === 'everything' || touched.includes(changed)).toBe(true);
        }
      }),
    );
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BoundedMap, textBytes } from '../../src/schema/bounded-map';

const texts = (maxEntries: number, maxBytes: number) =>
  new BoundedMap<string, string>({ maxEntries, maxBytes, bytesOf: textBytes });

describe('a bounded map', () => {
  test('forgets what was set longest ago when it has too many entries', () => {
    const map = texts(2, 1e6);
    map.set('a', '1');
    map.set('b', '2');
    map.set('a', '3');
    map.set('c', '4');
    expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual(['3', undefined, '4', 2]);
  });

  test('forgets what was set longest ago when it takes too many bytes', () => {
    const map = texts(100, 5_000);
    for (const name of ['a', 'b', 'c']) map.set(name, 'x'.repeat(1_000));
    expect([map.get('a'), map.size]).toEqual([undefined, 2]);
    map.set('large', 'x'.repeat(10_000));
    expect([map.size, map.bytes]).toEqual([0, 0]);
  });

  test('counts what it holds, and never more than it may', () => {
    const key = fc.string({ maxLength: 3 });
    const change = fc.record({ key, value: fc.option(fc.string({ maxLength: 300 }), { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const map = texts(5, 2_500);
        for (const { key: name, value } of changes) {
          if (value === undefined) map.delete(name);
          else map.set(name, value);
          const held = [...new Set(changes.map((each) => each.key))].flatMap((each) => {
            const found = map.get(each);
            return found === undefined ? [] : [textBytes(each) + textBytes(found)];
          });
          const bytes = held.reduce((sum, each) => sum + each, 0);
          expect(map.size).toBe(held.length);
          expect(map.bytes).toBeGreaterThanOrEqual(bytes);
          expect(map.bytes).toBeLessThanOrEqual(Math.min(2_500, bytes + 200 * held.length));
          expect(map.size).toBeLessThanOrEqual(5);
        }
      }),
    );
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hasHalfSurrogate, jsonClone, jsonText, wellFormed } from '../../src/schema/well-formed';

/** Text of any code units: halves of surrogate pairs, whole pairs, quotes, backslashes, and what looks like an escape. */
const anyText = fc
  .array(
    fc.oneof(fc.constantFrom('\ud83d', '\ude00', '\\', 'u', 'd83d', '"', '\\ud83d', '\u{1f600}', 'a', '\n', '\ufffd')),
  )
  .map((parts) => parts.join(''));

const anyJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    anyText,
    fc.integer(),
    fc.constantFrom(null, true, false),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(anyText, tie('value'), { maxKeys: 4 }),
  ),
})).value;

/** The same by walking the value, whose names may become one another. */
function walked(value: unknown): unknown {
  if (typeof value === 'string') return value.toString().replace(/\p{Surrogate}/gu, '\ufffd');
  if (Array.isArray(value)) return value.map(walked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [walked(name), walked(each)]));
}

const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

describe('on the way out', () => {
  test('nothing but halves of surrogate pairs is replaced, in texts and names at any depth', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(jsonClone(value)).toEqual(walked(value));
        expect(JSON.parse(jsonText(value) ?? '')).toEqual(walked(value));
      }),
    );
  });

  test('text becomes what it is in UTF-8', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(wellFormed(text)).toBe(Buffer.from(text).toString());
        expect(isWellFormed(wellFormed(text))).toBe(true);
      }),
    );
  });

  test('JSON is written as JSON.stringify writes it', () => {
    expect(jsonText(undefined)).toBeUndefined();
    expect(jsonText({ a: undefined, b: new Date(0), c: '\u{1f600}\\ud83d' })).toBe(
      JSON.stringify({ b: new Date(0), c: '\u{1f600}\\ud83d' }),
    );
    expect(() => jsonText(1n)).toThrow(TypeError);
    expect(() => jsonClone(undefined)).toThrow(SyntaxError);
  });
});

test('what nests more than 110 levels deep is not written', () => {
  const nested = (levels: number): unknown => (levels === 1 ? {} : { a: nested(levels - 1) });
  expect(jsonText(nested(110))).toBe(JSON.stringify(nested(110)));
  expect(() => jsonText(nested(111))).toThrow('110');
  expect(() => jsonClone(nested(111))).toThrow(TypeError);
});

test('on the way in it is found wherever it is, and nowhere else', () => {
  fc.assert(
    fc.property(anyJson, (value) => {
      const text = JSON.stringify(value);
      const whole = JSON.stringify(walked(value)) === text;
      expect(hasHalfSurrogate(text, value)).toBe(!whole);
    }),
  );
  expect(hasHalfSurrogate('"\\uD83D\\uDE00"', '\u{1f600}')).toBe(false);
  expect(hasHalfSurrogate('"\\\\ud83d"', '\\ud83d')).toBe(false);
});

/*
 * Values of other services, each with the place that it is read from and an independent copy that it is compared with.
 *
 * To add one, write one line into the list of its area (`list/`):
 *
 * 1. Read the value from production code: import the constant, or use a reader of `production.ts` for one that is not exported or is a
 *    literal. Never write the value into a list: the same literal on both sides checks nothing.
 * 2. Name its copy, the first of these that there is: `symbol` (a constant of a package), `literal` or `word` (the code of a package),
 *    `documented` (an entry of `vendor/documents.json`, with document and date). The document's `evidence` is the repository, commit and path of
 *    the copy that was read, or a short quotation.
 * 3. Where no copy of a page can be read, put the entry under a document with `transcribed` in place of `evidence`, and where there is not even
 *    a page, with `unconfirmed`. Both are the reason. The tests count and print these.
 *
 * `outside.test.ts` compares every value, changes each of its characters in turn and expects each comparison to fail, and looks through the
 * sources for literals that look like a value of another service and are in no list. `docs/decisions/outside-values.md` has the reasons.
 */

/** What a value can be. */
export type Value = string | number;

/** Kinds of independent copies, from the best. `transcribed` was written down from a page, and no stored copy of the page has been read. */
export const COPY_KINDS = ['package', 'document', 'runtime', 'transcribed', 'unconfirmed'] as const;

/** Kind of an independent copy. `unconfirmed` is a second file, and no more. */
export type CopyKind = (typeof COPY_KINDS)[number];

/** An independent copy of a value. */
export interface Copy {
  readonly kind: CopyKind;
  /** Package and symbol, or document and date. */
  readonly source: string;
  /** Returns whether the copy has this value. */
  readonly has: (value: Value) => boolean;
  /** Returns whether a value that was made by changing `original` is a real one, and would do as well. */
  readonly alternative?: (value: Value, original: Value) => boolean;
  /** Reason why there is nothing better. Only for `transcribed` and `unconfirmed`. */
  readonly reason?: string | undefined;
  /** Copies of which one has the value. */
  readonly parts?: readonly Copy[];
}

/** A value that another service defines. */
export interface OutsideValue {
  readonly what: string;
  /** The value as production code has it. */
  readonly value: Value;
  readonly copy: Copy;
}

/** Makes an entry of a list. @throws Error when production code has no such value any more */
export function outside(what: string, value: unknown, copy: Copy): OutsideValue {
  if (typeof value !== 'string' && typeof value !== 'number') throw new Error(`${what} is neither string nor number.`);
  const part = copy.parts?.find((each) => each.has(value));
  // Named after the copy that has it, and compared with all of them.
  const named = part === undefined ? copy : { ...copy, kind: part.kind, source: part.source, reason: part.reason };
  return { what: `${what}: ${value}`, value, copy: named };
}

/** Makes an entry for each value of a list. @throws Error when the list is empty */
export function outsideEach(what: string, values: readonly unknown[], copy: Copy): OutsideValue[] {
  if (values.length === 0) throw new Error(`There is no ${what}.`);
  return [...new Set(values)].map((value) => outside(what, value, copy));
}

/** Makes an entry for each property of an object of constants, compared with the property of that name in a package's object. */
export function outsideSame(
  what: string,
  values: Readonly<Record<string, Value>>,
  copies: Readonly<Record<string, unknown>>,
  source: string,
): OutsideValue[] {
  return Object.entries(values).map(([name, value]) =>
    outside(`${what}.${name}`, value, {
      kind: 'package',
      source: `${source}.${name}`,
      has: (each) => copies[name] === each,
    }),
  );
}

/** Returns a value with one character changed, once for each character. */
export function changed(value: Value): Value[] {
  const texts = [...String(value)].map((character, index, all) => {
    const other = /\d/.test(character) ? String((Number(character) + 1) % 10) : character === 'x' ? 'y' : 'x';
    return [...all.slice(0, index), other, ...all.slice(index + 1)].join('');
  });
  return typeof value === 'number' ? texts.map(Number) : texts;
}

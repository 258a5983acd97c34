import { nestsDeeperThan } from './nesting';

/*
 * Text in JavaScript may hold half of a surrogate pair, as when it was cut within an emoji. It stands for no character and has no form in
 * UTF-8: a store may refuse it, and so may a channel. On the way in it is refused; on the way out it is replaced, as one character must not
 * make a reply a dead letter.
 */

/** Half of a pair as JSON writes it; whole pairs are escaped by some writers too, and so is a backslash before a `u`. */
const ESCAPED_HALF = /\\u[dD][89a-fA-F]/;

const HALF = /\p{Surrogate}/u;

const HALVES = /\p{Surrogate}/gu;

const REPLACEMENT = '\ufffd';

/** Whether a string in a JSON value, or a name of a property, has half of a surrogate pair. @param text the value as JSON in which it came */
export function hasHalfSurrogate(text: string, value: unknown): boolean {
  // Nearly every body ends here.
  if (!ESCAPED_HALF.test(text) && !HALF.test(text)) return false;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === 'string' && HALF.test(next)) return true;
    if (typeof next !== 'object' || next === null) continue;
    for (const [name, member] of Object.entries(next)) open.push(name, member);
  }
  return false;
}

/** Returns text with each half of a surrogate pair replaced by U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(HALVES, REPLACEMENT);
}

/** An escape as `JSON.stringify` writes it: of half a surrogate pair, which it escapes, while it leaves whole ones as they are, or of anything else. */
const ESCAPE = /\\(?:(ud[89a-f][0-9a-f]{2})|.)/g;

/** Deepest nesting of what a bot says or keeps: a store has room for it inside its records, and what came in fits into what goes out. */
const MAX_DEPTH = 110;

/**
 * Writes a value as JSON, as `JSON.stringify` does, with each half of a surrogate pair replaced by U+FFFD, in names of properties too.
 * @returns `undefined` for what JSON leaves out: undefined, functions, symbols
 * @throws TypeError for what JSON cannot hold, and for lists and objects in more than 110 levels
 */
export function jsonText(value: unknown, replacer?: (key: string, value: unknown) => unknown): string | undefined {
  const text = JSON.stringify(value, replacer) as string | undefined;
  if (text === undefined) return undefined;
  if (nestsDeeperThan(text, MAX_DEPTH)) throw new TypeError(`It nests more than ${MAX_DEPTH} levels deep.`);
  if (!text.includes('\\ud')) return text;
  return text.replace(ESCAPE, (written, half: string | undefined) => (half === undefined ? written : REPLACEMENT));
}

/** Returns a copy of a value as {@link jsonText} has it. @throws TypeError as there; SyntaxError for what JSON leaves out */
export function jsonClone<T>(value: T): T {
  return JSON.parse(jsonText(value) ?? 'undefined') as T;
}

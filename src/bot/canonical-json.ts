import type { JsonValue } from '../schema/json';
import { jsonText } from '../schema/well-formed';

/**
 * Returns a copy of `value` as JSON has it: `toJSON` is honoured, `undefined` properties vanish, `NaN` becomes `null`, and half of a surrogate
 * pair U+FFFD.
 * @throws TypeError for what would be lost without a word: functions, symbols, BigInts, cycles, maps and sets.
 */
export function jsonCopy(value: unknown): JsonValue {
  const text = jsonText(value, refuseWhatJsonLoses);
  if (text === undefined) throw new TypeError('JSON cannot hold this value.');
  return JSON.parse(text) as JsonValue;
}

function refuseWhatJsonLoses(_key: string, value: unknown): unknown {
  const lost = typeof value === 'function' || typeof value === 'symbol' || value instanceof Map || value instanceof Set;
  if (lost) throw new TypeError('JSON cannot hold functions, symbols, maps and sets.');
  return value;
}

/** The same text for the same JSON, whatever the order of its properties. */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`);
  return `{${members.join(',')}}`;
}

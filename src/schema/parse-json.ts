import { type Failure, failure } from './errors';
import { nestsDeeperThan } from './nesting';
import { hasHalfSurrogate } from './well-formed';

/** The deepest nesting that is parsed. Adaptive Cards, the deepest there is, stay well below. */
const MAX_DEPTH = 100;

export interface ParsedObject {
  readonly ok: true;
  /** The very object that the text says, with everything that was in it. */
  readonly value: Readonly<Record<string, unknown>>;
  /** Size of the body. */
  readonly bytes: number;
}

/**
 * Reads a JSON object at the edge: UTF-8, of bounded size and depth, of whole characters, without a property that would change a prototype
 * when it is copied. The failures have 4xx statuses, and messages that repeat nothing of the body.
 */
export function parseJsonObject(body: Uint8Array | string, maxBytes: number): ParsedObject | Failure {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body).length : body.length;
  if (bytes > maxBytes) return failure(413, 'BodyTooLarge');
  const text = typeof body === 'string' ? body : decoded(body);
  if (text === undefined) return failure(400, 'BodyNotUtf8');
  if (nestsDeeperThan(text, MAX_DEPTH)) return failure(400, 'BodyTooDeep');
  const value = json(text);
  if (value === undefined) return failure(400, 'BodyNotJson');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return failure(400, 'BodyNotObject');
  if (hasProtoProperty(text, value)) return failure(400, 'PropertyNameRefused');
  if (hasHalfSurrogate(text, value)) return failure(400, 'BodyNotUnicode');
  return { ok: true, value: value as Record<string, unknown>, bytes };
}

function decoded(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether any object in `value` has a property `__proto__` of its own: copied by assignment, it would change a prototype. */
function hasProtoProperty(text: string, value: object): boolean {
  // Nearly every body ends here: the name occurs nowhere, not even spelled with escapes.
  if (!text.includes('__proto__') && !text.includes('\\u00')) return false;
  const open: object[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (Object.hasOwn(next, '__proto__')) return true;
    for (const member of Object.values(next)) {
      if (typeof member === 'object' && member !== null) open.push(member);
    }
  }
  return false;
}

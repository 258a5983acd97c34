import { type Failure, failure } from '../schema/errors';

export const SIGNING_ALGORITHMS = ['RS256', 'RS384', 'RS512'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** What a token says of itself. Nobody has vouched for it before its signature is verified. */
export type Claims = Readonly<Record<string, unknown>>;

/** A token taken apart, and sound in form. */
export interface PresentedToken {
  readonly ok: true;
  readonly text: string;
  readonly algorithm: SigningAlgorithm;
  readonly keyId: string;
  readonly claims: Claims;
}

/** Channels' tokens have about 1 KB, the directory's up to 3. What is longer is refused before anything looks at it. */
const MAX_HEADER_CHARS = 8_192;
const MAX_CLAIMS = 64;
const MAX_DEPTH = 8;
const MAX_HEADER_FIELDS = 16;
const MAX_KEY_ID_CHARS = 256;

const BEARER = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/;

/** Header fields with which a token would bring its own key along, or ask for one to be fetched. */
const KEY_BEARING = ['jwk', 'jku', 'x5u'];

/** The token's text out of an Authorization header, by size and shape alone. */
export function bearerToken(header: string | undefined): { readonly ok: true; readonly text: string } | Failure {
  if (header === undefined || header === '') return failure(401, 'TokenMissing');
  if (header.length > MAX_HEADER_CHARS) return failure(401, 'TokenTooLarge');
  if (!BEARER.test(header)) return failure(401, header.startsWith('Bearer ') ? 'TokenMalformed' : 'TokenMissing');
  return { ok: true, text: header.slice('Bearer '.length) };
}

/** Takes a token apart: the number of its claims, algorithm, key id, no extensions. Each part is parsed once, and strictly. */
export function readToken(text: string): PresentedToken | Failure {
  const [first = '', second = '', third = ''] = text.split('.');
  const header = decodedObject(first, MAX_HEADER_FIELDS);
  const claims = decodedObject(second, MAX_CLAIMS);
  const sound = header !== undefined && claims !== undefined && decoded(third) !== undefined;
  if (!sound) return failure(401, 'TokenMalformed');
  const { alg, kid, typ } = header;
  const algorithm = SIGNING_ALGORITHMS.find((each) => each === alg);
  if (algorithm === undefined) return failure(401, 'TokenAlgorithmRefused');
  if (typeof kid !== 'string' || kid === '' || kid.length > MAX_KEY_ID_CHARS) {
    return failure(401, 'TokenMalformed', 'It names no signing key.');
  }
  // Extensions change what a signature means, and none is known here.
  if ('crit' in header || 'b64' in header) return failure(401, 'TokenMalformed', 'It uses an extension.');
  if (KEY_BEARING.some((field) => field in header)) return failure(401, 'TokenMalformed', 'It brings its own key.');
  // Tokens for other uses (access tokens of RFC 9068, logout tokens, …) say so here.
  if (typ !== undefined && (typeof typ !== 'string' || typ.toUpperCase() !== 'JWT')) {
    return failure(401, 'TokenMalformed', 'It is of another type.');
  }
  return { ok: true, text, algorithm, keyId: kid, claims };
}

/** One text for one value: padding bits that nothing reads would make many of one token. */
function decoded(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}

function decodedObject(part: string, maxMembers: number): Claims | undefined {
  const bytes = decoded(part);
  if (bytes === undefined) return undefined;
  try {
    // A byte order mark is kept, and then is not JSON.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    // Counted in the text and before it is parsed: taking claims apart must not cost what the sender likes.
    const members = membersWritten(text);
    if (members > maxMembers) return undefined;
    const value: unknown = JSON.parse(text);
    return isPlainObject(value) && hasSoundNames(Object.keys(value), members) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Two readers may pick different ones of two members with one name, or with names that differ in case only: refused. */
function hasSoundNames(names: readonly string[], membersWritten: number): boolean {
  if (names.length !== membersWritten || names.includes('__proto__')) return false;
  return new Set(names.map((name) => name.toLowerCase())).size === names.length;
}

/**
 * How many members the outermost object of a JSON text has as written, duplicates included: its colons outside strings. Too many of
 * them if it nests deeper than any token does; anything if it is not JSON.
 */
function membersWritten(json: string): number {
  let members = 0;
  let depth = 0;
  let inString = false;
  for (let index = 0; index < json.length; index += 1) {
    const character = json[index];
    if (character === '"') inString = !inString;
    else if (inString) index += character === '\\' ? 1 : 0;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    else if (character === ':' && depth === 1) members += 1;
    if (depth > MAX_DEPTH) return Number.POSITIVE_INFINITY;
  }
  return members;
}

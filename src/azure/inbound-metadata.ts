import type { Clock } from '../ports/clock';
import { SigningKey } from './inbound-signing-key';
import { trustedServiceUrl } from './service-hosts';

/** As much of `fetch` as reading keys takes. Redirects must fail. */
export type FetchKeys = (
  url: string,
  init: { readonly signal: AbortSignal; readonly redirect: 'error'; readonly headers: Record<string, string> },
) => Promise<Response>;

export type SigningKeys = ReadonlyMap<string, SigningKey>;

export interface MetadataOptions {
  /** The OpenID metadata document; https, or a loopback address in development. */
  readonly metadataUrl: string;
  readonly development: boolean;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly fetch: FetchKeys;
}

/** For both documents together. A caller waits for it, and its channel waits for 15 s in all. */
const TIMEOUT_MS = 5_000;
const MAX_METADATA_BYTES = 64 * 1024;
const MAX_KEYS_BYTES = 512 * 1024;
const MAX_KEYS = 200;

/** Reads an issuer's keys by way of its metadata. Rejects unless there is at least one that can be used. */
export async function loadSigningKeys(options: MetadataOptions): Promise<SigningKeys> {
  const abort = new AbortController();
  const tooLate = options.clock.sleep(TIMEOUT_MS, abort.signal).then(() => {
    throw new Error('The keys did not come in time.');
  });
  try {
    return await Promise.race([readKeys(options, abort.signal), tooLate]);
  } finally {
    abort.abort();
  }
}

async function readKeys({ metadataUrl, development, fetch }: MetadataOptions, signal: AbortSignal) {
  const metadata = await fetchJson(fetch, metadataUrl, MAX_METADATA_BYTES, signal);
  const address = keysAddress(metadata, metadataUrl, development);
  if (address === undefined) throw new Error('The metadata names no address for keys that can be trusted.');
  const keys = signingKeys(await fetchJson(fetch, address, MAX_KEYS_BYTES, signal));
  if (keys.size === 0) throw new Error('There is no key that can be used.');
  return keys;
}

/** The keys come from the origin that was configured, or from a host of Bot Service; whoever answers cannot send us elsewhere. */
function keysAddress(metadata: Fields, metadataUrl: string, development: boolean): string | undefined {
  const { jwks_uri: address } = metadata;
  if (typeof address !== 'string' || !URL.canParse(address)) return undefined;
  const { origin, username } = new URL(address);
  if (origin === new URL(metadataUrl).origin && username === '') return address;
  return trustedServiceUrl(address, { development })?.href;
}

/** The RSA keys of a key set. Where a key id stands twice, the first counts. */
function signingKeys(document: Fields): SigningKeys {
  const { keys } = document;
  if (!Array.isArray(keys) || keys.length > MAX_KEYS) throw new Error('This is no key set.');
  const byId = new Map<string, SigningKey | undefined>();
  for (const jwk of keys.filter(isFields)) {
    if (typeof jwk.kid === 'string' && !byId.has(jwk.kid)) byId.set(jwk.kid, signingKey(jwk));
  }
  return new Map([...byId].filter((entry): entry is [string, SigningKey] => entry[1] !== undefined));
}

function signingKey({ kty, use, n, e, endorsements, issuer }: Fields): SigningKey | undefined {
  if (kty !== 'RSA' || typeof n !== 'string' || typeof e !== 'string') return undefined;
  if (use !== undefined && use !== 'sig') return undefined;
  const channels = Array.isArray(endorsements) ? endorsements : [];
  const endorsed = new Set(channels.filter((each): each is string => typeof each === 'string'));
  return new SigningKey({ n, e }, endorsed, typeof issuer === 'string' ? issuer : undefined);
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function fetchJson(fetch: FetchKeys, url: string, maxBytes: number, signal: AbortSignal): Promise<Fields> {
  const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } });
  if (response.status !== 200) throw new Error(`The answer has status ${response.status}.`);
  const value: unknown = JSON.parse(await readText(response, maxBytes));
  if (!isFields(value)) throw new Error('The answer is no JSON object.');
  return value;
}

async function readText(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Error('The answer is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

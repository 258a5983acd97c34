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

/**
 * Time limit for both documents together, in ms. A slow network needs it for a megabyte of keys. No caller waits that long: see
 * {@link MAX_WAIT_MS} of the key ring.
 */
export const LOAD_LIMIT_MS = 12_000;

/** Largest metadata document that is read, in bytes. The largest known, Microsoft Entra ID's, has about 2 KB. */
export const MAX_METADATA_BYTES = 64 * 1024;

/**
 * Largest key set that is read, in bytes. Bot Service's has about 1 MB (public reports of June and October 2026), as each of its keys comes
 * with a certificate. A gateway that allowed 512 KB lost all messages from Teams.
 */
export const MAX_KEYS_BYTES = 8 * 1024 * 1024;

/** Most keys that a set may have. Bot Service's has about 250. */
export const MAX_KEYS = 2_000;

/** Reads an issuer's keys by way of its metadata. Rejects unless there is at least one that can be used. */
export async function loadSigningKeys(options: MetadataOptions): Promise<SigningKeys> {
  const abort = new AbortController();
  const tooLate = options.clock.sleep(LOAD_LIMIT_MS, abort.signal).then(() => {
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

/** Returns the RSA keys of a key set, without what is not used of them. Where a key id stands twice, the first counts. */
function signingKeys(document: Fields): SigningKeys {
  const { keys } = document;
  if (!Array.isArray(keys) || keys.length > MAX_KEYS) throw new Error('This is no key set.');
  const channels = channelSets();
  const byId = new Map<string, SigningKey | undefined>();
  for (const jwk of keys.filter(isFields)) {
    if (typeof jwk.kid === 'string' && !byId.has(jwk.kid)) byId.set(jwk.kid, signingKey(jwk, channels));
  }
  return new Map([...byId].filter((entry): entry is [string, SigningKey] => entry[1] !== undefined));
}

type ChannelSets = (endorsements: readonly unknown[]) => ReadonlySet<string>;

/** Most keys of a set list the same channels: they share one set of them. */
function channelSets(): ChannelSets {
  const sets = new Map<string, ReadonlySet<string>>();
  return (endorsements) => {
    const channels = endorsements.filter((each): each is string => typeof each === 'string');
    const list = JSON.stringify(channels);
    const set = sets.get(list) ?? new Set(channels);
    sets.set(list, set);
    return set;
  };
}

function signingKey({ kty, use, n, e, endorsements, issuer }: Fields, channels: ChannelSets): SigningKey | undefined {
  if (kty !== 'RSA' || typeof n !== 'string' || typeof e !== 'string') return undefined;
  if (use !== undefined && use !== 'sig') return undefined;
  const endorsed = listsNone(endorsements) ? undefined : channels(Array.isArray(endorsements) ? endorsements : []);
  return new SigningKey({ n, e }, endorsed, typeof issuer === 'string' ? issuer : undefined);
}

/** An entry that cannot be read still is a list: such a key signs for no channel, rather than for all of them. */
function listsNone(endorsements: unknown): boolean {
  if (endorsements === undefined || endorsements === null) return true;
  return Array.isArray(endorsements) && endorsements.length === 0;
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

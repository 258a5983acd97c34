import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the fake answers requests for its metadata and keys. */
export type LoginMood = 'working' | 'hanging' | 'failing' | 'html' | 'huge' | 'redirecting' | 'noKeys';

export interface FakeLoginOptions {
  readonly appId: string;
  readonly issuer?: string;
  readonly serviceUrl?: string;
  /** What the keys are endorsed for; `null` leaves the endorsements out. */
  readonly endorsements?: readonly string[] | null;
  /** Wall time in milliseconds, for the times in tokens. */
  readonly now?: () => number;
}

/** A key pair of the fake, with what it publishes of it. */
export interface FakeKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly jwk: Readonly<Record<string, unknown>>;
}

/** Like Bot Service's login service: publishes keys and makes tokens, right ones and any wrong ones. */
export class FakeLogin {
  readonly issuer: string;
  /** What tokens name as the channel's service. */
  serviceUrl: string;
  /** Address of the metadata; one on loopback once {@link startFakeLogin} has it listen. */
  metadataUrl = 'https://login.botframework.com/v1/.well-known/openidconfiguration';
  mood: LoginMood = 'working';
  /** Requests for the metadata document, and for the keys. */
  readonly requests = { metadata: 0, keys: 0 };
  /** Replaces the address of the keys in the metadata. */
  keysUrl: string | undefined;
  keys: FakeKey[] = [];
  /** Further keys that are published, before those above: with which nothing is signed. */
  others: readonly Readonly<Record<string, unknown>>[] = [];
  readonly #options: FakeLoginOptions;

  constructor(options: FakeLoginOptions) {
    this.#options = options;
    this.issuer = options.issuer ?? 'https://api.botframework.com';
    this.serviceUrl = options.serviceUrl ?? 'https://smba.trafficmanager.net/teams/';
    this.rotate();
  }

  /** The newest key. */
  get key(): FakeKey {
    const newest = this.keys.at(-1);
    if (newest === undefined) throw new Error('The fake login has no key.');
    return newest;
  }

  /** Adds a key; `keepOld: false` takes the others back. */
  rotate({ keepOld = true, bits = 2048 } = {}): FakeKey {
    const endorsements = this.#options.endorsements === undefined ? ['msteams', 'webchat'] : this.#options.endorsements;
    const key = fakeKey(bits, endorsements);
    this.keys = keepOld ? [...this.keys, key] : [key];
    return key;
  }

  /** Header and claims of a token that is right in every respect. */
  parts(): { header: Record<string, unknown>; claims: Record<string, unknown> } {
    const now = Math.floor((this.#options.now ?? Date.now)() / 1000);
    return {
      header: { alg: 'RS256', typ: 'JWT', kid: this.key.kid, x5t: this.key.kid },
      claims: {
        serviceurl: this.serviceUrl,
        nbf: now,
        exp: now + 3600,
        iss: this.issuer,
        aud: this.#options.appId,
      },
    };
  }

  /** A token that is right but for `claims` and `header`; a value of `undefined` leaves it out. */
  token(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}, key: FakeKey = this.key): string {
    const right = this.parts();
    return signed({ ...right.header, ...header }, { ...right.claims, ...claims }, key);
  }

  /** The value of an Authorization header with {@link token}. */
  authorization(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): string {
    return `Bearer ${this.token(claims, header)}`;
  }

  /** Answers like the server, without one. */
  readonly fetch = async (url: string, { signal }: { readonly signal: AbortSignal }): Promise<Response> => {
    const answer = this.answer(new URL(url).pathname);
    if (answer === 'hanging') {
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
      });
    }
    if (answer.status >= 300 && answer.status < 400) throw new TypeError('redirected');
    return new Response(answer.body, { status: answer.status });
  };

  answer(path: string): 'hanging' | { readonly status: number; readonly body: string } {
    const isKeys = path.endsWith('/keys');
    if (isKeys) this.requests.keys += 1;
    else this.requests.metadata += 1;
    const document = isKeys ? this.#keySet() : this.#metadata();
    switch (this.mood) {
      case 'hanging':
        return 'hanging';
      case 'failing':
        return { status: 500, body: '{}' };
      case 'html':
        return { status: 200, body: '<!doctype html><title>Sign in</title>' };
      case 'huge':
        return { status: 200, body: JSON.stringify({ ...document, filler: 'x'.repeat(2_000_000) }) };
      case 'redirecting':
        return { status: 302, body: '' };
      default:
        return { status: 200, body: JSON.stringify(document) };
    }
  }

  #metadata(): Record<string, unknown> {
    const keysUrl = this.keysUrl ?? new URL('keys', new URL('.', this.metadataUrl)).href;
    return { issuer: this.issuer, jwks_uri: keysUrl, id_token_signing_alg_values_supported: ['RS256'] };
  }

  #keySet(): Record<string, unknown> {
    return { keys: this.mood === 'noKeys' ? [] : [...this.others, ...this.keys.map(({ jwk }) => jwk)] };
  }
}

/** A {@link FakeLogin} that listens on loopback. */
export async function startFakeLogin(
  options: FakeLoginOptions,
): Promise<{ readonly login: FakeLogin; close(): Promise<void> }> {
  const login = new FakeLogin(options);
  return { login, close: await listen(login) };
}

/** Has a fake login answer on loopback, and tells it its address. @returns what ends that */
export async function listen(login: FakeLogin): Promise<() => Promise<void>> {
  const server = createServer((request, response) => {
    const answer = login.answer(request.url ?? '/');
    if (answer === 'hanging') return;
    response.writeHead(answer.status, { 'content-type': 'application/json', location: '/elsewhere' });
    response.end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  login.metadataUrl = `http://127.0.0.1:${port}/v1/.well-known/openidconfiguration`;
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
}

let made = 0;

export function fakeKey(bits = 2048, endorsements: readonly string[] | null = ['msteams', 'webchat']): FakeKey {
  made += 1;
  const kid = `key-${made}`;
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const { n, e } = publicKey.export({ format: 'jwk' });
  return {
    kid,
    privateKey,
    jwk: { kty: 'RSA', use: 'sig', kid, x5t: kid, n, e, ...(endorsements === null ? {} : { endorsements }) },
  };
}

const DIGESTS: ReadonlyMap<unknown, string> = new Map([
  ['RS384', 'sha384'],
  ['RS512', 'sha512'],
]);

/** Signs any header and claims, right or wrong; texts are taken as they are, so that they need not be JSON. */
export function signed(header: unknown, claims: unknown, key: FakeKey): string {
  const algorithm = typeof header === 'object' && header !== null && 'alg' in header ? header.alg : undefined;
  const input = `${encoded(header)}.${encoded(claims)}`;
  return `${input}.${sign(DIGESTS.get(algorithm) ?? 'sha256', Buffer.from(input), key.privateKey).toString('base64url')}`;
}

/** A token "signed" with a public key as if it were a shared secret: what a verifier falls for that lets the token choose. */
export function signedWithPublicKey(header: unknown, claims: unknown, key: FakeKey): string {
  const input = `${encoded(header)}.${encoded(claims)}`;
  const secret = createPublicKey(key.privateKey).export({ type: 'spki', format: 'pem' });
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

export function encoded(part: unknown): string {
  return Buffer.from(typeof part === 'string' || part instanceof Uint8Array ? part : JSON.stringify(part)).toString(
    'base64url',
  );
}

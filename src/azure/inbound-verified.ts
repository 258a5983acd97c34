import { hash } from 'node:crypto';
import { BoundedMap, textBytes } from '../schema/bounded-map';
import type { Claimed } from './inbound-caller';
import type { KeyRing } from './inbound-keys';
import type { SigningKey } from './inbound-signing-key';

/** A token whose signature stood under `key`. */
export interface VerifiedToken<C extends Claimed> {
  readonly keyId: string;
  readonly key: SigningKey;
  readonly keys: KeyRing;
  /** Seconds since the epoch, as claimed. */
  readonly validity: { readonly nbf: number; readonly exp: number };
  readonly caller: C;
}

/** Most tokens that are remembered, and most bytes of what they say. */
const MAX_TOKENS = 1_000;
const MAX_TOKEN_BYTES = 8 * 1024 * 1024;

interface Remembered<C extends Claimed> {
  readonly verified: VerifiedToken<C>;
  /** Bytes of what is kept of the token's claims, which are at most the token. */
  readonly bytes: number;
}

/**
 * Remembers verified tokens, so that a channel's token, which serves it for an hour, is verified once. Holds digests and no tokens.
 * Only what has been verified gets in, so strangers cannot push anything out. An entry counts while the key ring holds
 * the very key object that verified it: any refresh of the keys, with or without a change, has every token verified anew. Its
 * times are the caller's to check each time.
 */
export class VerifiedTokens<C extends Claimed> {
  readonly #tokens = new BoundedMap<string, Remembered<C>>({
    maxEntries: MAX_TOKENS,
    maxBytes: MAX_TOKEN_BYTES,
    bytesOf: ({ bytes }) => bytes,
  });

  /** Bytes of memory that this takes. */
  get bytes(): number {
    return this.#tokens.bytes;
  }

  get(token: string): VerifiedToken<C> | undefined {
    const digest = digestOf(token);
    const verified = this.#tokens.get(digest)?.verified;
    if (verified === undefined) return undefined;
    if (verified.keys.held(verified.keyId) === verified.key) return verified;
    this.#tokens.delete(digest);
    return undefined;
  }

  add(token: string, verified: VerifiedToken<C>): void {
    this.#tokens.set(digestOf(token), { verified, bytes: textBytes(token) });
  }
}

const digestOf = (token: string): string => hash('sha256', token, 'base64');

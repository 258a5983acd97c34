import type { CryptoKey } from 'jose';
import type { PresentedToken, SigningAlgorithm } from './inbound-token';

/** A public key of an issuer, with the channels that it speaks for. */
export class SigningKey {
  readonly #modulus: string;
  readonly #exponent: string;
  readonly #imported = new Map<SigningAlgorithm, Promise<CryptoKey>>();

  constructor(
    rsa: { readonly n: string; readonly e: string },
    /** Channels whose activities tokens of this key may carry; `undefined` for a key that lists none. */
    readonly endorsements: ReadonlySet<string> | undefined,
    /** Whose tokens it signs, where it says so; a directory's has `{tenantid}` in it when it signs for any tenant. */
    readonly issuer?: string,
  ) {
    this.#modulus = rsa.n;
    this.#exponent = rsa.e;
  }

  /** Whether this key signed the token. Of less than 2048 bits, or otherwise unusable, it has signed nothing. */
  async hasSigned(token: PresentedToken): Promise<boolean> {
    const jose = loadJose();
    try {
      await jose.compactVerify(token.text, await this.#import(token.algorithm), { algorithms: [token.algorithm] });
      return true;
    } catch {
      return false;
    }
  }

  /** Importing costs as much as verifying, so it is done once: at most three times, as a key is bound to its algorithm. */
  #import(algorithm: SigningAlgorithm): Promise<CryptoKey> {
    let imported = this.#imported.get(algorithm);
    if (imported === undefined) {
      const jwk = { kty: 'RSA', n: this.#modulus, e: this.#exponent } as const;
      imported = loadJose().importJWK(jwk, algorithm) as Promise<CryptoKey>;
      this.#imported.set(algorithm, imported);
    }
    return imported;
  }
}

/** Loaded with the first token: an instance that only works queues never needs it. */
function loadJose(): Pick<typeof import('jose'), 'compactVerify' | 'importJWK'> {
  const { compactVerify } = require('jose/jws/compact/verify') as typeof import('jose/jws/compact/verify');
  const { importJWK } = require('jose/key/import') as typeof import('jose/key/import');
  return { compactVerify, importJWK };
}

import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { answerJson, type Served, serve } from './http.ts';

export const APP_ID = '11111111-2222-4333-8444-555555555555';
export const ISSUER = 'https://api.botframework.com';

/** The login service of the Bot Framework: its metadata, its keys, and signed tokens. */
export class Login {
  readonly #key = generateKeyPairSync('rsa', { modulusLength: 2048 });
  #served: Served | undefined;

  async start(): Promise<string> {
    this.#served = await serve((request, _body, response) => {
      if (request.url?.endsWith('/keys')) answerJson(response, 200, { keys: [this.#publicKey()] });
      else answerJson(response, 200, this.#metadata());
    });
    return `${this.#served.url}/v1/.well-known/openidconfiguration`;
  }

  /** A token as Bot Service sends it with an activity of this channel. Each call signs a new one. */
  token(serviceUrl: string, serial: number): string {
    const now = Math.floor(Date.now() / 1000);
    const header = { alg: 'RS256', kid: 'bench', x5t: 'bench', typ: 'JWT' };
    const claims = {
      serviceurl: serviceUrl,
      nbf: now - 10,
      exp: now + 3600,
      iss: ISSUER,
      aud: APP_ID,
      jti: String(serial),
    };
    const content = `${encoded(header)}.${encoded(claims)}`;
    return `${content}.${sign('RSA-SHA256', Buffer.from(content), this.#key.privateKey).toString('base64url')}`;
  }

  #metadata(): unknown {
    return {
      issuer: ISSUER,
      jwks_uri: `${this.#served?.url}/v1/.well-known/keys`,
      id_token_signing_alg_values_supported: ['RS256'],
    };
  }

  #publicKey(): unknown {
    const jwk = createPublicKey(this.#key.publicKey.export({ type: 'spki', format: 'pem' })).export({ format: 'jwk' });
    return {
      ...jwk,
      kid: 'bench',
      x5t: 'bench',
      use: 'sig',
      alg: 'RS256',
      endorsements: ['msteams', 'webchat', 'directline'],
    };
  }
}

const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

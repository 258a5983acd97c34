import { createHmac, createSecretKey } from 'node:crypto';
import type { TokenCredential } from '@azure/identity';
import type { Secret } from '../schema/secret';
import { createTokenSource, type TokenSourceOptions, Unusable } from './token-source';

/** What is signed of a request: the resource that it is about, by its names as they are. */
export interface Signed {
  readonly method: string;
  /** `docs`, `colls`, `dbs`, or empty for the account. */
  readonly type: string;
  /** As in `dbs/bots/colls/conversations/docs/head-1`. */
  readonly link: string;
  /** What the request says in `x-ms-date`. */
  readonly date: string;
}

/** What goes into the header `authorization`. */
export interface CosmosAuthorization {
  /** @throws TokenUnavailable */
  header(request: Signed): string | Promise<string>;
  /** The service has turned this header down. */
  refused(header: string): void;
}

/** @see https://learn.microsoft.com/rest/api/cosmos-db/access-control-on-cosmosdb-resources */
export function keyAuthorization(key: Secret): CosmosAuthorization {
  const secret = createSecretKey(Buffer.from(key.reveal(), 'base64'));
  return {
    header({ method, type, link, date }) {
      const text = `${method.toLowerCase()}\n${type}\n${link}\n${date.toLowerCase()}\n\n`;
      const signature = createHmac('sha256', secret).update(text).digest('base64');
      return encodeURIComponent(`type=master&ver=1.0&sig=${signature}`);
    },
    refused: () => undefined,
  };
}

/** For an account that its directory does not know by its address. */
const SCOPE_OF_ALL = 'https://cosmos.azure.com/.default';

/** The directory's answer where nothing is registered under a scope. */
const NOT_REGISTERED = 'AADSTS500011';

/** With tokens of Microsoft Entra: one at a time, fetched ahead of their end. */
export function identityAuthorization(
  identity: () => TokenCredential,
  endpoint: string,
  options: TokenSourceOptions,
): CosmosAuthorization {
  let credential: TokenCredential | undefined;
  let scope = `${new URL(endpoint).origin}/.default`;
  const tokens = createTokenSource(async (abortSignal) => {
    credential ??= identity();
    const answer = await credential.getToken(scope, { abortSignal }).catch((error: unknown) => {
      if (error instanceof Error && error.message.includes(NOT_REGISTERED)) scope = SCOPE_OF_ALL;
      throw error;
    });
    if (answer === null) throw new Unusable('the answer holds no token');
    return { token: answer.token, expiresAt: answer.expiresOnTimestamp };
  }, options);
  return {
    header: async () => headerOf(await tokens.token()),
    refused: (header) => tokens.invalidate(tokenIn(header)),
  };
}

const PREFIX = 'type=aad&ver=1.0&sig=';

const headerOf = (token: string): string => encodeURIComponent(`${PREFIX}${token}`);

const tokenIn = (header: string): string => decodeURIComponent(header).slice(PREFIX.length);

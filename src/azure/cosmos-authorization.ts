import { createHmac, createSecretKey } from 'node:crypto';
import type { Secret } from '../schema/secret';
import type { TokenSource } from './token-source';

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

/** With tokens of Microsoft Entra. */
export function tokenAuthorization(tokens: TokenSource): CosmosAuthorization {
  return {
    header: async () => encodeURIComponent(`${PREFIX}${await tokens.token()}`),
    refused: (header) => tokens.invalidate(decodeURIComponent(header).slice(PREFIX.length)),
  };
}

const PREFIX = 'type=aad&ver=1.0&sig=';

/** What a token is for: the account, and where its directory does not know it by its address, all of them. */
export function tokenScopes(endpoint: string): readonly [string, string] {
  return [`${new URL(endpoint).origin}/.default`, 'https://cosmos.azure.com/.default'];
}

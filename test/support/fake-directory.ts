import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { selfSigned } from './self-signed';

/** Hands out tokens as Microsoft Entra ID does, on loopback over https; whoever asks has to trust {@link selfSigned}. */
export interface FakeDirectory {
  /** What a bot has as `ToChannelFromBotLoginUrl`, with the tenant. */
  readonly loginUrl: string;
  /** Every token that was handed out. */
  readonly tokens: readonly string[];
  /** What each was asked for. */
  readonly scopes: readonly string[];
  /** `failing` answers every request for a token with an error. */
  mood: 'working' | 'failing';
  close(): Promise<void>;
}

/** @param mark stands in every token, so that a test can look for it */
export async function startFakeDirectory(tenant: string, mark: string): Promise<FakeDirectory> {
  const tokens: string[] = [];
  const scopes: string[] = [];
  const server = createServer(selfSigned, async (request, response) => {
    const form = new URLSearchParams(await text(request));
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (!request.url?.includes('/token')) return answer(200, metadata(directory.loginUrl));
    if (directory.mood === 'failing') {
      return answer(400, { error: 'invalid_client', error_description: `AADSTS7000215: Invalid secret ${mark}.` });
    }
    tokens.push(`${mark}-${tokens.length + 1}`);
    scopes.push(form.get('scope') ?? '');
    answer(200, { token_type: 'Bearer', expires_in: 3600, access_token: tokens.at(-1) });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const directory: FakeDirectory = {
    loginUrl: `https://localhost:${(server.address() as AddressInfo).port}/${tenant}`,
    tokens,
    scopes,
    mood: 'working',
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return directory;
}

function metadata(loginUrl: string): object {
  return {
    issuer: `${loginUrl}/v2.0`,
    authorization_endpoint: `${loginUrl}/oauth2/v2.0/authorize`,
    token_endpoint: `${loginUrl}/oauth2/v2.0/token`,
    jwks_uri: `${loginUrl}/discovery/v2.0/keys`,
  };
}

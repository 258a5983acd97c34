import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import type { TokenCredentialOptions } from '@azure/identity';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { jwtVerify } from 'jose';
import { type AppCredential, createOutboundTokens, type OutboundIdentity } from '../../src/azure/credentials';
import { Secret } from '../../src/schema/secret';
import { runInPlainNode } from '../support/plain-node';

type Http = NonNullable<TokenCredentialOptions['httpClient']>;
type Request = Parameters<Http['sendRequest']>[0];

const APP = '11111111-2222-3333-4444-555555555555';
const TENANT = '99999999-8888-7777-6666-555555555555';
const PASSWORD = 'canary-password';
const clock = { now: () => Date.now(), monotonic: () => performance.now() };

function identity(credential: AppCredential, overrides: Partial<OutboundIdentity> = {}): OutboundIdentity {
  return {
    appId: APP,
    tenant: TENANT,
    authorityHost: 'https://login.microsoftonline.com',
    scope: 'https://api.botframework.com/.default',
    credential,
    ...overrides,
  };
}

/** Stands where the network is: records requests and answers with a token, or with what it is given. */
function network(body?: object, status = 200) {
  const requests: { url: URL; form: URLSearchParams; headers: Record<string, string> }[] = [];
  const http: Http = {
    async sendRequest(request: Request) {
      const url = new URL(request.url);
      requests.push({ url, form: new URLSearchParams(String(request.body ?? '')), headers: request.headers.toJSON() });
      const expires = Math.floor(Date.now() / 1000) + 3600;
      const token = {
        token_type: 'Bearer',
        access_token: `token-${requests.length}`,
        expires_in: 3600,
        expires_on: `${expires}`,
      };
      const { createHttpHeaders } = require('@azure/core-rest-pipeline') as typeof import('@azure/core-rest-pipeline');
      const headers = createHttpHeaders({ 'content-type': 'application/json' });
      return { request, status, headers, bodyAsText: JSON.stringify(body ?? { ...token, resource: 'x' }) };
    },
  };
  return { http, requests };
}

// The SDK picks the platform's identity endpoint once per process and keeps its tokens: each test gets an SDK of its own.
beforeEach(() => {
  jest.resetModules();
});

const before = { ...process.env };
afterEach(() => {
  for (const name of ['IDENTITY_ENDPOINT', 'IDENTITY_HEADER']) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});

describe('outbound tokens', () => {
  test('password: one request to the tenant, for the scope, and a fresh one after a refusal', async () => {
    const { http, requests } = network();
    let now = 0;
    const tokens = createOutboundTokens(
      identity({ kind: 'password', password: new Secret(PASSWORD) }),
      { clock: { now: clock.now, monotonic: () => now } },
      http,
    );
    expect(await tokens.token()).toBe('token-1');
    expect(await tokens.token()).toBe('token-1');
    expect(requests).toHaveLength(1);
    const [{ url, form }] = requests as [(typeof requests)[0]];
    expect(`${url.origin}${url.pathname}`).toBe(`https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/token`);
    expect(Object.fromEntries(form)).toMatchObject({
      client_id: APP,
      client_secret: PASSWORD,
      grant_type: 'client_credentials',
      scope: expect.stringContaining('https://api.botframework.com/.default'),
    });
    tokens.invalidate('token-1');
    now = 10_000;
    expect(await tokens.token()).toBe('token-2');
  });

  test('a sovereign cloud', async () => {
    const { http, requests } = network();
    const government = {
      authorityHost: 'https://login.microsoftonline.us',
      tenant: 'MicrosoftServices.onmicrosoft.us',
      scope: 'https://api.botframework.us/.default',
    };
    await createOutboundTokens(
      identity({ kind: 'password', password: new Secret(PASSWORD) }, government),
      { clock },
      http,
    ).token();
    const last = requests.at(-1)!;
    expect(last.url.host).toBe('login.microsoftonline.us');
    expect(last.form.get('scope')).toContain('https://api.botframework.us/.default');
  });

  // The two combinations of the Microsoft identity platform; verified by another library than the one that signs.
  test.each([
    ['SHA-1', 'AB'.repeat(20), 'RS256', 'x5t'],
    ['SHA-256', 'AB'.repeat(32), 'PS256', 'x5t#S256'],
  ])(
    'certificate: a statement signed with its key, naming its %s thumbprint',
    async (_hash, thumbprint, alg, field) => {
      const { http, requests } = network();
      const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      const credential = { kind: 'certificate', thumbprint, privateKey: new Secret(pem) } as const;
      await createOutboundTokens(identity(credential), { clock }, http).token();
      const form = requests.at(-1)!.form;
      expect(form.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
      const assertion = form.get('client_assertion') ?? '';
      const { payload, protectedHeader } = await jwtVerify(assertion, publicKey, { algorithms: [alg] });
      expect(protectedHeader).toEqual({
        alg,
        typ: 'JWT',
        [field]: Buffer.from(thumbprint, 'hex').toString('base64url'),
      });
      expect(payload).toMatchObject({
        iss: APP,
        sub: APP,
        aud: `https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/token`,
      });
    },
  );

  test('managed identity: asks the platform, as the app', async () => {
    process.env.IDENTITY_ENDPOINT = 'http://127.0.0.1:9/msi/token';
    process.env.IDENTITY_HEADER = 'header';
    const { http, requests } = network();
    expect(await createOutboundTokens(identity({ kind: 'managedIdentity' }), { clock }, http).token()).toBe('token-1');
    const { url } = requests.at(-1)!;
    expect(url.origin).toBe('http://127.0.0.1:9');
    expect(url.searchParams.get('resource')).toBe('https://api.botframework.com');
    expect(url.searchParams.get('client_id')).toBe(APP);
  });

  test.each([
    ['https://login.microsoftonline.com', 'api://AzureADTokenExchange'],
    ['https://login.microsoftonline.us', 'api://AzureADTokenExchangeUSGov'],
    ['https://login.partner.microsoftonline.cn', 'api://AzureADTokenExchangeChina'],
  ])("federated, at %s: the managed identity's token stands in for a password", async (authorityHost, audience) => {
    process.env.IDENTITY_ENDPOINT = 'http://127.0.0.1:9/msi/token';
    process.env.IDENTITY_HEADER = 'header';
    const { http, requests } = network();
    const clientId = `${audience.length}`.padStart(8, '0') + APP.slice(8);
    await createOutboundTokens(identity({ kind: 'federated', clientId }, { authorityHost }), { clock }, http).token();
    const platform = requests.find(({ url }) => url.port === '9')!;
    expect(platform.url.searchParams.get('resource')).toBe(audience);
    expect(platform.url.searchParams.get('client_id')).toBe(clientId);
    const login = requests.at(-1)!;
    expect(login.url.origin).toBe(authorityHost);
    expect(login.form.get('client_assertion')).toMatch(/^token-\d$/);
    expect(login.form.get('client_id')).toBe(APP);
  });

  test('a refusal names its number and no secret', async () => {
    const refusal = {
      error: 'invalid_client',
      error_description: `AADSTS7000215: Invalid client secret provided. ${PASSWORD}`,
    };
    const { http } = network(refusal, 401);
    const tokens = createOutboundTokens(
      identity({ kind: 'password', password: new Secret(PASSWORD) }),
      { clock },
      http,
    );
    const error = (await tokens.token().catch((reason: unknown) => reason)) as Error;
    expect(error).toMatchObject({ code: 'TokenUnavailable', message: expect.stringContaining('AADSTS7000215') });
    expect(`${inspect(error, { depth: 9 })}${JSON.stringify(error)}`).not.toContain(PASSWORD);
  });

  test('the SDK is loaded by the first token and not before', async () => {
    const output = await runInPlainNode(`
      const { createOutboundTokens } = require('./src/azure/credentials.ts');
      const { BotConnector } = require('./src/azure/bot-connector.ts');
      const clock = { now: Date.now, monotonic: () => performance.now() };
      const identity = { appId: 'a', tenant: 't', authorityHost: 'https://l', scope: 's', credential: { kind: 'managedIdentity' } };
      new BotConnector({ clock, trust: { development: false }, tokens: createOutboundTokens(identity, { clock }) });
      console.log(Object.keys(require.cache).filter((file) => file.includes('node_modules') && !file.includes('@swc')).length);`);
    expect(output.trim()).toBe('0');
  });
});

test('a secret does not show', () => {
  const secret = new Secret(PASSWORD);
  const shown = [
    `${secret}`,
    JSON.stringify({ secret }),
    inspect({ secret }, { depth: 9, showHidden: true }),
    String(secret),
  ];
  expect(shown.join()).not.toContain(PASSWORD);
  expect(secret.reveal()).toBe(PASSWORD);
});

import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { AppCredentials } from 'botframework-connector';
import { ServiceRequests } from '../../src/azure/service-request';
import { createUserTokenClients } from '../../src/azure/user-token-clients';
import type { UserTokenClient } from '../../src/ports/user-token-client';
import type { Activity } from '../../src/schema/activity';
import { incoming } from '../support/run-bot';

const { UserTokenClientImpl } = require('../../node_modules/botframework-connector/lib/auth/userTokenClientImpl.js');

/** A client of the Bot Framework SDK, which is asked the same. */
class Credentials extends AppCredentials {
  constructor() {
    super('app-1');
  }
  override getToken = async () => 'token-1';
  protected override async refreshToken(): Promise<never> {
    throw new Error('The token is fixed.');
  }
}

let server: http.Server;
let url: string;
let received: unknown[];
let answer: { readonly status: number; readonly body?: unknown };
let requests: ServiceRequests;

beforeAll(async () => {
  server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { pathname, searchParams } = new URL(request.url ?? '', url);
      const body = Buffer.concat(chunks).toString();
      const { state, ...query } = Object.fromEntries(searchParams);
      received.push({
        call: `${request.method} ${pathname}`,
        query,
        state: state === undefined ? undefined : JSON.parse(Buffer.from(state, 'base64').toString()),
        body: body === '' ? undefined : JSON.parse(body),
        authorization: request.headers.authorization,
      });
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  received = [];
  answer = { status: 200 };
  const tokens = { token: async () => 'token-1', invalidate: () => undefined };
  requests = new ServiceRequests({ tokens, trust: { development: true }, clock: { now: () => 0 } });
});
afterEach(() => requests.close());
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const ours = (): UserTokenClient => createUserTokenClients(requests, { url, appId: 'app-1' }).client();
const theirs = (): UserTokenClient => new UserTokenClientImpl('app-1', new Credentials(), url) as UserTokenClient;

const TOKEN = { channelId: 'c', connectionName: 'n', token: 't', expiration: '2031-01-02T03:04:05Z' };
const RESOURCE = { signInLink: 'https://s.example/?a=b', tokenExchangeResource: { id: 'r', uri: 'api://x' } };
const STATUS = [{ channelId: 'c', connectionName: 'n', hasToken: true, serviceProviderDisplayName: 'N' }];
const START: Activity = incoming({ locale: 'de-DE', relatesTo: { conversation: { id: 'other' } } as never });

type Call = (client: UserTokenClient) => Promise<unknown>;
const CALLS: Readonly<Record<string, readonly [call: Call, answer: unknown]>> = {
  getUserToken: [(client) => client.getUserToken('u', 'n', 'c'), TOKEN],
  'getUserToken with a code': [(client) => client.getUserToken('29:u/&', 'n m', 'c', '123456'), TOKEN],
  getSignInResource: [(client) => client.getSignInResource('n', START), RESOURCE],
  'getSignInResource with a redirect': [
    (client) => client.getSignInResource('n', START, 'https://f.example'),
    RESOURCE,
  ],
  signOutUser: [(client) => client.signOutUser('u', 'n', 'c'), undefined],
  getTokenStatus: [(client) => client.getTokenStatus('u', 'c'), STATUS],
  'getTokenStatus of some': [(client) => client.getTokenStatus('u', 'c', 'a,b'), STATUS],
  getAadTokens: [(client) => client.getAadTokens('u', 'n', ['https://r.example'], 'c'), { 'https://r.example': TOKEN }],
  exchangeToken: [(client) => client.exchangeToken('u', 'n', 'c', { token: 'x' }), TOKEN],
};

describe('asks what the SDK asks, and gives what it gives', () => {
  test.each(Object.entries(CALLS))('%s', async (_name, [call, body]) => {
    answer = body === undefined ? { status: 204 } : { status: 200, body };
    const expected = await call(theirs());
    expect(await call(ours())).toEqual(expected);
    expect(received).toHaveLength(2);
    expect(received[1]).toEqual(received[0]);
  });
});

describe('no token', () => {
  test('for a user who is not signed in', async () => {
    answer = { status: 404, body: { error: { code: 'NotFound' } } };
    expect(await ours().getUserToken('u', 'n', 'c')).toBeUndefined();
  });

  test.each([400, 404])('in exchange for one that is answered with %d', async (status) => {
    answer = { status, body: { error: { code: 'ConsentRequired' } } };
    expect(await ours().exchangeToken('u', 'n', 'c', { token: 'x' })).toBeUndefined();
  });
});

describe('fails', () => {
  test.each(Object.entries(CALLS))('%s, when the service does', async (_name, [call]) => {
    answer = { status: 500, body: { error: { code: 'Broken' } } };
    await expect(call(ours())).rejects.toMatchObject({ name: 'ChannelServiceError', statusCode: 500, code: 'Broken' });
  });

  test.each<readonly [string, Call]>([
    ['a user', (client) => client.getUserToken(undefined as never, 'n', 'c')],
    ['a connection', (client) => client.getSignInResource(undefined as never, START)],
    ['an activity', (client) => client.getSignInResource('n', undefined as never)],
    ['a channel', (client) => client.exchangeToken('u', 'n', undefined as never, { token: 'x' })],
  ])('without %s, and asks nobody', async (_what, call) => {
    await expect(call(ours())).rejects.toThrow(TypeError);
    await expect(call(theirs())).rejects.toThrow();
    expect(received).toEqual([]);
  });
});

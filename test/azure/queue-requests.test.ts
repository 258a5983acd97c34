import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { inspect } from 'node:util';
import {
  AccountSASPermissions,
  AccountSASResourceTypes,
  generateAccountSASQueryParameters,
  QueueClient,
  StorageSharedKeyCredential,
} from '@azure/storage-queue';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { QueueDoorbell } from '../../src/azure/queue-doorbell';
import { QueueRequests } from '../../src/azure/queue-requests';
import { queueAddress, type StorageConnection } from '../../src/azure/storage-connection';
import { type TokenSource, TokenUnavailable } from '../../src/azure/token-source';
import { systemClock } from '../../src/runtime/system';
import { Secret } from '../../src/schema/secret';
import { conversationKey } from '../../src/turn/keys';
import { type Azurite, startAzurite } from '../support/azurite';
import { runInPlainNode } from '../support/plain-node';
import { selfSigned } from '../support/self-signed';

const KEY = Buffer.from('a key that is nobody else’s: ÿ').toString('base64');
const MESSAGE = Buffer.from('{"conversation":"a/b"}').toString('base64');

/** What arrived at a server in the place of the storage service. */
interface Arrived {
  readonly method: string;
  readonly target: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

interface Place {
  readonly origin: string;
  readonly arrived: Arrived[];
}

const servers: http.Server[] = [];

afterEach(async () => {
  jest.restoreAllMocks();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** @param statuses what is answered, one after the other; then what a success is */
async function place(options: { readonly secure?: boolean; readonly statuses?: number[] } = {}): Promise<Place> {
  const arrived: Arrived[] = [];
  const statuses = [...(options.statuses ?? [])];
  const onRequest = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: target = '', headers } = request;
      arrived.push({ method, target, headers, body: Buffer.concat(chunks).toString('utf8') });
      const message = '<QueueMessage><MessageId>1</MessageId><PopReceipt>p</PopReceipt></QueueMessage>';
      response.setHeader('content-type', 'application/xml');
      response.statusCode = statuses.shift() ?? (method === 'POST' ? 201 : 200);
      response.end(response.statusCode === 201 ? `<QueueMessagesList>${message}</QueueMessagesList>` : '');
    });
  };
  const server = options.secure ? https.createServer(selfSigned, onRequest) : http.createServer(onRequest);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: options.secure ? `https://localhost:${port}` : `http://127.0.0.1:${port}`, arrived };
}

function written(connectionString: string): StorageConnection {
  return { kind: 'connectionString', connectionString: new Secret(connectionString) };
}

function requestsTo(connectionString: string, queueName: string): QueueRequests {
  return new QueueRequests({ connection: written(connectionString), queueName, clock: systemClock });
}

interface Policy {
  sendRequest(request: object, next: (request: object) => Promise<unknown>): Promise<unknown>;
}

/** What the SDK's own policy puts into the header Authorization of a request that arrived. */
async function signedBySdk(account: string, origin: string, { method, target, headers, body }: Arrived) {
  const ofSdk = createRequire(require.resolve('@azure/storage-queue'));
  const common = ofSdk('@azure/storage-common') as { storageSharedKeyCredentialPolicy(key: object): Policy };
  const pipeline = ofSdk('@azure/core-rest-pipeline') as {
    createPipelineRequest(request: object): { headers: { get(name: string): string | undefined } };
    createHttpHeaders(headers: object): object;
  };
  const { authorization: _ours, 'x-ms-date': date, ...sent } = headers;
  jest.spyOn(Date.prototype, 'toUTCString').mockReturnValueOnce(String(date));
  const request = pipeline.createPipelineRequest({
    ...{ url: `${origin}${target}`, method, headers: pipeline.createHttpHeaders(sent) },
    ...(body === '' ? {} : { body }),
  });
  const policy = common.storageSharedKeyCredentialPolicy({
    accountName: account,
    accountKey: Buffer.from(KEY, 'base64'),
  });
  await policy.sendRequest(request, async () => ({}));
  return request.headers.get('authorization');
}

/** What a request asks for, without who asks and how it is spelled. */
function asked({ method, target, body }: Arrived) {
  const url = new URL(target, 'http://place');
  url.searchParams.sort();
  url.searchParams.delete('timeout'); // The SDK's, for the service's own work: 30 s, which is what the service takes anyway.
  return [method, url.pathname, [...url.searchParams], /<MessageText>(.*)<\/MessageText>/.exec(body)?.[1]];
}

describe('asks what the SDK asks, and signs as it signs', () => {
  const accounts = ['devstoreaccount1', 'a', 'account0with1digits'];
  const paths = (account: string): string[] => [`/${account}`, `/${account}/`, '/under/a path', '/%C3%BC'];
  const cases = accounts.flatMap((account) => paths(account).map((path) => [account, path] as const));

  test.each(cases)('account %s at "%s"', async (account, path) => {
    const { arrived, origin } = await place();
    const connectionString = `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${KEY};QueueEndpoint=${origin}${path};`;
    for (const queueName of ['turns', 'a-queue-0', 'q']) {
      const requests = requestsTo(connectionString, queueName);
      const client = new QueueClient(connectionString, queueName);
      for (const delay of [0, 1, 604_800]) {
        expect(await requests.put(MESSAGE, delay, delay + 86_400, 5_000)).toBeUndefined();
        await client.sendMessage(MESSAGE, { visibilityTimeout: delay, messageTimeToLive: delay + 86_400 });
      }
      expect(await requests.look(5_000)).toBeUndefined();
      await client.getProperties();
    }
    expect(arrived).toHaveLength(24);
    for (let i = 0; i < arrived.length; i += 2) {
      const [ours, theirs] = [arrived[i]!, arrived[i + 1]!];
      expect(asked(ours)).toEqual(asked(theirs));
      expect(ours.headers.authorization).toBe(await signedBySdk(account, origin, ours));
      // The oracle is one: it makes of the SDK's request what the SDK sent.
      expect(theirs.headers.authorization).toBe(await signedBySdk(account, origin, theirs));
    }
  });

  test('the date is the clock’s, and the lengths are in bytes', async () => {
    const { arrived, origin } = await place();
    const connection = written(`DefaultEndpointsProtocol=http;AccountName=a;AccountKey=${KEY};QueueEndpoint=${origin}`);
    const clock = { now: () => Date.UTC(2031, 1, 3, 4, 5, 6), monotonic: () => 0 };
    await new QueueRequests({ connection, queueName: 'q', clock }).put('é', 0, 1, 5_000);
    expect(arrived[0]).toMatchObject({
      headers: { 'x-ms-date': 'Mon, 03 Feb 2031 04:05:06 GMT', 'content-length': '58' },
      body: '<QueueMessage><MessageText>é</MessageText></QueueMessage>',
    });
    expect(arrived[0]!.headers.authorization).toBe(await signedBySdk('a', origin, arrived[0]!));
  });
});

describe('connection strings', () => {
  const key = `AccountName=acct;AccountKey=${KEY}`;
  const sas = 'SharedAccessSignature=sv=2019-07-07&ss=q&srt=sco&sp=rwa&se=2040-01-01T00:00Z&sig=a%2Bb%3D';

  test.each([
    'UseDevelopmentStorage=true',
    'UseDevelopmentStorage=true;',
    'UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.1:9',
    `DefaultEndpointsProtocol=https;${key};EndpointSuffix=core.windows.net`,
    `DefaultEndpointsProtocol=HTTP;${key};EndpointSuffix=core.usgovcloudapi.net;`,
    `DefaultEndpointsProtocol=https;${key};EndpointSuffix=core.windows.net;QueueEndpoint=https://queues.example/;`,
    `DefaultEndpointsProtocol=https;${key};QueueEndpoint=http://10.0.0.7:10001/acct`,
    `\n DefaultEndpointsProtocol=https ;\n AccountName=acct ; AccountKey=${KEY} ;\n EndpointSuffix=core.windows.net \n`,
    `DefaultEndpointsProtocol=https;BlobEndpoint=https://b.example;${key};TableEndpoint=;EndpointSuffix=core.windows.net`,
    `EndpointSuffix=core.windows.net;AccountKey=${KEY};AccountName=acct;AccountName=other;DefaultEndpointsProtocol=https`,
    `QueueEndpoint=https://acct.queue.core.windows.net;${sas}`,
    `QueueEndpoint=https://acct.queue.core.windows.net/;${sas};AccountName=acct`,
    `BlobEndpoint=https://acct.blob.core.windows.net/;QueueEndpoint=http://127.0.0.1:10001/acct;${sas}&x=a b`,
  ])('%s leads where it leads the SDK', (text) => {
    const address = queueAddress(written(text), 'turns');
    if ('unreadable' in address) throw new Error(address.unreadable);
    const client = new QueueClient(text, 'turns');
    const { path, proof, service } = address;
    const query = proof.kind === 'sharedAccess' ? `?${proof.query.reveal()}` : '';
    expect(`${service.origin}${path}${query}`).toBe(new URL(client.url).href);
    const { credential } = client as unknown as { credential: { accountName?: string; accountKey?: Buffer } };
    if (proof.kind === 'key') {
      expect(proof.account).toBe(credential.accountName);
      expect(proof.key.export()).toEqual(credential.accountKey);
    } else expect(credential.accountKey).toBeUndefined();
    expect(inspect(address, { depth: 9, showHidden: true })).not.toMatch(/sig=|a key that/);
  });

  const broken = [
    ['', 'AccountKey and no SharedAccessSignature'],
    ['canary', 'AccountKey and no SharedAccessSignature'],
    ['https://canary.queue.core.windows.net', 'AccountKey and no SharedAccessSignature'],
    ['AccountKey=canary', 'DefaultEndpointsProtocol'],
    [`${key};EndpointSuffix=canary.net`, 'DefaultEndpointsProtocol'],
    ['DefaultEndpointsProtocol=https;AccountName=canary;EndpointSuffix=canary.net', 'AccountKey'],
    ['DefaultEndpointsProtocol=https;AccountName=canary;AccountKey=;EndpointSuffix=canary.net', 'AccountKey'],
    [
      'DefaultEndpointsProtocol=https;AccountName=canary;AccountKey=%;EndpointSuffix=canary.net',
      'AccountKey in base64',
    ],
    [`DefaultEndpointsProtocol=https;AccountKey=${KEY};EndpointSuffix=canary.net`, 'AccountName'],
    [`DefaultEndpointsProtocol=canary;${key};EndpointSuffix=canary.net`, 'http or https'],
    [`DefaultEndpointsProtocol=https;${key}`, 'EndpointSuffix'],
    [`DefaultEndpointsProtocol=https;${key};QueueEndpoint=canary`, 'no http address'],
    [`DefaultEndpointsProtocol=https;${key};QueueEndpoint=ftp://canary`, 'no http address'],
    ['SharedAccessSignature=sig=canary', 'QueueEndpoint'],
    ['QueueEndpoint=https://canary.example', 'SharedAccessSignature'],
    ['UseDevelopmentStorage=true;DevelopmentStorageProxyUri=canary', 'proxy'],
  ] as const;

  test.each(broken)(
    '%s is an error that says what is missing, at once, and holds nothing of it',
    async (text, says) => {
      const options = { queueName: 'turns', createQueue: true, clock: systemClock };
      const doorbell = new QueueDoorbell({ connection: written(text), ...options });
      const started = performance.now();
      const failures = [doorbell.ring(conversationKey('a', 'b'), 0), doorbell.ready()].map((done) =>
        done.catch((error: unknown) => error),
      );
      const [ring, ready] = await Promise.all(failures);
      expect(performance.now() - started).toBeLessThan(90);
      expect(ring).toMatchObject({ code: 'RingFailed', message: expect.stringContaining(says) });
      expect(ready).toMatchObject({ code: 'QueueUnusable', message: expect.stringContaining(says) });
      expect(`${inspect([ring, ready])}`.replace(/\n +at .*/g, '')).not.toMatch(/canary/);
    },
  );

  test('a proxy for the development storage is asked for the storage', async () => {
    const { arrived, origin } = await place();
    const requests = requestsTo(`UseDevelopmentStorage=true;DevelopmentStorageProxyUri=${origin}`, 'turns');
    expect(await requests.put(MESSAGE, 0, 60, 5_000)).toBeUndefined();
    const url = 'http://127.0.0.1:10001/devstoreaccount1/turns/messages?messagettl=60&visibilitytimeout=0';
    expect(arrived).toMatchObject([{ target: url, headers: { host: '127.0.0.1:10001' } }]);
  });
});

describe('a shared access signature', () => {
  let azurite: Azurite;
  beforeAll(async () => {
    azurite = await startAzurite();
  });
  afterAll(() => azurite.stop());

  test('is enough', async () => {
    const client = new QueueClient(azurite.connectionString, 'turns');
    await client.create();
    const accountKey = /AccountKey=([^;]+)/.exec(azurite.connectionString)?.[1] ?? '';
    const rights = {
      permissions: AccountSASPermissions.parse('rap'),
      resourceTypes: AccountSASResourceTypes.parse('sco').toString(),
      services: 'q',
      expiresOn: new Date(Date.now() + 3_600_000),
    };
    const sas = generateAccountSASQueryParameters(
      rights,
      new StorageSharedKeyCredential('devstoreaccount1', accountKey),
    );
    const endpoint = `QueueEndpoint=http://127.0.0.1:${azurite.port}/devstoreaccount1`;
    const requests = requestsTo(`${endpoint};SharedAccessSignature=${sas}`, 'turns');
    expect(await requests.look(5_000)).toBeUndefined();
    expect(await requests.put(MESSAGE, 0, 60, 5_000)).toBeUndefined();
    const { receivedMessageItems } = await client.receiveMessages();
    expect(receivedMessageItems.map(({ messageText }) => messageText)).toEqual([MESSAGE]);
    const tampered = requestsTo(
      `${endpoint};SharedAccessSignature=${String(sas).replace(/sig=../, 'sig=AA')}`,
      'turns',
    );
    expect(await tampered.put(MESSAGE, 0, 60, 5_000)).toMatchObject({ reason: expect.stringContaining('HTTP 403') });
  });
});

describe('an identity', () => {
  const before = tls.getCACertificates('default');
  beforeAll(() => tls.setDefaultCACertificates([...before, selfSigned.cert]));
  afterAll(() => tls.setDefaultCACertificates(before));

  function tokensOf(...values: string[]): TokenSource & { readonly dropped: string[] } {
    const dropped: string[] = [];
    return {
      dropped,
      token: async () => {
        const [value] = values;
        if (value === undefined) throw new TokenUnavailable('the identity service is away', 1_000);
        return value;
      },
      invalidate: (rejected) => {
        dropped.push(rejected);
        if (values[0] === rejected) values.shift();
      },
    };
  }

  function requestsWith(tokens: TokenSource, queueServiceUri: string): QueueRequests {
    const connection = { kind: 'identity', queueServiceUri, managed: true } as const;
    return new QueueRequests({ connection, queueName: 'turns', clock: systemClock, tokens });
  }

  test('shows its token', async () => {
    const { arrived, origin } = await place({ secure: true });
    const requests = requestsWith(tokensOf('token-1'), `${origin}/`);
    expect(await requests.put(MESSAGE, 0, 60, 5_000)).toBeUndefined();
    expect(await requests.look(5_000)).toBeUndefined();
    expect(arrived.map(({ target }) => target)).toEqual([
      '/turns/messages?messagettl=60&visibilitytimeout=0',
      '/turns?comp=metadata',
    ]);
    for (const { headers } of arrived) {
      expect(headers.authorization).toBe('Bearer token-1');
      expect(String(headers['x-ms-version']) >= '2017-11-09').toBe(true);
    }
  });

  test('drops a token that was turned down, and is worth another try then', async () => {
    const { arrived, origin } = await place({ secure: true, statuses: [401] });
    const tokens = tokensOf('token-1', 'token-2');
    const requests = requestsWith(tokens, origin);
    expect(await requests.put(MESSAGE, 0, 60, 5_000)).toEqual({ reason: 'HTTP 401 error', kind: 'passing' });
    expect(tokens.dropped).toEqual(['token-1']);
    expect(await requests.put(MESSAGE, 0, 60, 5_000)).toBeUndefined();
    expect(arrived.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  test('keeps a token whose bearer may not do this', async () => {
    const { origin } = await place({ secure: true, statuses: [403] });
    const tokens = tokensOf('token-1');
    expect(await requestsWith(tokens, origin).put(MESSAGE, 0, 60, 5_000)).toMatchObject({ kind: 'lasting' });
    expect(tokens.dropped).toEqual([]);
  });

  test('asks nothing without a token, and waits no longer for one than it may', async () => {
    const { arrived, origin } = await place({ secure: true });
    const none = await requestsWith(tokensOf(), origin).put(MESSAGE, 0, 60, 5_000);
    expect(none).toEqual({ reason: 'no token: the identity service is away', kind: 'lasting' });
    const never: TokenSource = { token: () => new Promise(() => undefined), invalidate: () => undefined };
    const late = await requestsWith(never, origin).put(MESSAGE, 0, 60, 50);
    expect(late).toEqual({ reason: 'timeout', kind: 'passing' });
    expect(arrived).toEqual([]);
  });

  test.each(['http://', 'queues', 'ftp://queues.example'])('goes nowhere but over https: %s', async (address) => {
    const { arrived, origin } = await place();
    const tokens = tokensOf('token-1');
    const failure = await requestsWith(tokens, address === 'http://' ? origin : address).put(MESSAGE, 0, 60, 5_000);
    expect(failure).toMatchObject({ kind: 'lasting', reason: expect.stringMatching(/https only|no http address/) });
    expect(arrived).toEqual([]);
  });

  test('is trusted with a certificate that the process was told of, and asked for once', async () => {
    const { arrived, origin } = await place({ secure: true });
    const asked: string[] = [];
    const identity = http.createServer((request, response) => {
      asked.push(`${request.url} ${request.headers['x-identity-header']}`);
      const expires_on = String(Math.floor(Date.now() / 1000) + 86_400);
      const token = { access_token: 'managed-token', expires_on, resource: 'r', token_type: 'Bearer' };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(token));
    });
    servers.push(identity);
    await new Promise<void>((resolve) => identity.listen(0, '127.0.0.1', resolve));
    const folder = mkdtempSync(path.join(tmpdir(), 'ca-'));
    const certificate = path.join(folder, 'ca.pem');
    writeFileSync(certificate, selfSigned.cert);
    const output = await runInPlainNode(
      `
      const { QueueDoorbell } = require('./src/azure/queue-doorbell.ts');
      const { systemClock: clock } = require('./src/runtime/system.ts');
      const loaded = (name) => Object.keys(require.cache).some((file) => file.includes('node_modules/@azure/' + name));
      const connection = { kind: 'identity', queueServiceUri: process.env.QUEUES, clientId: 'mine', managed: true };
      const doorbell = new QueueDoorbell({ connection, queueName: 'turns', createQueue: false, timeoutMs: 9e3, tryTimeoutMs: 8e3, clock });
      const before = loaded('identity');
      Promise.all([1, 2, 3].map(() => doorbell.ring('a/b', 0))).then(() => doorbell.ready()).then(() => {
        console.log(JSON.stringify([before, loaded('identity'), loaded('storage-queue')]));
      });`,
      {
        ...{ NODE_EXTRA_CA_CERTS: certificate, QUEUES: origin },
        ...{ IDENTITY_HEADER: 'h', IDENTITY_ENDPOINT: `http://127.0.0.1:${(identity.address() as AddressInfo).port}/` },
      },
    );
    rmSync(folder, { recursive: true });
    expect(JSON.parse(output)).toEqual([false, true, false]);
    expect(asked).toEqual([expect.stringMatching(/resource=https(:|%3A)(\/|%2F){2}storage\.azure\.com.* h$/)]);
    expect(arrived.map(({ headers }) => headers.authorization)).toEqual(Array(4).fill('Bearer managed-token'));
  });
});

import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { Channel, post } from './support/channel';
import { raw } from './support/raw';
import { endAllRunners, type RunnerProcess, runToEnd, startRunner } from './support/runner';
import { Workspace } from './support/workspace';

/* A bot without an app id answers to its own machine, and nowhere else does it start at all. */

const workspace = new Workspace();
let connector: FakeConnector;
let channel: Channel;
let runner: RunnerProcess;

beforeAll(async () => {
  connector = await startFakeConnector();
  channel = new Channel(connector, 'auth');
  runner = await startRunner('own', workspace.env);
});

afterAll(async () => {
  await runner?.stop();
  await endAllRunners();
  await connector?.close();
  await workspace.remove();
});

describe('without an app id the app refuses to start', () => {
  /** The app gets a queue, so that it is not for want of one that it does not start. */
  const refused = async (env: Readonly<Record<string, string>>): Promise<string> => {
    const own = new Workspace();
    const { code, output } = await runToEnd('own', {
      ...own.env,
      AzureWebJobsStorage: 'UseDevelopmentStorage=true',
      ...env,
    });
    await own.remove();
    expect(code).toBe(1);
    // One line that says what to do, and no stack.
    expect(output.trim().split('\n')).toHaveLength(1);
    return output;
  };

  test.each(['Production', 'Staging', 'developement'])('when the environment is %s', async (environment) => {
    const output = await refused({ AZURE_FUNCTIONS_ENVIRONMENT: environment });
    expect(output).toContain('MicrosoftAppId is not set');
    expect(output).toContain('AZURE_FUNCTIONS_ENVIRONMENT=Development');
  });

  test.each([
    ['WEBSITE_SITE_NAME', 'my-bot'],
    ['WEBSITE_INSTANCE_ID', '0123abcd'],
    ['CONTAINER_APP_NAME', 'my-bot'],
    ['IDENTITY_ENDPOINT', 'http://169.254.255.2:8081/msi/token'],
    ['WEBSITE_HOSTNAME', 'my-bot.azurewebsites.net'],
  ])('in Azure, which shows by %s, whatever the environment says', async (marker, value) => {
    const output = await refused({ AZURE_FUNCTIONS_ENVIRONMENT: 'Development', [marker]: value });
    expect(output).toContain('MicrosoftAppId is not set');
    expect(output).toContain(marker);
    expect(output).not.toContain(value);
  });

  test('when only a secret is set', async () => {
    const output = await refused({ MicrosoftAppPassword: 'a-secret' });
    expect(output).toContain('MicrosoftAppPassword');
    expect(output).toContain('MicrosoftAppId');
    expect(output).not.toContain('a-secret');
  });
});

describe('a bot that lets its own machine in without a token', () => {
  const before = (): number => connector.calls.length;

  async function turnedAway(headers: Readonly<Record<string, string>>, status: number, code: string): Promise<void> {
    const calls = before();
    const answer = await post(runner.url, channel.message('outside'), { headers });
    expect({ status: answer.status, body: JSON.parse(answer.text) }).toEqual({
      status,
      body: { error: { code, message: expect.stringMatching(/^[A-Z].{20,}\.$/) } },
    });
    expect(connector.calls).toHaveLength(calls);
  }

  test.each([
    'bot.example',
    'bot.example:7071',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '127.0.0.1@evil.example',
    '0.0.0.0',
    '10.0.0.1:7071',
    '[::]',
    'abc.ngrok.io',
    'my-bot.azurewebsites.net',
  ])('turns away a request for %s', async (host) => {
    const answer = await raw(runner.port, requestFor(host));
    // The server refuses what cannot be a host before anybody looks at who it is.
    expect([400, 403]).toContain(answer.status);
    expect(JSON.parse(answer.body)).toMatchObject({
      error: { code: expect.stringMatching(/^(NotLocal|BadRequest)$/) },
    });
  });

  test('turns away a request that names no host', async () => {
    const request = requestFor('x').replace('Host: x\r\n', '');
    expect((await raw(runner.port, request)).status).toBe(400);
  });

  test.each([
    'Forwarded',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'X-Original-Host',
    'X-Real-IP',
    'X-ARR-ClientCert',
    'X-Azure-FDID',
    'X-MS-CLIENT-PRINCIPAL',
    'Via',
    'True-Client-IP',
    'CF-Connecting-IP',
  ])('turns away a request that was forwarded, which shows by %s', (name) =>
    turnedAway({ [name]: '127.0.0.1' }, 403, 'NotLocal'),
  );

  test('turns away web pages of elsewhere, and requests with a token', async () => {
    await turnedAway({ Origin: 'https://evil.example' }, 403, 'OriginRefused');
    await turnedAway({ Authorization: 'Bearer abc' }, 401, 'TokenNotExpected');
  });

  test.each(['localhost', '127.0.0.1', '[::1]'])('answers a request for %s', async (host) => {
    const { length } = channel.texts('inside');
    const headers = { host: `${host}:${runner.port}` };
    expect((await post(runner.url, channel.message('inside', { text: host }), { headers })).status).toBe(200);
    expect((await channel.texted('inside', length + 1)).at(-1)).toBe(`${length + 1}: you said "${host}"`);
  });

  test('listens on 127.0.0.1 only, and so does its queue', async () => {
    const queuePort = Number(/:(\d+)\//.exec(runner.queue.replace(/^.*QueueEndpoint=http:\/\//, ''))?.[1]);
    for (const port of [runner.port, queuePort]) {
      expect(await canConnect('127.0.0.1', port)).toBe(true);
      for (const address of otherAddresses())
        expect([address, await canConnect(address, port)]).toEqual([address, false]);
    }
  });

  test('says so at its health address', async () => {
    const answer = await post(runner.url.replace('messages', 'health'), '', { method: 'GET' });
    // The timer may have swept by now.
    const { lastSweep, ...health } = JSON.parse(answer.text) as Record<string, unknown>;
    expect([undefined, expect.any(String)]).toContainEqual(lastSweep);
    expect(health).toEqual({
      status: 'ok',
      environment: 'development',
      auth: 'anonymous-loopback',
      store: 'sqlite',
      checks: { store: 'ok', queue: 'ok' },
    });
    const live = await post(runner.url.replace('messages', 'health?live'), '', { method: 'GET' });
    expect(JSON.parse(live.text)).toEqual({ status: 'ok' });
  });
});

function requestFor(host: string): string {
  const body = JSON.stringify(channel.message('outside'));
  const head = ['POST /api/messages HTTP/1.1', `Host: ${host}`, 'Connection: close', 'Content-Type: application/json'];
  return [...head, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
}

/** Every address of this machine but the one that is listened on; other addresses of the loopback network are this machine as well. */
function otherAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  // An address of the link alone needs its interface named.
  const usable = all
    .map(({ address, scopeid }) => (scopeid ? undefined : address))
    .filter((each) => each !== undefined);
  return [...new Set([...usable, '127.0.0.2', '::1'])].filter((address) => address !== '127.0.0.1');
}

function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: 2_000 });
    const end = (connected: boolean): void => {
      socket.destroy();
      resolve(connected);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}

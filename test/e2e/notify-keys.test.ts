import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { Channel } from './support/channel';
import { raw } from './support/raw';
import { endAllRunners, type RunnerProcess, startRunner } from './support/runner';
import { Workspace } from './support/workspace';

const BOT = { MicrosoftAppId: '11111111-2222-4333-8444-555555555555', MicrosoftAppPassword: 'not-a-secret' };

/* Neither Core Tools nor the runner ask for keys: what needs one in Azure is for programs of this machine alone here. */

let connector: FakeConnector;
beforeAll(async () => {
  connector = await startFakeConnector();
});
afterAll(async () => {
  await endAllRunners();
  await connector?.close();
});

const notification = (text: string): string =>
  JSON.stringify({ to: { channelId: 'test', conversation: 'known' }, text });

function request(line: string, headers: Readonly<Record<string, string>>, body = ''): string {
  const all = { Connection: 'close', 'Content-Type': 'application/json', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`${line} HTTP/1.1`, ...lines, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
}

describe.each<[string, Readonly<Record<string, string>>]>([
  ['in development', {}],
  ['whatever the environment says', { AZURE_FUNCTIONS_ENVIRONMENT: 'Production', ...BOT }],
])('TURNWISE_NOTIFY=function-key %s', (_name, env) => {
  const workspace = new Workspace();
  let channel: Channel;
  let runner: RunnerProcess;

  beforeAll(async () => {
    channel = new Channel(connector, 'keys');
    runner = await startRunner('own', { ...workspace.env, ...env, TURNWISE_NOTIFY: 'function-key' });
  });
  afterAll(async () => {
    await runner?.stop();
    await workspace.remove();
  });

  const asked = (headers: Readonly<Record<string, string>>, line = 'POST /api/notify') =>
    raw(runner.port, request(line, headers, line.startsWith('POST') ? notification('hello') : ''));

  test.each([
    ['a page whose name was made to resolve to this machine', { Host: 'evil.example' }, 'NotLocal'],
    ['the same, with the port', { Host: 'evil.example:7071' }, 'NotLocal'],
    ['a name that begins like this machine', { Host: 'localhost.evil.example' }, 'NotLocal'],
    ['the same page by address', { Host: '127.0.0.1', Origin: 'https://evil.example' }, 'OriginRefused'],
    ['a page without an origin to show', { Host: '127.0.0.1', Origin: 'null' }, 'OriginRefused'],
    ['a tunnel', { Host: 'localhost', 'X-Forwarded-For': '203.0.113.7' }, 'NotLocal'],
  ])('turns away %s', async (_what, headers, code) => {
    for (const line of ['POST /api/notify', 'GET /api/notify/abc', 'DELETE /api/notify/abc']) {
      const answer = await asked(headers, line);
      expect([answer.status, JSON.parse(answer.body)]).toMatchObject([403, { error: { code } }]);
    }
  });

  test('lets programs of this machine in', async () => {
    const answer = await asked({ Host: `localhost:${runner.port}`, 'Idempotency-Key': 'k1' });
    expect(answer.status).not.toBe(401);
    expect(answer.status).not.toBe(403);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'RecipientUnknown' } });
    expect(channel.texts('known')).toEqual([]);
  });

  test('asks for no more at addresses that need no key in Azure either', async () => {
    const answer = await asked({ Host: 'bot.example' }, 'GET /api/health?live');
    expect(answer.status).toBe(200);
  });
});

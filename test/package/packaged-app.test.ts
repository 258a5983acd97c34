import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AppPackage } from '../../src/package/package-app';
import { Channel, post } from '../e2e/support/channel';
import { endAllRunners, runToEnd, startRunner, until } from '../e2e/support/runner';
import { Workspace } from '../e2e/support/workspace';
import { type Azurite, startAzurite } from '../support/azurite';
import { startCosmosGateway } from '../support/cosmos-gateway';
import { TEST_KEY } from '../support/cosmos-under-test';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { selfSigned } from '../support/self-signed';
import { deploy, folderElsewhere, project, ROOT, turnwise } from './packaging';

/* The project's own bot as it is deployed: packaged, unpacked where there is no node_modules, and run there. */

const elsewhere = folderElsewhere();
const workspaces: Workspace[] = [];
let app: AppPackage;
let azurite: Azurite;
let connector: FakeConnector;

beforeAll(async () => {
  app = deploy(ROOT, elsewhere);
  [azurite, connector] = await Promise.all([startAzurite(), startFakeConnector()]);
}, 60_000);

afterAll(async () => {
  await endAllRunners();
  await Promise.all([azurite?.stop(), connector?.close()]);
  await Promise.all(workspaces.map((made) => made.remove()));
  rmSync(elsewhere, { recursive: true, force: true });
});

function workspace(): Workspace {
  const made = new Workspace();
  workspaces.push(made);
  return made;
}

/** Of the deployed app; the queue is not in its folder either. */
function start({ env }: Workspace, more: Readonly<Record<string, string>> = {}) {
  return startRunner({ folder: app.folder }, { ...env, ...more, AzureWebJobsStorage: azurite.connectionString });
}

describe('the package', () => {
  test('is a bundle with its map, what is loaded later, and what the host reads', () => {
    expect(readdirSync(app.folder).sort()).toEqual([
      'app.js',
      'app.js.LEGAL.txt',
      'app.js.map',
      'cosmos.cjs',
      'host.json',
      'identity.cjs',
      'identity.cjs.LEGAL.txt',
      'main.js',
      'package.json',
      'queue.cjs',
      'telemetry.cjs',
    ]);
    expect(JSON.parse(readFileSync(path.join(app.folder, 'package.json'), 'utf8'))).toMatchObject({ main: 'main.js' });
    expect(readFileSync(path.join(app.folder, 'host.json'))).toEqual(readFileSync(path.join(ROOT, 'host.json')));
  });

  test('is small', () => {
    expect(app.zippedBytes).toBeLessThan(1_500_000);
    expect(app.bytes).toBeLessThan(8_000_000);
    // What every cold start reads.
    expect(statSync(path.join(app.folder, 'app.js')).size).toBeLessThan(1_000_000);
  });

  test('does not say where it was made', () => {
    for (const file of readdirSync(app.folder)) {
      expect(readFileSync(path.join(app.folder, file), 'utf8')).not.toContain(ROOT);
    }
  });

  test('is the same when it is made again elsewhere, and its size is said', () => {
    const again = path.join(elsewhere, 'further/down/again');
    const { code, out, err } = turnwise(ROOT, 'package', '--out', again);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/again +\d+\.\d\d MB, without node_modules\n.*again\.zip +[01]\.\d\d MB\n$/);
    expect(readFileSync(`${again}.zip`).equals(readFileSync(app.zip))).toBe(true);
  });
});

test('a user talks to it, and it goes on after a restart', async () => {
  const folder = workspace();
  const channel = new Channel(connector, 'packaged');
  const runner = await start(folder);
  await channel.say(runner.url, 'talk', 'hello');
  expect(await channel.texted('talk', 1)).toEqual(['1: you said "hello"']);
  const health = await post(runner.url.replace('messages', 'health'), '', { method: 'GET' });
  expect(JSON.parse(health.text)).toMatchObject({ status: 'ok', store: 'sqlite' });
  expect(await runner.stop()).toBe(0);

  const next = await start(folder);
  await channel.say(next.url, 'talk', 'again');
  expect(await channel.texted('talk', 2)).toEqual(['1: you said "hello"', '2: you said "again"']);
  expect(await next.stop()).toBe(0);
});

test('a setting that is wrong is told to whoever starts it, although the runner is of another bundle', async () => {
  const { env } = workspace();
  const settings = { ...env, AzureWebJobsStorage: azurite.connectionString, TURNWISE_FOO: '1' };
  const { code, output } = await runToEnd({ folder: app.folder }, settings);
  expect(code).toBe(1);
  expect(output).toMatch(/^turnwise: The app does not start: There is no such setting; .* TURNWISE_FOO\.$/m);
});

test('it keeps conversations in Cosmos DB: the client is in the bundle, and loaded when it is needed', async () => {
  const gateway = await startCosmosGateway();
  const channel = new Channel(connector, 'cosmos');
  const runner = await start(workspace(), {
    TURNWISE_STORE: 'cosmos',
    COSMOS_ENDPOINT: gateway.endpoint,
    COSMOS_KEY: TEST_KEY,
  });
  await channel.say(runner.url, 'cosmos', 'one');
  await channel.say(runner.url, 'cosmos', 'two');
  expect(await channel.texted('cosmos', 2)).toEqual(['1: you said "one"', '2: you said "two"']);
  expect(await runner.stop()).toBe(0);
  await gateway.close();
});

test('it reports to Azure Monitor: what is loaded late is in the bundle too', async () => {
  const bodies: string[] = [];
  const server = https.createServer(selfSigned, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    bodies.push((request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString());
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ itemsReceived: 1, itemsAccepted: 1, errors: [] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const authority = path.join(elsewhere, 'authority.pem');
  writeFileSync(authority, selfSigned.cert);
  const key = '00000000-0000-4000-8000-000000000000';
  const runner = await start(workspace(), {
    APPLICATIONINSIGHTS_CONNECTION_STRING: `InstrumentationKey=${key};IngestionEndpoint=https://localhost:${port}/`,
    APPLICATION_INSIGHTS_NO_STATSBEAT: '1',
    NODE_EXTRA_CA_CERTS: authority,
  });
  await new Channel(connector, 'monitored').say(runner.url, 'monitored', 'hello');
  await until(() => bodies.some((body) => body.includes('turnwise.turn')), 30_000);
  expect(await runner.stop()).toBe(0);
  expect(runner.output()).not.toContain('telemetryLost');
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('asked to end under load, it loses nothing and repeats nothing: every turn is over or left to the next', async () => {
  const folder = workspace();
  const channel = new Channel(connector, 'drain');
  const conversations = Array.from({ length: 12 }, (_, index) => `drain ${index}`);
  connector.onCall(() => ({ kind: 'answer', latencyMs: 40 }));
  const runner = await start(folder);
  const acknowledged = new Map<string, number>();
  const talking = conversations.map(async (conversation) => {
    for (let n = 1; ; n += 1) {
      await channel.say(runner.url, conversation, `message ${n}`);
      acknowledged.set(conversation, n);
    }
  });
  const ended = Promise.allSettled(talking);
  const answers = (): number => conversations.reduce((sum, each) => sum + channel.texts(each).length, 0);
  await until(() => answers() >= 60, 30_000);
  runner.signal('SIGTERM');
  expect(await runner.ended).toBe(0);
  const talks = await ended;
  expect(talks.every(({ status }) => status === 'rejected')).toBe(true);

  // Nobody holds a conversation any more, so that the next one need not wait for a lease.
  const left = await folder.store.inspection.busy(100);
  expect(left.filter(({ head }) => head.lease !== null)).toEqual([]);
  const before = answers();

  const next = await start(folder);
  await until(async () => (await folder.store.inspection.busy(1)).length === 0, 30_000);
  expect(await next.stop()).toBe(0);
  connector.onCall(() => undefined);
  let accepted = 0;
  for (const conversation of conversations) {
    const texts = channel.texts(conversation);
    expect(texts).toEqual(texts.map((_, index) => `${index + 1}: you said "message ${index + 1}"`));
    // One may have been accepted whose acknowledgement did not get through.
    expect([0, 1]).toContain(texts.length - (acknowledged.get(conversation) ?? 0));
    accepted += texts.length;
  }
  console.log(`SIGTERM: ${before} of ${accepted} turns were over when the process ended; the next one did the rest`);
});

describe('an app of its own', () => {
  const FAILS = `import { app } from '@azure/functions';

class Unlucky extends Error {}

app.http('messages', {
  authLevel: 'anonymous',
  handler: () => {
    const error = new Unlucky('on purpose');
    return { jsonBody: { is: error.constructor.name, stack: error.stack } };
  },
});
`;

  test.each(['module', 'commonjs'] as const)(
    'of type %s keeps its names, and says in its own lines where it failed',
    async (type) => {
      const source = type === 'module' ? FAILS : FAILS.replace(/import (.*) from (.*);/, 'const $1 = require($2);');
      const folder = project(type, { 'functions/fails.js': source });
      const to = path.dirname(folder);
      const runner = await startRunner(
        { folder: deploy(folder, to).folder },
        { TURNWISE_DATA: path.join(to, 'data'), AzureWebJobsStorage: azurite.connectionString },
      );
      const answer = await post(runner.url, '');
      expect(JSON.parse(answer.text)).toEqual({
        is: 'Unlucky',
        stack: expect.stringMatching(/on purpose\n.*functions\/fails\.js:8:19/),
      });
      expect(await runner.stop()).toBe(0);
      rmSync(to, { recursive: true, force: true });
    },
  );

  const refused: readonly (readonly [what: string, files: Readonly<Record<string, string>>, says: RegExp])[] = [
    ['without files', {}, /^turnwise: The app is not built: nothing matches functions\/\*\.js\./],
    [
      'that needs what is not there',
      { 'functions/a.js': "require('not-installed');" },
      /^turnwise: The app cannot be bundled: functions\/a\.js:1: Could not resolve "not-installed"/,
    ],
  ];

  test.each(refused)('%s is refused in a sentence', (_what, files, says) => {
    const folder = project('commonjs', files);
    const { code, err } = turnwise(folder, 'package');
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(says) });
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    rmSync(path.dirname(folder), { recursive: true, force: true });
  });
});

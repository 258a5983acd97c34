import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Azurite, startAzurite } from '../support/azurite';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { Channel, post } from './support/channel';
import { endAllRunners, type RunnerProcess, startRunner, until } from './support/runner';
import { Workspace } from './support/workspace';

/* One trace through a real queue and a real store: a process that takes the request, and another one that runs the turn. */

interface SpanLine {
  readonly name: string;
  readonly role: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent?: string;
}

const INCOMING = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const workspaces = [new Workspace(), new Workspace(), new Workspace()] as const;
const [shared] = workspaces;
let azurite: Azurite;
let connector: FakeConnector;
let channel: Channel;
let front: RunnerProcess;

beforeAll(async () => {
  azurite = await startAzurite();
  connector = await startFakeConnector();
  channel = new Channel(connector, 'trace');
  const start = (role: string, own: Workspace) =>
    startRunner('traced', {
      E2E_ROLE: role,
      E2E_STORE: shared.data,
      E2E_FOLDER: shared.folder,
      TURNWISE_DATA: own.data,
      AzureWebJobsStorage: azurite.connectionString,
    });
  const back = start('back', workspaces[1]);
  front = await start('front', workspaces[2]);
  await back;
});

afterAll(async () => {
  await endAllRunners();
  await connector?.close();
  await azurite?.stop();
  for (const each of workspaces) await each.remove();
});

function spans(): SpanLine[] {
  const file = path.join(shared.folder, 'spans.jsonl');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as SpanLine);
}

test('a message and its reply are one trace, from one process to another', async () => {
  const answer = await post(front.url, channel.message('traced'), { headers: { traceparent: INCOMING } });
  expect(answer.status).toBe(200);
  expect(await channel.texted('traced', 1)).toEqual(['traced']);
  await until(() => spans().some(({ name }) => name === 'turnwise.turn'), 5_000);
  await until(() => spans().some(({ name }) => name === 'turnwise.deliver'), 5_000);
  const seen = spans();
  expect(new Set(seen.map(({ traceId }) => traceId))).toEqual(new Set([INCOMING.slice(3, 35)]));
  const byRole = (role: string): string[] =>
    seen
      .filter((span) => span.role === role)
      .map(({ name }) => name)
      .sort();
  expect(byRole('front')).toEqual(['turnwise.accept', 'turnwise.receive']);
  expect(byRole('back')).toEqual([
    'turnwise.acquire',
    'turnwise.commit',
    'turnwise.deliver',
    'turnwise.handler',
    'turnwise.turn',
    'turnwise.wait',
  ]);
  const ids = new Set([INCOMING.slice(36, 52), ...seen.map(({ spanId }) => spanId)]);
  expect(seen.filter(({ parent }) => parent === undefined || !ids.has(parent))).toEqual([]);
});

test('turnwise status shows what both processes have measured', async () => {
  const program = path.join(__dirname, '../../dist/src/cli/main.js');
  const env = { PATH: process.env.PATH, TURNWISE_DATA: shared.data };
  const status = async (): Promise<string> =>
    (await promisify(execFile)(process.execPath, [program, 'status'], { cwd: shared.folder, env })).stdout;
  let text = '';
  await until(async () => {
    text = await status();
    return /in 2 processes/.test(text);
  }, 15_000);
  expect(text).toMatch(/^Activities +accepted 1$/m);
  expect(text).toMatch(/^Turns +committed 1$/m);
  for (const stage of ['receive', 'accept', 'wait', 'acquire', 'handler', 'commit', 'deliver', 'turn']) {
    expect(text).toMatch(new RegExp(`^${stage} +\\d+ +[\\d.]+ ms`, 'm'));
  }
});

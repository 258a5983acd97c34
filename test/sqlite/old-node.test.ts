import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { runInPlainNode } from '../support/plain-node';

const folder = mkdtempSync(path.join(tmpdir(), 'turnwise-old-node-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Prints what an app on the SQLite store answers, and what it writes to the console. */
const SCRIPT = `
  const { HttpRequest } = require('@azure/functions');
  const { createBotApp } = require('./src/app.ts');
  const told = [];
  console.error = (line) => told.push(line);
  const app = createBotApp({
    bot: async () => undefined,
    log: { event: () => undefined },
    environment: {
      AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
      AzureWebJobsStorage: 'UseDevelopmentStorage=true',
      TURNWISE_DATA: process.env.DATA,
    },
  });
  const message = { type: 'message', channelId: 'test', serviceUrl: 'http://127.0.0.1/', from: { id: 'u' }, conversation: { id: 'c' } };
  const post = () => app.messages(new HttpRequest({
    method: 'POST', url: 'http://127.0.0.1/api/messages',
    headers: { host: '127.0.0.1', 'content-type': 'application/json' }, body: { string: JSON.stringify(message) },
  }));
  (async () => {
    const answers = [await post(), await post()];
    const { jsonBody } = await app.health();
    const sweep = await app.sweep().catch((error) => error.message);
    console.log(JSON.stringify({ answers, checks: jsonBody.checks, sweep, told }));
    await app.close();
  })();
`;

/** Every Node on the path that is too old, and the one of the test runner with the module turned off. */
const NODES: readonly (readonly [name: string, node: string, env: Record<string, string>])[] = [
  ['Node without SQLite', process.execPath, { NODE_OPTIONS: '--no-experimental-sqlite' }],
  ...[...new Set((process.env.PATH ?? '').split(path.delimiter).map((each) => path.join(each, 'node')))]
    .filter((node) => existsSync(node))
    .map((node) => [execFileSync(node, ['--version'], { encoding: 'utf8' }).trim(), node, {}] as const)
    .filter(([version]) => /^v(?:20|22\.[0-9]\.|22\.1[0-2]\.)/.test(version)),
];

test.each(NODES)('%s (%s): every answer has the reason, and the console has it once', async (_name, node, env) => {
  const printed = await runInPlainNode(SCRIPT, { ...env, DATA: path.join(folder, 'data') }, node);
  const { answers, checks, sweep, told } = JSON.parse(printed);
  const reason = { error: { code: 'NodeTooOld', message: expect.stringContaining('Node 22.13 or newer') } };
  expect(answers).toEqual(Array(2).fill(expect.objectContaining({ status: 503, jsonBody: reason })));
  expect(checks.store).toBe('NodeTooOld');
  expect(sweep).toContain('Node 22.13 or newer');
  expect(told).toEqual([expect.stringMatching(/NodeTooOld\. .*Node 22\.13 or newer.* This is Node \d/)]);
});

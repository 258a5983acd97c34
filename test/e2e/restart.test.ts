import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { Channel } from './support/channel';
import { type AppName, endAllRunners, type RunnerProcess, startRunner, until } from './support/runner';
import { Workspace } from './support/workspace';

/* A runner that ends in the middle of a turn, and another that goes on from what it left in its folder. */

let connector: FakeConnector;
let channel: Channel;
const workspaces: Workspace[] = [];

beforeAll(async () => {
  connector = await startFakeConnector();
  channel = new Channel(connector, 'restart');
});

afterAll(async () => {
  await endAllRunners();
  await connector?.close();
  await Promise.all(workspaces.map((made) => made.remove()));
});

/** Starts runners that take turns on one folder. */
function lives(app: AppName, env: Readonly<Record<string, string>> = {}) {
  const workspace = new Workspace();
  workspaces.push(workspace);
  return { workspace, start: (): Promise<RunnerProcess> => startRunner(app, { ...workspace.env, ...env }) };
}

const SHORT_LEASE = { E2E_LEASE_MS: '3000', E2E_OPTIONS: JSON.stringify({ renewMs: 1_000, deliveryLimitMs: 2_000 }) };

/** By now a turn has left a bell in the queue for the end of its lease. Of one that dies earlier only the sweep knows. */
const BELL_LEFT_MS = 900;

/** The one life that takes long, because nothing about it is shortened: it goes on while the others are tested. */
const asItIs = { ...lives('own'), killedAt: 0 };

test('the app as it is dies in mid-turn, and is started again', async () => {
  const runner = await asItIs.start();
  // The bot waits for its typing indicator to go out, and that is where it dies.
  connector.onCall((call) => (call.body?.type === 'typing' ? { kind: 'hang' } : undefined));
  await channel.say(runner.url, 'as it is', 'hello');
  await connector.until(() => connector.callsOf('as it is').length === 1);
  await sleep(BELL_LEFT_MS);
  runner.signal('SIGKILL');
  await runner.ended;
  connector.onCall(() => undefined);
  asItIs.killedAt = performance.now();
  await asItIs.start();
  // Its lease has 20 s to run; what comes of it is looked at by the last test of this file.
  expect(channel.texts('as it is')).toEqual([]);
});

describe('a runner that is asked to stop', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s lets the turn end, sends its reply and leaves nothing',
    async (signal) => {
      const { workspace, start } = lives('scripted');
      const conversation = `asked by ${signal}`;
      const runner = await start();
      await channel.script(runner.url, conversation, [['sleep', 1_500], ['count'], ['reply', 'done']]);
      await channel.script(runner.url, conversation, [['count']]);
      await until(() => workspace.journal('start').length === 1, 5_000);
      runner.signal(signal);
      expect(await runner.ended).toBe(0);
      expect(channel.texts(conversation).slice(0, 2)).toEqual(['1', 'done']);

      const next = await start();
      await channel.script(next.url, conversation, [['count']]);
      expect(await channel.texted(conversation, 4)).toEqual(['1', 'done', '2', '3']);
      expect(workspace.journal('start').map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
      expect(await next.stop()).toBe(0);
    },
  );
});

describe('a runner that ends at once in the middle of a turn', () => {
  const ENDS: readonly (readonly [how: string, end: (runner: RunnerProcess) => Promise<void>])[] = [
    [
      'because it was asked twice',
      async (runner) => {
        runner.signal('SIGINT');
        // Not the same key press, which can arrive twice.
        await sleep(700);
        runner.signal('SIGINT');
        expect(await runner.ended).toBe(130);
      },
    ],
    [
      'because it was killed',
      async (runner) => {
        runner.signal('SIGKILL');
        expect(await runner.ended).toBe('SIGKILL');
      },
    ],
  ];

  test.each(ENDS)(
    '%s: the next one runs the turn, and what is behind it, and sends every reply once',
    async (how, end) => {
      const { workspace, start } = lives('scripted', SHORT_LEASE);
      const conversation = `ended ${how}`;
      const runner = await start();
      await channel.script(runner.url, conversation, [
        ['count'],
        ['reply', 'flushed'],
        ['flush'],
        ['gate', 'killed'],
        ['reply', 'done'],
      ]);
      await channel.script(runner.url, conversation, [['count']]);
      expect(await channel.texted(conversation, 2)).toEqual(['1', 'flushed']);
      await sleep(BELL_LEFT_MS);
      await end(runner);
      workspace.open('killed');

      const ended = performance.now();
      const next = await start();
      expect(await channel.texted(conversation, 4, 20_000)).toEqual(['1', 'flushed', 'done', '2']);
      console.log(
        `with a lease of 3 s, the turn was over ${Math.round(performance.now() - ended)} ms after the end of its worker`,
      );
      expect(workspace.journal('start').map(({ attempt }) => attempt)).toEqual([1, 2, 1]);
      expect(await next.stop()).toBe(0);
      expect(channel.texts(conversation)).toHaveLength(4);
    },
  );

  test('while messages pour in: what was acknowledged is answered, once and in order', async () => {
    const { workspace, start } = lives('scripted', { ...SHORT_LEASE, E2E_SWEEP: '*/2 * * * * *' });
    const runner = await start();
    const conversations = Array.from({ length: 8 }, (_, index) => `burst ${index}`);
    const acknowledged = new Map(conversations.map((conversation) => [conversation, 0]));
    const talking = conversations.map(async (conversation) => {
      for (let n = 1; n <= 200; n += 1) {
        await channel.script(runner.url, conversation, [['count']]);
        acknowledged.set(conversation, n);
      }
    });
    await until(() => conversations.flatMap((each) => connector.callsOf(each)).length >= 40, 10_000);
    runner.signal('SIGKILL');
    const talks = await Promise.allSettled(talking);
    expect(talks.every(({ status }) => status === 'rejected')).toBe(true);

    await start();
    await until(async () => (await workspace.store.inspection.busy(1)).length === 0, 20_000);
    for (const conversation of conversations) {
      const texts = channel.texts(conversation).map(Number);
      // The one on its way at the end may have been sent again; the one being accepted may have been taken without an acknowledgement.
      const answers = [...new Set(texts)];
      expect(texts.length - answers.length).toBeLessThanOrEqual(1);
      expect(texts).toEqual([...texts].sort((a, b) => a - b));
      expect(answers).toEqual(answers.map((_, index) => index + 1));
      expect([0, 1]).toContain(answers.length - (acknowledged.get(conversation) ?? 0));
    }
  });
});

test('the app as it is answers once its lease has run out', async () => {
  expect(await channel.texted('as it is', 1, 30_000)).toEqual(['1: you said "hello"']);
  const [reply] = connector.callsOf('as it is').slice(-1);
  const ms = performance.now() - asItIs.killedAt - (Date.now() - (reply?.at ?? 0));
  console.log(`with the defaults, the turn was over ${Math.round(ms)} ms after the end of its worker`);
  await until(async () => (await asItIs.workspace.store.inspection.busy(1)).length === 0, 5_000);
  expect(channel.texts('as it is')).toHaveLength(1);
});

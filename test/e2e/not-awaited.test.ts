import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { Channel } from './support/channel';
import { endAllRunners, type RunnerProcess, startRunner, until } from './support/runner';
import { Workspace } from './support/workspace';

/* A call that nothing waits for, and that fails, is one conversation's mistake: the process goes on, and logs it with a code. */

const workspace = new Workspace();
let connector: FakeConnector;
let channel: Channel;
let runner: RunnerProcess;

beforeAll(async () => {
  connector = await startFakeConnector();
  channel = new Channel(connector, 'late');
  runner = await startRunner('scripted', { ...workspace.env });
});

afterAll(async () => {
  await runner?.stop();
  await endAllRunners();
  await connector?.close();
  await workspace.remove();
});

const KINDS = ['send', 'update', 'delete', 'typing', 'state', 'load', 'save', 'step', 'flush', 'post'];

/** Lines of the runner that tell of a rejection in a conversation. */
const linesOf = (conversation: string): string[] =>
  runner
    .output()
    .split('\n')
    .filter((line) => line.includes('notAwaited') && line.includes(`test/${conversation}`));

async function logged(conversation: string, code: string): Promise<void> {
  await until(() => linesOf(conversation).length > 0, 10_000);
  expect(linesOf(conversation)).toEqual([expect.stringContaining(code)]);
  // The same process serves the next message of the conversation.
  const { pid } = runner;
  await channel.script(runner.url, conversation, [['reply', 'still here']]);
  expect(await channel.texted(conversation, 2)).toEqual(['done', 'still here']);
  expect(new Set(workspace.journal('start', conversation).map((each) => each.pid))).toEqual(new Set([pid]));
}

describe.each(['late', 'lateFunction'])('after the turn, by "%s"', (how) => {
  test.each(KINDS)('"%s" is logged with the code NoTurn, and the process serves the next message', async (kind) => {
    const conversation = `${how}-${kind}`;
    await channel.script(runner.url, conversation, [
      [how, kind],
      ['reply', 'done'],
    ]);
    await logged(conversation, 'NoTurn');
  });

  test('an error of the bot is logged by its name, and without its text', async () => {
    const conversation = `${how}-own`;
    await channel.script(runner.url, conversation, [
      [how, 'own'],
      ['reply', 'done'],
    ]);
    await logged(conversation, 'RangeError');
    expect(linesOf(conversation)[0]).toContain('NotAwaited');
    expect(runner.output()).not.toContain('A text of the bot');
  });

  test('what is written to a stream goes nowhere', async () => {
    const conversation = `${how}-stream`;
    await channel.script(runner.url, conversation, [
      ['append', 'done'],
      [how, 'stream'],
    ]);
    await logged(conversation, 'StreamEnded');
  });
});

test('so is one in a turn that still runs, which commits', async () => {
  await channel.script(runner.url, 'meanwhile', [
    ['late', 'own'],
    ['sleep', 1_000],
    ['reply', 'done'],
  ]);
  await logged('meanwhile', 'RangeError');
});

test("one that is no turn's ends the process, as without this library", async () => {
  const own = await startRunner('scripted', { ...workspace.env, TURNWISE_DATA: `${workspace.folder}/own` });
  expect((await fetch(own.url.replace(/messages$/, 'loose'))).status).toBe(204);
  expect(await own.ended).toBe(1);
  expect(own.output()).toContain('loose');
  expect(own.output()).not.toContain('notAwaited');
});

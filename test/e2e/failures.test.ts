import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DeadLetter } from '../../src/ports/store';
import { conversationKey } from '../../src/turn/keys';
import { type Behaviour, type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { Channel } from './support/channel';
import { endAllRunners, type RunnerProcess, startRunner, until } from './support/runner';
import { Workspace } from './support/workspace';

/* Turns and deliveries that fail: the numbers are those that bots get, but for shorter pauses. */

const OPTIONS = { attemptBackoffMs: [200, 600, 1_000], deliveryBackoffMs: [300, 600] };

const workspace = new Workspace();
let connector: FakeConnector;
let channel: Channel;
let runner: RunnerProcess;

beforeAll(async () => {
  connector = await startFakeConnector();
  channel = new Channel(connector, 'failures');
  runner = await startRunner('scripted', { ...workspace.env, E2E_OPTIONS: JSON.stringify(OPTIONS) });
});

afterAll(async () => {
  await runner?.stop();
  await endAllRunners();
  await connector?.close();
  await workspace.remove();
});

async function deadLettersOf(conversation: string): Promise<DeadLetter[]> {
  const all = await workspace.store.deadLetters.list(100);
  return all.filter((letter) => letter.conversation === conversationKey('test', conversation));
}

const starts = (conversation: string): number[] => workspace.journal('start', conversation).map(({ at }) => at);

describe('a handler', () => {
  test('that fails twice runs a third time, after growing pauses, and its messages are sent once', async () => {
    await channel.script(runner.url, 'twice', [['count'], ['failUntilAttempt', 3], ['reply', 'at last']]);
    await channel.script(runner.url, 'twice', [['count']]);
    expect(await channel.texted('twice', 3)).toEqual(['1', 'at last', '2']);
    const [first = 0, second = 0, third = 0, next] = starts('twice');
    expect(second - first).toBeGreaterThanOrEqual(200);
    expect(third - second).toBeGreaterThanOrEqual(600);
    expect(next).toBeGreaterThanOrEqual(third);
    expect(workspace.journal('start', 'twice').map(({ attempt }) => attempt)).toEqual([1, 2, 3, 1]);
    expect(workspace.journal('turnError', 'twice')).toEqual([]);
  });

  test('that always fails ends as a dead letter, with an apology, and the conversation goes on', async () => {
    await channel.script(runner.url, 'always', [['reply', 'never seen'], ['count'], ['failUntilAttempt', 100]]);
    await channel.script(runner.url, 'always', [['count']]);
    expect(await channel.texted('always', 2, 20_000)).toEqual(['Sorry.', '1']);
    expect(workspace.journal('start', 'always').map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 1]);
    expect(workspace.journal('turnError', 'always')).toHaveLength(1);
    expect(await deadLettersOf('always')).toMatchObject([
      { attempts: 4, reason: { message: 'This attempt is meant to fail.' }, dead: { kind: 'activity' } },
    ]);
  });
});

describe('a channel that does not take a message', () => {
  const ONCE: readonly (readonly [name: string, trouble: Behaviour, atLeastMs: number])[] = [
    ['asks for a second', { kind: 'answer', status: 429, headers: { 'retry-after': '2' }, body: {} }, 2_000],
    ['breaks', { kind: 'answer', status: 500, body: {} }, 300],
    ['is being replaced', { kind: 'answer', status: 503, headers: { 'retry-after': '1' }, body: {} }, 1_000],
    ['hangs up', { kind: 'reset' }, 300],
    ['does not answer', { kind: 'hang' }, 5_000],
  ];

  test('gets it again later, after what is before it and before what is behind it, and no handler runs again', async () => {
    const troubled = new Map(ONCE.map(([name, trouble]) => [name, trouble]));
    connector.onCall((call) => {
      const trouble = troubled.get(call.conversationId ?? '');
      if (trouble === undefined || call.body?.text !== 'two') return undefined;
      troubled.delete(call.conversationId ?? '');
      return trouble;
    });
    for (const [conversation] of ONCE) {
      await channel.script(
        runner.url,
        conversation,
        ['one', 'two', 'three'].map((text) => ['reply', text]),
      );
      await channel.script(runner.url, conversation, [['reply', 'four']]);
    }
    for (const [conversation, trouble, atLeastMs] of ONCE) {
      // What was taken and not answered may have been seen, and is sent again: that is the one way to see something twice.
      const twice = trouble.kind === 'reset' || trouble.kind === 'hang';
      const texts = ['one', ...(twice ? ['two'] : []), 'two', 'three', 'four'];
      expect(await channel.texted(conversation, texts.length, 20_000)).toEqual(texts);
      const calls = connector.callsOf(conversation);
      expect(calls.map(({ body }) => body?.text)).toEqual(['one', 'two', 'two', 'three', 'four']);
      expect((calls[2]?.at ?? 0) - (calls[1]?.at ?? 0)).toBeGreaterThanOrEqual(atLeastMs);
      expect(starts(conversation)).toHaveLength(2);
      expect(await deadLettersOf(conversation)).toEqual([]);
    }
  });

  test('and never will: the message is a dead letter that the bot is told of, and later ones go on', async () => {
    connector.onCall((call) =>
      call.conversationId === 'blocked' && call.body?.text === 'two'
        ? { kind: 'answer', status: 403, body: { error: { code: 'BotNotInConversationRoster' } } }
        : undefined,
    );
    await channel.script(
      runner.url,
      'blocked',
      ['one', 'two', 'three'].map((text) => ['reply', text]),
    );
    await channel.script(runner.url, 'blocked', [['reply', 'four']]);
    expect(await channel.texted('blocked', 3)).toEqual(['one', 'three', 'four']);
    expect(connector.callsOf('blocked')).toHaveLength(4);
    expect(starts('blocked')).toHaveLength(2);
    expect(workspace.journal('deliveryFailed')).toMatchObject([
      { conversation: conversationKey('test', 'blocked'), code: 'Rejected403' },
    ]);
    expect(await deadLettersOf('blocked')).toMatchObject([
      { reason: { code: 'Rejected403' }, dead: { kind: 'effect' } },
    ]);
  });

  test('for a while: what a handler sends meanwhile waits in order', async () => {
    let down = true;
    connector.onCall((call) =>
      call.conversationId === 'down' && down ? { kind: 'answer', status: 502, body: {} } : undefined,
    );
    for (const text of ['one', 'two', 'three']) await channel.script(runner.url, 'down', [['reply', text]]);
    await connector.until(() => connector.callsOf('down').length >= 3);
    expect(new Set(connector.callsOf('down').map(({ body }) => body?.text))).toEqual(new Set(['one']));
    down = false;
    expect(await channel.texted('down', 3)).toEqual(['one', 'two', 'three']);
    expect(starts('down')).toHaveLength(3);
  });
});

test('nothing is left to do', async () => {
  await until(async () => (await workspace.store.inspection.busy(1)).length === 0, 10_000);
});

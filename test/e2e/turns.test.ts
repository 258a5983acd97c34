import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { Channel, post } from './support/channel';
import { endAllRunners, type RunnerProcess, startRunner, until } from './support/runner';
import { Workspace } from './support/workspace';

/* What users and channels see of turns that go well: a bot that does what the messages tell it, with a small backlog. */

const BACKLOG = 25;

const workspace = new Workspace();
let connector: FakeConnector;
let channel: Channel;
let runner: RunnerProcess;

beforeAll(async () => {
  connector = await startFakeConnector();
  channel = new Channel(connector, 'turns');
  const options = JSON.stringify({ backlogLimit: BACKLOG });
  runner = await startRunner('scripted', { ...workspace.env, E2E_OPTIONS: options });
});

afterAll(async () => {
  await runner?.stop();
  await endAllRunners();
  await connector?.close();
  await workspace.remove();
});

const started = (conversation: string): number => workspace.journal('start', conversation).length;
const ended = (conversation: string): number => workspace.journal('end', conversation).length;
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('the acknowledgement', () => {
  test('does not wait for a handler that takes 20 s', async () => {
    const { ms } = await channel.script(runner.url, 'twenty seconds', [
      ['sleep', 20_000],
      ['reply', 'done'],
    ]);
    expect(ended('twenty seconds')).toBe(0);
    console.log(`acknowledged in ${ms.toFixed(1)} ms, with a handler of 20 s to come`);
    // Its answer is looked for by the last test of this file: there is enough to do meanwhile.
  });

  test('does not wait for the handler of an earlier message', async () => {
    await channel.script(runner.url, 'slow', [
      ['gate', 'slow'],
      ['reply', 'first'],
    ]);
    await until(() => started('slow') === 1, 5_000);
    const acks: number[] = [];
    for (const n of range(20)) acks.push((await channel.script(runner.url, 'slow', [['reply', `next ${n}`]])).ms);
    await channel.script(runner.url, 'not slow', [['reply', 'at once']]);
    await channel.texted('not slow', 1);
    expect(ended('slow')).toBe(0);
    workspace.open('slow');
    expect(await channel.texted('slow', 21)).toEqual(['first', ...range(20).map((n) => `next ${n}`)]);
    acks.sort((a, b) => a - b);
    console.log(
      `acknowledged behind a running turn: median ${acks[10]?.toFixed(1)} ms, slowest ${acks[19]?.toFixed(1)} ms`,
    );
  });
});

describe('replies', () => {
  test('leave together when the turn commits', async () => {
    await channel.script(runner.url, 'commit', [
      ['reply', 'one'],
      ['sleep', 300],
      ['reply', 'two'],
    ]);
    expect(await channel.texted('commit', 2)).toEqual(['one', 'two']);
    const [end] = workspace.journal('end', 'commit');
    expect(connector.callsOf('commit').every(({ at }) => at >= (end?.at ?? Number.POSITIVE_INFINITY))).toBe(true);
  });

  test('of a turn that goes on for longer than a second are on their way before it ends', async () => {
    await channel.script(runner.url, 'please wait', [
      ['reply', 'please wait'],
      ['sleep', 3_000],
      ['reply', 'done'],
    ]);
    expect(await channel.texted('please wait', 1)).toEqual(['please wait']);
    expect(ended('please wait')).toBe(0);
    expect(await channel.texted('please wait', 2)).toEqual(['please wait', 'done']);
    expect(ended('please wait')).toBe(1);
  });

  test('leave at a flush', async () => {
    await channel.script(runner.url, 'flush', [['reply', 'now'], ['flush'], ['gate', 'flush'], ['reply', 'then']]);
    expect(await channel.texted('flush', 1)).toEqual(['now']);
    workspace.open('flush');
    expect(await channel.texted('flush', 2)).toEqual(['now', 'then']);
  });

  test('that were flushed are not sent again by the next attempt', async () => {
    await channel.script(runner.url, 'flushed', [
      ['reply', 'once'],
      ['flush'],
      ['failUntilAttempt', 2],
      ['reply', 'done'],
    ]);
    expect(await channel.texted('flushed', 2)).toEqual(['once', 'done']);
    expect(started('flushed')).toBe(2);
    expect(connector.callsOf('flushed')).toHaveLength(2);
  });

  test('come after the typing indicator that went before them', async () => {
    await channel.script(runner.url, 'typing', [['typing'], ['gate', 'typing'], ['reply', 'written']]);
    await connector.until(() => connector.callsOf('typing').length === 1);
    expect(connector.shown('typing')).toMatchObject([{ type: 'typing' }]);
    workspace.open('typing');
    await channel.texted('typing', 1);
    expect(connector.shown('typing')).toMatchObject([{ type: 'typing' }, { type: 'message', text: 'written' }]);
  });

  test('keep every field, those of entities too', async () => {
    const entities = [
      { type: 'streaminfo', streamId: 's-1', streamType: 'streaming', streamSequence: 2 },
      {
        type: 'https://schema.org/Message',
        '@type': 'Message',
        citation: [{ '@type': 'Claim', position: 1, appearance: { '@type': 'DigitalDocument', name: 'A source' } }],
        additionalType: ['AIGeneratedContent'],
      },
      { type: 'mention', text: '<at>User</at>', mentioned: { id: 'u', name: 'User', role: 'user', extra: true } },
    ];
    const activity = {
      type: 'message',
      text: 'cited',
      entities,
      channelData: { own: { deep: [1, null] } },
      unheardOf: 1,
    };
    await channel.script(runner.url, 'fields', [['send', activity]]);
    await channel.texted('fields', 1);
    expect(connector.shown('fields')).toMatchObject([activity]);
    expect(connector.shown('fields')[0]?.entities).toEqual(entities);
  });
});

describe('a message that was sent in an earlier turn', () => {
  test('is updated and deleted under the id that the channel gave it, and recognised in a reply to it', async () => {
    const conversation = 'a:1 äö|%2F';
    await channel.script(runner.url, conversation, [
      ['sendAndKeep', 'first', 'one'],
      ['sendAndKeep', 'second', 'two'],
    ]);
    await channel.texted(conversation, 2);
    const [one, two] = connector.callsOf(conversation).map(({ id }) => id);
    await channel.script(runner.url, conversation, [['update', 'one', 'first, changed']]);
    await channel.script(runner.url, conversation, [['remove', 'two']]);
    await channel.script(runner.url, conversation, [['isReplyTo', 'one']], { replyToId: one });
    await channel.texted(conversation, 3);
    const calls = connector.callsOf(conversation).slice(2);
    expect(calls.map(({ method, activityId }) => [method, activityId])).toEqual([
      ['PUT', one],
      ['DELETE', two],
      ['POST', expect.anything()],
    ]);
    expect(calls[0]?.body).toMatchObject({ id: one, type: 'message', text: 'first, changed' });
    expect(calls[2]?.body).toMatchObject({ text: 'yes' });
  });
});

describe('a mailbox', () => {
  test('takes a message of 300 KB, and lets go of it', async () => {
    const text = 'ä'.repeat(150_000);
    await channel.script(runner.url, 'large', [['length'], ['reply', text]], { text });
    expect(await channel.texted('large', 2)).toEqual(['150000 characters', text]);
  });

  test('that is full says when to come again, and takes nothing more until there is room', async () => {
    await channel.script(runner.url, 'full', [['gate', 'full']]);
    await until(() => started('full') === 1, 5_000);
    for (const n of range(BACKLOG - 1)) await channel.script(runner.url, 'full', [['reply', `${n}`]]);
    const refused = channel.message('full', { value: [['reply', 'late']] });
    const answer = await post(runner.url, refused);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(JSON.parse(answer.text)).toEqual({ error: { code: 'BacklogFull', message: expect.any(String) } });
    workspace.open('full');
    await channel.texted('full', BACKLOG - 1);
    expect((await post(runner.url, refused)).status).toBe(200);
    expect(await channel.texted('full', BACKLOG)).toEqual([...range(BACKLOG - 1).map(String), 'late']);
  });
});

test('the handler of 20 s has run once, and its answer has arrived', async () => {
  expect(await channel.texted('twenty seconds', 1, 25_000)).toEqual(['done']);
  expect(started('twenty seconds')).toBe(1);
  await until(async () => (await workspace.store.inspection.busy(1)).length === 0, 10_000);
});

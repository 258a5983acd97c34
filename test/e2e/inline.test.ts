import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { conversationKey } from '../../src/turn/keys';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { type Answer, Channel, post, type Step } from './support/channel';
import { endAllRunners, startRunner, until } from './support/runner';
import { Workspace } from './support/workspace';

/* What is answered inside the HTTP response, beside turns that are queued, and messages that are shown while they are written. */

let connector: FakeConnector;
let channel: Channel;
const workspaces: Workspace[] = [];

beforeAll(async () => {
  connector = await startFakeConnector();
  channel = new Channel(connector, 'inline');
});

afterAll(async () => {
  await endAllRunners();
  await connector?.close();
  await Promise.all(workspaces.map((made) => made.remove()));
});

/** Starts runners that take turns on one folder. */
function lives(env: Readonly<Record<string, string>> = {}) {
  const workspace = new Workspace();
  workspaces.push(workspace);
  const start = (further: Readonly<Record<string, string>> = {}) =>
    startRunner('scripted', { ...workspace.env, ...env, ...further });
  return { workspace, start };
}

const options = (different: object): Readonly<Record<string, string>> => ({ E2E_OPTIONS: JSON.stringify(different) });

const SHORT_LEASE = { E2E_LEASE_MS: '3000', E2E_OPTIONS: JSON.stringify({ renewMs: 1_000, deliveryLimitMs: 2_000 }) };

/** By now a turn has left a bell in the queue for the end of its lease. Of one that dies earlier only the sweep knows. */
const BELL_LEFT_MS = 900;

/** How long the turn takes beside which an invoke is answered. */
const QUEUED_MS = Number(process.env.E2E_QUEUED_MS ?? 6_000);

const invoke = (conversation: string, steps: readonly Step[], different: Readonly<Record<string, unknown>> = {}) =>
  channel.message(conversation, { type: 'invoke', name: 'test/do', value: steps, ...different });

const bodyOf = ({ text }: Answer): unknown => JSON.parse(text);

async function stateOf({ store }: Workspace, conversation: string, channelId = 'test'): Promise<unknown> {
  const found = await store.inspection.conversation(conversationKey(channelId, conversation));
  return found?.states.get('conversation')?.data;
}

const nothingLeft = ({ store }: Workspace): Promise<void> =>
  until(async () => (await store.inspection.busy(1)).length === 0, 15_000);

describe('an invoke beside a queued turn of six seconds, two leases long', () => {
  test.each([
    ['that touches other state runs while that one goes on', 'other', 1, { mine: 1, other: 1 }],
    ['that touches the same state has that one run again', 'mine', 2, { mine: 2 }],
  ])(
    '%s, and both keep their changes',
    async (what, property, runs, state) => {
      const { workspace, start } = lives(SHORT_LEASE);
      const runner = await start();
      await channel.script(runner.url, what, [
        ['add', 'mine'],
        ['sleep', QUEUED_MS],
        ['reply', 'done'],
      ]);
      await until(() => workspace.journal('start').length === 1, 5_000);
      const answer = await post(
        runner.url,
        invoke(what, [
          ['sleep', 300],
          ['add', property],
          ['answer', property],
        ]),
      );
      console.log(
        `an invoke with a handler of 300 ms was answered in ${answer.ms.toFixed(0)} ms beside a turn of ${QUEUED_MS} ms`,
      );
      expect(answer.status).toBe(200);
      expect(bodyOf(answer)).toEqual({ [property]: 1 });
      expect(answer.ms).toBeLessThan(QUEUED_MS / 2);
      expect(channel.texts(what)).toEqual([]);
      expect(await channel.texted(what, 1, 15_000 + runs * QUEUED_MS)).toEqual(['done']);
      await nothingLeft(workspace);
      expect(await stateOf(workspace, what)).toEqual(state);
      expect(workspace.journal('start').length).toBe(runs + 1);
      await runner.stop();
    },
    30_000 + 3 * QUEUED_MS,
  );
});

test('an invoke that comes twice at once, later, and after a restart gets one answer and is done once', async () => {
  const { workspace, start } = lives();
  const runner = await start();
  const activity = invoke('twice', [
    ['sleep', 400],
    ['add', 'n'],
    ['reply', 'done'],
    ['answer', 'n'],
  ]);
  const together = await Promise.all([post(runner.url, activity), post(runner.url, activity)]);
  const later = await post(runner.url, activity);
  await nothingLeft(workspace);
  await runner.stop();
  const next = await start();
  const afterwards = await post(next.url, activity);
  for (const answer of [...together, later, afterwards]) {
    expect([answer.status, bodyOf(answer)]).toEqual([200, { n: 1 }]);
  }
  await nothingLeft(workspace);
  expect(workspace.journal('start').length).toBe(1);
  expect(await stateOf(workspace, 'twice')).toEqual({ n: 1 });
  expect(channel.texts('twice')).toEqual(['done']);
  await next.stop();
});

test('an invoke whose handler takes too long is answered in time, and done by a queued turn', async () => {
  const { workspace, start } = lives(options({ inlineDeadlineMs: 700 }));
  const runner = await start();
  const activity = invoke(
    'late',
    [
      ['sleep', 2_000],
      ['add', 'n'],
      ['reply', 'the answer'],
    ],
    { name: 'task/submit' },
  );
  const answer = await post(runner.url, activity);
  console.log(`with a deadline of 700 ms, the answer came after ${answer.ms.toFixed(0)} ms`);
  expect(answer.ms).toBeLessThan(2_000);
  expect([answer.status, bodyOf(answer)]).toEqual([200, { task: { type: 'message', value: expect.any(String) } }]);
  expect(bodyOf(await post(runner.url, activity))).toEqual(bodyOf(answer));
  expect(await channel.texted('late', 1)).toEqual(['the answer']);
  await nothingLeft(workspace);
  expect(await stateOf(workspace, 'late')).toEqual({ n: 1 });
  expect(channel.texts('late')).toEqual(['the answer']);
  await runner.stop();
});

test('an activity that expects its replies gets them in the response; too late, they are sent', async () => {
  const { workspace, start } = lives(options({ inlineDeadlines: { slow: 500 } }));
  const runner = await start();
  const different = { deliveryMode: 'expectReplies' };
  const steps = [['reply', 'one'], ['typing'], ['reply', 'two'], ['add', 'n']];
  const answer = await post(runner.url, channel.message('replies', { ...different, value: steps }));
  expect(answer.status).toBe(200);
  expect(bodyOf(answer)).toMatchObject({
    activities: [{ type: 'message', text: 'one' }, { type: 'typing' }, { type: 'message', text: 'two' }],
  });
  const slowly = channel.message('slow', { ...different, name: 'slow', value: [['sleep', 1_500], ...steps] });
  expect(bodyOf(await post(runner.url, slowly))).toEqual({ activities: [] });
  expect(await channel.texted('slow', 2)).toEqual(['one', 'two']);
  await nothingLeft(workspace);
  expect(connector.callsOf('replies')).toEqual([]);
  expect(await stateOf(workspace, 'replies')).toEqual({ n: 1 });
  await runner.stop();
});

test('an invoke whose runner is killed right after the answer is done once, and what it sent arrives once', async () => {
  const { workspace, start } = lives(SHORT_LEASE);
  const runner = await start();
  const activity = invoke('killed', [
    ['add', 'n'],
    ['reply', 'from the outbox'],
    ['answer', 'n'],
  ]);
  // What leaves before the end is turned away: whether the user has seen it must not depend on who is faster.
  let alive = true;
  connector.onCall(() => (alive ? { kind: 'answer', status: 429 } : undefined));
  const answer = await post(runner.url, activity);
  runner.signal('SIGKILL');
  expect([answer.status, bodyOf(answer)]).toEqual([200, { n: 1 }]);
  await runner.ended;
  alive = false;
  const next = await start();
  expect(bodyOf(await post(next.url, activity))).toEqual({ n: 1 });
  expect(await channel.texted('killed', 1, 25_000)).toEqual(['from the outbox']);
  await nothingLeft(workspace);
  expect(await stateOf(workspace, 'killed')).toEqual({ n: 1 });
  expect(workspace.journal('start').length).toBe(1);
  expect(channel.texts('killed')).toEqual(['from the outbox']);
  await next.stop();
});

test('an invoke whose runner is killed while its handler runs is done once, when it is delivered again', async () => {
  const { workspace, start } = lives(options({ inlineDeadlineMs: 2_000, acceptLimitMs: 1_000 }));
  const runner = await start();
  const activity = invoke('cut short', [
    ['add', 'n'],
    ['reply', 'done'],
    ['gate', 'cut short'],
    ['answer', 'n'],
  ]);
  const outcome = post(runner.url, activity).then(
    () => 'answered',
    () => 'broken',
  );
  await until(() => workspace.journal('start').length === 1, 5_000);
  runner.signal('SIGKILL');
  await runner.ended;
  expect(await outcome).toBe('broken');
  workspace.open('cut short');
  // What is left of the claim keeps the next delivery waiting: its own deadline is longer than that.
  const next = await start(options({ inlineDeadlineMs: 20_000 }));
  const answer = await post(next.url, activity);
  expect([answer.status, bodyOf(answer)]).toEqual([200, { n: 1 }]);
  expect(await channel.texted('cut short', 1)).toEqual(['done']);
  await nothingLeft(workspace);
  expect(await stateOf(workspace, 'cut short')).toEqual({ n: 1 });
  expect(channel.texts('cut short')).toEqual(['done']);
  await next.stop();
});

/** Stream and kind of the pieces that a conversation was sent, with their texts. */
const pieces = (conversation: string): unknown[] =>
  connector.callsOf(conversation).map(({ body }) => {
    const [info] = (body?.entities ?? []) as { streamId?: string; streamType?: string }[];
    return [info?.streamId, info?.streamType, body?.text];
  });

test('a message is shown while it is written, once a second, and is then there as a whole', async () => {
  const { workspace, start } = lives();
  const runner = await start();
  const words = Array.from({ length: 25 }, (_, index) => `${index} `);
  await channel.script(
    runner.url,
    'growing',
    [
      ['inform', 'Thinking…'],
      ['sleep', 1_200],
      ...words.flatMap((word): Step[] => [
        ['append', word],
        ['sleep', 100],
      ]),
    ],
    { channelId: 'webchat' },
  );
  await channel.texted('growing', 1);
  await nothingLeft(workspace);
  const calls = connector.callsOf('growing');
  const id = calls[0]?.id;
  expect(pieces('growing')[0]).toEqual([undefined, 'informative', 'Thinking…']);
  expect(
    pieces('growing')
      .slice(1, -1)
      .map((piece) => (piece as unknown[]).slice(0, 2)),
  ).toEqual(Array(calls.length - 2).fill([id, 'streaming']));
  expect(pieces('growing').at(-1)).toEqual([id, 'final', words.join('')]);
  expect(calls.length).toBeGreaterThanOrEqual(4);
  expect(calls.length).toBeLessThanOrEqual(6);
  const pauses = calls.slice(1).map(({ at }, index) => at - (calls[index]?.at ?? 0));
  console.log(`25 words in 2.5 s made ${calls.length} calls, ${pauses.join(', ')} ms apart`);
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(950);
  await runner.stop();
});

test.each([
  ['webchat', {}],
  ['msteams', { conversationType: 'personal' }],
])(
  'a message whose runner is killed while it is written on %s ends once, in the same stream',
  async (channelId, kind) => {
    const { workspace, start } = lives(SHORT_LEASE);
    const conversation = `cut short on ${channelId}`;
    const runner = await start();
    await channel.script(
      runner.url,
      conversation,
      [
        ['inform', 'Thinking…'],
        ['sleep', 1_200],
        ['append', 'Half of '],
        ['gate', channelId],
        ['append', 'the answer.'],
      ],
      { channelId, conversation: { id: conversation, ...kind } },
    );
    await connector.until(() => connector.callsOf(conversation).length === 2);
    await sleep(BELL_LEFT_MS);
    runner.signal('SIGKILL');
    await runner.ended;
    workspace.open(channelId);
    const id = connector.callsOf(conversation)[0]?.id;
    expect(channel.texts(conversation)).toEqual([]);

    const next = await start();
    expect(await channel.texted(conversation, 1, 25_000)).toEqual(['Half of the answer.']);
    await nothingLeft(workspace);
    expect(channel.texts(conversation)).toEqual(['Half of the answer.']);
    expect(pieces(conversation).at(-1)).toEqual([id, 'final', 'Half of the answer.']);
    const streams = new Set(pieces(conversation).map((piece) => (piece as unknown[])[0]));
    expect([...streams]).toEqual([undefined, id]);
    await next.stop();
  },
);

import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '../../src/runtime/system';
import type { Activity } from '../../src/schema/activity';
import { createSqliteStore } from '../../src/sqlite/sqlite-store';
import { activityKey, conversationKey } from '../../src/turn/keys';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { Channel, post } from './support/channel';
import { endAllRunners, type RunnerProcess, startRunner, until } from './support/runner';
import { Workspace } from './support/workspace';

/* An app whose timer never goes off. A sweep counts as missed after three seconds here, and not after five minutes. */

const workspace = new Workspace();
let connector: FakeConnector;
let channel: Channel;
let runner: RunnerProcess;

beforeAll(async () => {
  connector = await startFakeConnector();
  channel = new Channel(connector, 'no-timer');
  runner = await startRunner('scripted', {
    ...workspace.env,
    E2E_SWEEP: '0 0 0 1 1 *',
    E2E_OPTIONS: JSON.stringify({ missedSweepMs: 3_000 }),
  });
});

afterAll(async () => {
  await runner?.stop();
  await endAllRunners();
  await connector?.close();
  await workspace.remove();
});

/** Accepts a message as a process does that dies before it can ring. */
async function leaveBehind(conversation: string, text: string): Promise<void> {
  const activity = channel.message(conversation, { value: [['reply', text]] }) as unknown as Activity;
  const entry = {
    key: activityKey('f'.repeat(32)),
    body: { inline: activity, bytes: JSON.stringify(activity).length },
  };
  expect(await workspace.store.mailbox.accept(conversationKey('test', conversation), entry, [], 10)).toBe('accepted');
}

const isOverdue = async (conversation: string): Promise<boolean> =>
  (await workspace.store.mailbox.overdue(10)).includes(conversationKey('test', conversation));

/** Records a sweep of the timer as one that ended eleven minutes ago. */
async function recordEarlierSweep(): Promise<void> {
  const clock = { ...systemClock, now: () => Date.now() - 11 * 60_000 };
  const store = createSqliteStore({ file: path.join(workspace.data, 'turnwise.db'), clock });
  await store.sweeps.ended('timer');
  await store.close();
}

test('what was left behind is answered when somebody else writes to the bot, and health says that the timer has stopped', async () => {
  await recordEarlierSweep();
  await channel.script(runner.url, 'other', [['reply', 'first']]);
  expect(await channel.texted('other', 1)).toEqual(['first']);
  await leaveBehind('left', 'at last');
  await until(() => isOverdue('left'), 15_000);
  expect(channel.texts('left')).toEqual([]);
  await channel.script(runner.url, 'other', [['reply', 'second']]);
  expect(await channel.texted('left', 1)).toEqual(['at last']);
  expect(await channel.texted('other', 2)).toEqual(['first', 'second']);
  await until(async () => (await workspace.store.sweeps.last())?.by === 'invocation', 5_000);
  const { status, text } = await post(runner.url.replace('messages', 'health'), '', { method: 'GET' });
  expect(status).toBe(200);
  expect(JSON.parse(text)).toMatchObject({
    status: 'ok',
    lastSweep: expect.stringMatching(/^\d{4}-/),
    warnings: ['SweepMissed'],
  });
  await until(() => runner.output().includes('sweptForTimer'), 5_000);
});

import { describe, expect, jest, test } from '@jest/globals';
import { ConversationState } from '../../src/bot/conversation-state';
import { PrivateConversationState } from '../../src/bot/private-conversation-state';
import type { TurnContext } from '../../src/bot/turn-context';
import { UserState } from '../../src/bot/user-state';
import { type CrashPoint, TestAdapter } from '../../src/testing/index';

const count = new ConversationState().createProperty<number>('count');
const visits = new UserState().createProperty<number>('visits');

/** Counts in the conversation and for the user, takes one step, and flushes in the middle: comes to every point there is. */
function counter(): { adapter: TestAdapter; runs: number[]; steps: number[] } {
  const runs: number[] = [];
  const steps: number[] = [];
  const adapter = new TestAdapter(async (context: TurnContext) => {
    runs.push(context.attempt);
    const next = (await count.get(context, 0)) + 1;
    await count.set(context, next);
    await visits.set(context, (await visits.get(context, 0)) + 1);
    await context.step('once', () => steps.push(context.attempt));
    await context.sendActivity(`first ${next}`);
    await context.flush();
    await context.sendActivity(`then ${next}, visit ${await visits.get(context)}`);
  });
  return { adapter, runs, steps };
}

test('an activity delivered again does nothing', async () => {
  const { adapter, runs } = counter();
  await adapter
    .test('a', 'first 1')
    .assertReply('then 1, visit 1')
    .redeliver()
    .assertNoReply()
    .test('b', 'first 2')
    .redeliver()
    .redeliver()
    .assertReply('then 2, visit 2')
    .assertNoReply();
  expect(runs).toEqual([1, 1]);
  await expect(new TestAdapter().redeliver()).rejects.toThrow('nothing was delivered yet');
});

describe('a worker that dies before', () => {
  test.each<[CrashPoint, { runs: number[]; steps: number[] }]>([
    ['run', { runs: [2], steps: [2] }],
    ['step', { runs: [1, 2], steps: [1, 2] }],
    ['flush', { runs: [1, 2], steps: [1] }],
    ['deliver', { runs: [1, 2], steps: [1] }],
    ['commit', { runs: [1, 2], steps: [1] }],
    ['fold', { runs: [1], steps: [1] }],
  ])('%s leaves what another completes', async (point, expected) => {
    const { adapter, runs, steps } = counter();
    const started = performance.now();
    await adapter
      .crashBefore(point)
      .test('a', 'first 1')
      .assertReply('then 1, visit 1')
      .assertNoReply()
      .redeliver()
      .assertNoReply();
    expect(performance.now() - started).toBeLessThan(1_000);
    expect({ runs, steps }).toEqual(expected);
    await adapter.test('b', 'first 2').assertReply('then 2, visit 2');
  });

  test('mark shows the reply that was under way twice, and no other', async () => {
    const { adapter, runs } = counter();
    await adapter.test('a', 'first 1').assertReply('then 1, visit 1').crashBefore('mark').send('b');
    expect(adapter.activeQueue.map(({ text }) => text)).toEqual(['first 2', 'first 2', 'then 2, visit 2']);
    expect(runs).toEqual([1, 1, 2]);
  });

  test('mark does not, with the policy that would rather lose it', async () => {
    const bot = async (context: TurnContext) => context.sendActivity('reply');
    const adapter = new TestAdapter(bot, {}, false, { runtime: { inDoubt: 'skip' } });
    await adapter.crashBefore('mark').test('a', 'reply').assertNoReply();
  });

  test('several points leaves what the last completes', async () => {
    const { adapter, runs } = counter();
    await adapter.crashBefore('run').crashBefore('commit').crashBefore('fold').test('a', 'first 1');
    expect(runs).toEqual([2, 3]);
    expect(adapter.activeQueue.map(({ text }) => text)).toEqual(['then 1, visit 1']);
  });

  test('the commit every time is a worker that the activity kills', async () => {
    const adapter = new TestAdapter(async () => void adapter.crashBefore('commit'));
    await expect(adapter.processActivity('a')).rejects.toMatchObject({ code: 'WorkerDied' });
  });

  test('the commit of an invoke leaves it to the next delivery', async () => {
    const adapter = new TestAdapter(async (context) => {
      const next = (await count.get(context, 0)) + 1;
      await count.set(context, next);
      await context.sendActivity({ type: 'invokeResponse', value: { status: 200, body: next } });
    });
    const invoke = { type: 'invoke', name: 'any' };
    await adapter
      .crashBefore('commit')
      .test(invoke, { type: 'invokeResponse', value: { status: 200, body: 1 } })
      .conflict()
      .test(invoke, { type: 'invokeResponse', value: { status: 200, body: 2 } })
      .assertNoReply();
  });

  test('a point that the turn never comes to fails the test', async () => {
    const adapter = new TestAdapter(async () => undefined);
    await expect(adapter.crashBefore('deliver').processActivity('a')).rejects.toThrow("crashBefore('deliver')");
    await adapter.processActivity('b');
  });
});

describe('a conflict', () => {
  const privately = new PrivateConversationState().createProperty<number>('count');

  test.each([
    ['the conversation', count],
    ['the user', visits],
    ['the user in the conversation', privately],
  ])('in the state of %s runs the handler again on fresh state', async (_whose, property) => {
    let runs = 0;
    const adapter = new TestAdapter(async (context) => {
      runs += 1;
      const next = (await property.get(context, 0)) + 1;
      await property.set(context, next);
      await context.sendActivity(`${next}`);
    });
    await adapter.test('a', '1').conflict().test('b', '2').assertNoReply().test('c', '3');
    expect(runs).toBe(4);
  });

  test('does not count as an attempt', async () => {
    const { adapter, runs } = counter();
    await adapter.conflict().conflict().test('a', 'first 1').assertReply('then 1, visit 1').assertNoReply();
    expect(runs).toEqual([1, 1, 1]);
  });

  test('is impossible in a turn that touches no state, which fails the test', async () => {
    const adapter = new TestAdapter(async () => undefined);
    await expect(adapter.conflict().processActivity('a')).rejects.toThrow('touched no state');
  });
});

test('nothing is left that would keep a process alive', async () => {
  const before = process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
  const { adapter } = counter();
  await adapter.crashBefore('commit').send('a').send('b').conflict().send('c');
  expect(process.getActiveResourcesInfo().filter((each) => each === 'Timeout')).toHaveLength(before);
});

test('a test may replace the timers, and the time', async () => {
  jest.useFakeTimers({ now: Date.UTC(2030, 0, 1) });
  try {
    const { adapter } = counter();
    await adapter.crashBefore('commit').test('a', 'first 1').assertReply('then 1, visit 1').assertNoReply();
    jest.setSystemTime(Date.UTC(2031, 0, 1));
    await adapter.conflict().test('b', 'first 2').assertReply('then 2, visit 2');
  } finally {
    jest.useRealTimers();
  }
});

test('a step that sends or changes state fails the test that runs it, the first time', async () => {
  const count = new ConversationState().createProperty<number>('count');
  for (const effect of [
    (context: TurnContext) => context.sendActivity('no'),
    (context: TurnContext) => context.sendActivity({ type: 'typing' }),
    (context: TurnContext) => context.sendActivity({ type: 'invokeResponse', value: { status: 200 } }),
    (context: TurnContext) => count.set(context, 1),
  ]) {
    const adapter = new TestAdapter(
      async (context) => void (await context.step('s', async () => void (await effect(context)))),
    );
    await expect(adapter.processActivity('go')).rejects.toMatchObject({ code: 'StepHasEffects' });
    expect(adapter.activeQueue).toEqual([]);
  }
});

import { describe, expect, test } from '@jest/globals';
import { ActivityHandler } from '../../src/bot/activity-handler';
import type { Bot } from '../../src/bot/bot';
import { ConversationState } from '../../src/bot/conversation-state';
import type { TurnContext } from '../../src/bot/turn-context';
import { UserState } from '../../src/bot/user-state';
import { DEFAULT_OPTIONS } from '../../src/runtime/options';
import type { Runtime } from '../../src/runtime/runtime';
import { answerRing, CONVERSATION, createPipeline, type Pipeline } from './pipeline';
import { postTo } from './posting';

const state = new ConversationState();
const count = state.createProperty<number>('count');
const other = state.createProperty<number>('other');

const post = (runtime: Runtime, different: Record<string, unknown>) =>
  postTo(runtime, { name: 'test/add', ...different });

async function add(context: TurnContext): Promise<number> {
  const next = (await count.get(context, 0)) + 1;
  await count.set(context, next);
  return next;
}

const invokeResponse = (context: TurnContext, body: unknown) =>
  context.sendActivity({ type: 'invokeResponse', value: { status: 200, body } });

const adding: Bot = async (context) => {
  await invokeResponse(context, { count: await add(context) });
};

const stateOf = async ({ store }: Pipeline) => (await store.turns.readState(CONVERSATION, 'conversation')).data;

describe('an invoke', () => {
  test('is answered with what its handler says, and its state is kept', async () => {
    const pipeline = createPipeline();
    const runtime = pipeline.worker(adding);
    expect(await post(runtime, {})).toEqual({ status: 200, body: { count: 1 } });
    expect(await post(runtime, { id: 'i-2' })).toEqual({ status: 200, body: { count: 2 } });
    expect(await stateOf(pipeline)).toEqual({ count: 2 });
    expect(pipeline.rings).toEqual([]);
  });

  test('that nobody handles is answered 501', async () => {
    const pipeline = createPipeline();
    expect(await post(pipeline.worker(new ActivityHandler()), {})).toEqual({ status: 501 });
  });

  test('sends what it sends through the outbox', async () => {
    const pipeline = createPipeline();
    const runtime = pipeline.worker(async (context) => {
      await context.sendActivity('on its way');
      await invokeResponse(context, 'done');
    });
    expect(await post(runtime, {})).toEqual({ status: 200, body: 'done' });
    expect(pipeline.sent).toEqual([]);
    expect(pipeline.rings).toEqual([{ key: CONVERSATION, delayMs: 0 }]);
    await answerRing(runtime).done;
    expect(pipeline.sent).toEqual(['on its way']);
  });

  test('delivered twice, at once and later, runs once and gets one answer', async () => {
    const pipeline = createPipeline();
    let runs = 0;
    const runtime = pipeline.worker(async (context) => {
      runs += 1;
      await pipeline.clock.sleep(500);
      await invokeResponse(context, { count: await add(context) });
    });
    const both = [post(runtime, {}), post(runtime, {})];
    await pipeline.clock.settle();
    await pipeline.pass(4_000);
    expect(await Promise.all(both)).toEqual([
      { status: 200, body: { count: 1 } },
      { status: 200, body: { count: 1 } },
    ]);
    expect(await post(runtime, {})).toEqual({ status: 200, body: { count: 1 } });
    expect(runs).toBe(1);
  });

  test('whose handler fails is answered 500; the apology is kept and nothing else', async () => {
    const pipeline = createPipeline();
    const runtime = pipeline.worker(
      async (context) => {
        await add(context);
        await context.sendActivity('never seen');
        throw new Error('no');
      },
      async (context) => void (await context.sendActivity('sorry')),
    );
    expect(await post(runtime, {})).toEqual({ status: 500 });
    expect(await stateOf(pipeline)).toEqual({});
    await answerRing(runtime).done;
    expect(pipeline.sent).toEqual(['sorry']);
  });
});

describe('an invoke beside a queued turn', () => {
  /** A queued turn that adds after a long time, while invokes come in. */
  async function beside(queued: Bot, inline: Bot) {
    const pipeline = createPipeline({ holdRepliesMs: 0 });
    await pipeline.accept('a');
    const worker = answerRing(pipeline.worker(queued));
    await pipeline.clock.settle();
    const answer = await post(pipeline.worker(inline), {});
    await pipeline.pass(30_000);
    await worker.done;
    return { pipeline, answer };
  }

  test('does not wait for it, and both keep their changes to the same property', async () => {
    const clockOf: { pass?: () => Promise<void> } = {};
    const queued: Bot = async (context) => {
      const before = await count.get(context, 0);
      await clockOf.pass?.();
      await count.set(context, before + 10);
    };
    const pipeline = createPipeline({ holdRepliesMs: 0 });
    let waits = 0;
    clockOf.pass = async () => {
      waits += 1;
      await pipeline.clock.sleep(20_000);
    };
    await pipeline.accept('a');
    const worker = answerRing(pipeline.worker(queued));
    await pipeline.clock.settle();
    expect(await post(pipeline.worker(adding), {})).toEqual({ status: 200, body: { count: 1 } });
    await pipeline.pass(45_000);
    await worker.done;
    expect(await stateOf(pipeline)).toEqual({ count: 11 });
    expect(waits).toBe(2); // The property it had read was changed under it: run again on fresh state.
  });

  const noting: Bot = async (context) => {
    if (context.activity.type !== 'invoke') return;
    await context.sendActivity('noted');
    await invokeResponse(context, 'ok');
  };

  test.each([0, 1_000])(
    'has what it sends delivered at once by a worker of its process (holdRepliesMs %i)',
    async (holdRepliesMs) => {
      const pipeline = createPipeline({ holdRepliesMs });
      await pipeline.accept('a');
      const runtime = pipeline.worker((context) =>
        context.activity.type === 'invoke' ? noting(context) : pipeline.clock.sleep(20_000),
      );
      const worker = answerRing(runtime);
      await pipeline.clock.settle();
      expect(await post(runtime, {})).toEqual({ status: 200, body: 'ok' });
      await pipeline.clock.settle();
      expect(pipeline.sent).toEqual(['noted']);
      expect(worker.over()).toBe(false);
      await pipeline.pass(22_000);
      expect(worker.over()).toBe(true);
      expect(pipeline.sent).toEqual(['noted']);
      expect(await pipeline.head()).toMatchObject({ out: [], n: 2, att: 0, lease: null });
    },
  );

  test.each([0, 1_000])(
    'and soon by one of another process that answers inline too (holdRepliesMs %i)',
    async (holdRepliesMs) => {
      const pipeline = createPipeline({ holdRepliesMs });
      const holder = pipeline.worker((context) =>
        context.activity.type === 'invoke' ? invokeResponse(context, 'ok') : pipeline.clock.sleep(20_000),
      );
      expect(await post(holder, { id: 'earlier' })).toEqual({ status: 200, body: 'ok' });
      await pipeline.accept('a');
      const worker = answerRing(holder);
      await pipeline.clock.settle();
      expect(await post(pipeline.worker(noting), {})).toEqual({ status: 200, body: 'ok' });
      expect(pipeline.rings).toEqual([{ key: CONVERSATION, delayMs: 0 }]);
      await pipeline.pass(DEFAULT_OPTIONS.lookMs);
      expect(pipeline.sent).toEqual(['noted']);
      await pipeline.pass(22_000);
      expect(worker.over()).toBe(true);
      expect(pipeline.sent).toEqual(['noted']);
    },
  );

  test('and with the next renewal by one that does not', async () => {
    const pipeline = createPipeline({ holdRepliesMs: 0 });
    await pipeline.accept('a');
    const worker = answerRing(pipeline.worker(() => pipeline.clock.sleep(20_000)));
    await pipeline.clock.settle();
    expect(await post(pipeline.worker(noting), {})).toEqual({ status: 200, body: 'ok' });
    await pipeline.pass(DEFAULT_OPTIONS.renewMs + DEFAULT_OPTIONS.guardBellMs + 1_000);
    expect(pipeline.sent).toEqual(['noted']);
    expect(worker.over()).toBe(false);
    await pipeline.pass(20_000);
    expect(pipeline.sent).toEqual(['noted']);
  });

  test('has it delivered during the back-off of a failed turn, which is not shortened', async () => {
    const pipeline = createPipeline({ attemptBackoffMs: [30_000] });
    const starts: number[] = [];
    const runtime = pipeline.worker(async (context) => {
      if (context.activity.type === 'invoke') {
        await noting(context);
        return;
      }
      starts.push(pipeline.clock.monotonic());
      if (starts.length === 1) throw new Error('no');
      await context.sendActivity('at last');
    });
    await pipeline.accept('a');
    await answerRing(runtime).done;
    expect(pipeline.rings.splice(0)).toEqual([{ key: CONVERSATION, delayMs: 30_000 }]);
    await pipeline.pass(2_000);
    expect(await post(runtime, {})).toEqual({ status: 200, body: 'ok' });
    expect(pipeline.rings.splice(0)).toEqual([{ key: CONVERSATION, delayMs: 0 }]);
    await answerRing(runtime).done;
    expect(pipeline.sent).toEqual(['noted']);
    expect(pipeline.rings).toEqual([]);
    await answerRing(runtime).done;
    expect(starts).toHaveLength(1);
    await pipeline.pass(28_000);
    await answerRing(runtime).done;
    expect(pipeline.sent).toEqual(['noted', 'at last']);
    expect(starts).toEqual([0, 30_000]);
  });

  test('keeps its place behind what its channel refuses, and leaves bells for both', async () => {
    const pipeline = createPipeline({ attemptBackoffMs: [30_000], holdRepliesMs: 0 });
    const runtime = pipeline.worker(async (context) => {
      if (context.activity.type === 'invoke') {
        await noting(context);
        return;
      }
      await context.sendActivity('begun');
      await context.flush();
      if (pipeline.clock.monotonic() < 30_000) throw new Error('no');
    });
    pipeline.answers.push({ outcome: 'notSent', reason: '429', status: 429, retryAfterMs: 4_000 });
    await pipeline.accept('a');
    await answerRing(runtime).done;
    expect(pipeline.rings.splice(0).map(({ delayMs }) => delayMs)).toEqual([4_000, 30_000]);
    expect(await post(runtime, {})).toEqual({ status: 200, body: 'ok' });
    await answerRing(runtime).done;
    expect(pipeline.sent).toEqual([]);
    await pipeline.pass(4_000);
    await answerRing(runtime).done;
    expect(pipeline.sent).toEqual(['begun', 'noted']);
    expect((await pipeline.head()).pend).toHaveLength(1);
    await pipeline.pass(26_000);
    await answerRing(runtime).done;
    expect((await pipeline.head()).pend).toHaveLength(0);
    expect(pipeline.sent).toEqual(['begun', 'noted']);
  });

  test('leaves it alone when they touch different properties', async () => {
    let runs = 0;
    const { pipeline, answer } = await beside(async (context) => {
      runs += 1;
      await other.set(context, ((await other.get(context)) ?? 0) + 1);
      await new Promise((resolve) => setImmediate(resolve));
    }, adding);
    expect(answer).toEqual({ status: 200, body: { count: 1 } });
    expect(await stateOf(pipeline)).toEqual({ count: 1, other: 1 });
    expect(runs).toBe(1);
  });
});

describe('an invoke whose handler takes too long', () => {
  test('is put into the mailbox, answered plausibly, and runs again from there with its steps', async () => {
    const pipeline = createPipeline();
    let steps = 0;
    const bot: Bot = async (context) => {
      const order = await context.step('order', () => ++steps);
      await pipeline.clock.sleep(9_000, context.signal);
      if (context.signal.aborted) return;
      await add(context);
      await context.sendActivity(`ordered ${order}`);
    };
    const runtime = pipeline.worker(bot);
    const posted = post(runtime, { name: 'task/submit' });
    await pipeline.pass(9_000);
    expect(await posted).toMatchObject({ status: 200, body: { task: { type: 'message' } } });
    expect((await pipeline.head()).pend.length).toBe(1);
    const worker = answerRing(runtime);
    await pipeline.pass(12_000);
    await worker.done;
    expect(pipeline.sent).toEqual(['ordered 1']);
    expect(steps).toBe(1);
    expect(await stateOf(pipeline)).toEqual({ count: 1 });
    expect(await post(runtime, { name: 'task/submit' })).toMatchObject({ status: 200, body: { task: {} } });
  });
});

describe('an activity that expects its replies', () => {
  test('gets them in the response, and none through the connector', async () => {
    const pipeline = createPipeline();
    const runtime = pipeline.worker(async (context) => {
      await context.sendActivity('one');
      await context.sendActivity('two');
    });
    const answer = await post(runtime, { type: 'message', text: 'hi', deliveryMode: 'expectReplies' });
    expect(answer).toMatchObject({ status: 200, body: { activities: [{ text: 'one' }, { text: 'two' }] } });
    expect(pipeline.calls).toEqual([]);
  });
});

describe('user state in an inline turn', () => {
  test('is changed exactly once, beside a queued turn of the same user', async () => {
    const pipeline = createPipeline();
    const visits = new UserState().createProperty<number>('visits');
    const bot: Bot = async (context) => {
      await visits.set(context, (await visits.get(context, 0)) + 1);
      if (context.activity.type === 'invoke') await invokeResponse(context, await visits.get(context));
    };
    const runtime = pipeline.worker(bot);
    await pipeline.accept('a');
    const answers = Promise.all([post(runtime, {}), post(runtime, { id: 'i-2' }), answerRing(runtime).done]);
    await pipeline.pass(5_000);
    await answers;
    await answerRing(runtime).done;
    expect(await post(runtime, { id: 'i-3' })).toEqual({ status: 200, body: 4 });
  });
});

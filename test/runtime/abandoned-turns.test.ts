import { describe, expect, test } from '@jest/globals';
import type { TurnContext } from '../../src/bot/turn-context';
import { TerminalError } from '../../src/bot/turn-errors';
import type { Runtime } from '../../src/runtime/runtime';
import { answerRing, createPipeline, type Pipeline } from './pipeline';

/** A call that a handler does not wait for. */
const unawaited = (call: Promise<unknown>): void => void call.catch(() => undefined);

/** Lets what was begun go on to its next wait. */
const underWay = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** A channel that takes its time. */
function slow(pipeline: Pipeline, runtime: Runtime, ms: number): Runtime {
  const { connector } = runtime;
  return {
    ...runtime,
    connector: {
      async deliver(call, signal) {
        await pipeline.clock.sleep(ms);
        return connector.deliver(call, signal);
      },
    },
  };
}

async function attendFor(pipeline: Pipeline, runtime: Runtime, ms: number): Promise<void> {
  const worker = answerRing(runtime);
  await pipeline.pass(ms);
  expect(await worker.done).toBeUndefined();
}

describe('a step that a handler did not wait for', () => {
  test('does not cost the next turn its conversation when it ends after the commit', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    await pipeline.accept('b');
    const bot = async (context: TurnContext) => {
      if (context.activity.text === 'a') {
        unawaited(context.step('slow', () => pipeline.clock.sleep(5_000)));
        return;
      }
      await pipeline.clock.sleep(10_000);
      await context.sendActivity(`attempt ${context.attempt}`);
    };
    await attendFor(pipeline, pipeline.worker(bot), 20_000);
    expect(pipeline.sent).toEqual(['attempt 1']);
    expect(await pipeline.head()).toMatchObject({ n: 2, epoch: 1, lease: null });
  });
});

describe('a flush that a handler did not wait for', () => {
  test('is waited for when the handler fails: what is on its way is not sent again', async () => {
    const pipeline = createPipeline({ inDoubt: 'skip' });
    await pipeline.accept('a');
    const bot = async (context: TurnContext) => {
      await context.sendActivity('hello');
      unawaited(context.flush());
      await underWay();
      if (context.attempt === 1) throw new Error('once');
    };
    const runtime = slow(pipeline, pipeline.worker(bot), 3_000);
    await attendFor(pipeline, runtime, 10_000);
    await attendFor(pipeline, runtime, 10_000);
    expect(pipeline.sent).toEqual(['hello']);
    expect(await pipeline.head()).toMatchObject({ n: 1, lease: null, out: [] });
  });

  test('does not mix with the apology', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    const bot = async (context: TurnContext) => {
      await context.sendActivity('hello');
      unawaited(context.flush());
      await underWay();
      throw new TerminalError('hopeless');
    };
    const marked: string[] = [];
    const runtime = pipeline.worker(bot, async (context) => void (await context.sendActivity('sorry')));
    const { store } = runtime;
    const turns: typeof store.turns = {
      ...store.turns,
      markDelivered(held, delivered, turnRuns) {
        marked.push(delivered.effect);
        return store.turns.markDelivered(held, delivered, turnRuns);
      },
    };
    await attendFor(pipeline, slow(pipeline, { ...runtime, store: { ...store, turns } }, 2_000), 10_000);
    expect(pipeline.sent).toEqual(['hello', 'sorry']);
    expect(new Set(marked).size).toBe(2);
  });
});

describe('a handler that goes on after its time', () => {
  test('sends and changes nothing through the apology', async () => {
    const pipeline = createPipeline({ turnTimeoutMs: 5_000, maxAttempts: 1, holdRepliesMs: 0 });
    await pipeline.accept('a');
    const bot = async (context: TurnContext) => {
      await pipeline.clock.sleep(8_000);
      await context.sendActivity('from the dead');
    };
    const runtime = pipeline.worker(bot, async (context) => {
      await pipeline.clock.sleep(3_500);
      await context.sendActivity('sorry');
    });
    await attendFor(pipeline, runtime, 20_000);
    expect(pipeline.sent).toEqual(['sorry']);
  });
});

describe('an apology that takes long', () => {
  test('leaves with its dead letter, and never stands in for what the handler says', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    const bot = async (context: TurnContext) => {
      if (context.attempt === 1) throw new TerminalError('hopeless');
      await context.sendActivity('worked after all');
    };
    const stalled = answerRing(
      pipeline.worker(bot, async (context) => {
        await context.sendActivity('sorry');
        await context.flush();
        await pipeline.clock.sleep(60_000);
      }),
    );
    await pipeline.pass(3_000);
    // The worker's event loop is blocked past its lease; another one takes over and fares better.
    pipeline.clock.jump(20_001);
    await answerRing(pipeline.worker(bot)).done;
    await pipeline.pass(90_000);
    await stalled.done;
    expect(pipeline.sent).toEqual(['worked after all']);
  });
});

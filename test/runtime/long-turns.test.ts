import { describe, expect, test } from '@jest/globals';
import type { TurnContext } from '../../src/bot/turn-context';
import { answerRing, CONVERSATION, createPipeline, type Pipeline } from './pipeline';

const MINUTE = 60_000;

/** A bot whose handler takes this long by the pipeline's clock, and says so at its end. */
const busyFor = (pipeline: Pipeline, ms: number) => async (context: TurnContext) => {
  await pipeline.clock.sleep(ms, context.signal);
  await context.sendActivity(`done after ${ms}`);
};

describe('a handler that takes long', () => {
  test('keeps its conversation for five minutes: no other worker gets it, and it commits', async () => {
    const pipeline = createPipeline({ holdRepliesMs: 0 });
    const bot = busyFor(pipeline, 5 * MINUTE);
    await pipeline.accept('a');
    const first = answerRing(pipeline.worker(bot));
    for (let minute = 0; minute < 4; minute += 1) {
      await pipeline.pass(MINUTE);
      const second = answerRing(pipeline.worker(bot));
      await pipeline.clock.settle();
      expect(second.over()).toBe(true);
    }
    await pipeline.pass(2 * MINUTE);
    expect(await first.done).toBeUndefined();
    expect(pipeline.sent).toEqual(['done after 300000']);
    expect(await pipeline.head()).toMatchObject({ n: 1, epoch: 1, lease: null, pend: [], out: [] });
  });

  test('leaves a bell for the moment its lease would end, renewed with it', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    const worker = answerRing(pipeline.worker(busyFor(pipeline, 16_000)));
    await pipeline.clock.settle();
    expect(pipeline.rings).toEqual([]);
    await pipeline.clock.advance(200);
    expect(pipeline.rings).toEqual([{ key: CONVERSATION, delayMs: 20_300 }]);
    await pipeline.pass(30_000);
    await worker.done;
    expect(pipeline.rings.length).toBe(3);
  });

  test('that is found without having renewed gets a bell for the end of its lease; one in good health does not', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    await pipeline.store.turns.acquire(CONVERSATION, 'a worker that dies');
    const runtime = pipeline.worker(async () => undefined);
    await pipeline.clock.advance(5_000);
    await answerRing(runtime).done;
    expect(pipeline.rings).toEqual([]);
    await pipeline.clock.advance(10_000);
    await answerRing(runtime).done;
    expect(pipeline.rings).toEqual([{ key: CONVERSATION, delayMs: 5_500 }]);
  });

  test('loses its conversation when the event loop was blocked past the lease, and changes nothing any more', async () => {
    const pipeline = createPipeline({ holdRepliesMs: 0 });
    let aborted = false;
    await pipeline.accept('a');
    const stalled = answerRing(
      pipeline.worker(async (context) => {
        context.signal.addEventListener('abort', () => {
          aborted = true;
        });
        await pipeline.clock.sleep(60_000);
        await context.sendActivity('from the blocked worker');
      }),
    );
    await pipeline.clock.settle();
    // All at once, as when nothing could run meanwhile: no renewal in between.
    pipeline.clock.jump(20_001);
    const successor = answerRing(
      pipeline.worker(async (context) => void (await context.sendActivity('from the other'))),
    );
    await successor.done;
    await pipeline.pass(90_000);
    await stalled.done;
    expect(pipeline.sent).toEqual(['from the other']);
    expect(aborted).toBe(true);
    expect(await pipeline.head()).toMatchObject({ n: 1, epoch: 2, lease: null });
  });

  test('is over when it takes longer than a turn may take, and counts as a failed attempt', async () => {
    const pipeline = createPipeline({ turnTimeoutMs: 30_000 });
    await pipeline.accept('a');
    const worker = answerRing(pipeline.worker(() => new Promise(() => {})));
    await pipeline.pass(31_000);
    await worker.done;
    expect(await pipeline.head()).toMatchObject({ att: 1, lease: null, n: 0 });
    expect(pipeline.events).toContainEqual(
      expect.objectContaining({ name: 'attemptFailed', fields: expect.objectContaining({ error: 'TurnTimedOut' }) }),
    );
  });
});

describe('an invocation', () => {
  test('hands over what is left when its time is over: rung for at once, and no attempt used up', async () => {
    const pipeline = createPipeline({ invocationBudgetMs: 10_000 });
    for (const id of ['a', 'b', 'c']) await pipeline.accept(id);
    const worker = answerRing(pipeline.worker(busyFor(pipeline, 6_000)));
    await pipeline.pass(20_000);
    await worker.done;
    expect(await pipeline.head()).toMatchObject({ n: 2, att: 0, lease: null, notBefore: 0 });
    expect(pipeline.rings.at(-1)).toEqual({ key: CONVERSATION, delayMs: 0 });
  });
});

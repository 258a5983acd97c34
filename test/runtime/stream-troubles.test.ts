import { describe, expect, test } from '@jest/globals';
import type { Bot } from '../../src/bot/bot';
import type { Delivery } from '../../src/ports/connector';
import { answerRing, type Pipeline } from './pipeline';
import { pass, run, streaming, TEAMS, WEB_CHAT, writing } from './streaming';

/* Streams through runs that fail, crash and are repeated, and on channels that refuse. */

const refused: Delivery = { outcome: 'rejected', status: 403, reason: 'HTTP 403 ContentStreamNotAllowed' };

describe('another run of the turn', () => {
  /** A handler that writes a part, and fails in its first attempt. */
  const failingOnce =
    (pipeline: Pipeline, begin: string): Bot =>
    async (context) => {
      await context.stream().inform('Searching…');
      await pipeline.clock.sleep(1_500);
      if (begin !== '') await context.stream().append(begin);
      await pipeline.clock.sleep(1_500);
      if (context.attempt === 1) throw new Error('no');
      await context.stream().append(`, attempt ${context.attempt}`);
      await pipeline.clock.sleep(1_500);
      await context.stream().end();
    };

  test('goes on with the stream, with numbers above those that were used', async () => {
    const { pipeline, shown } = await streaming(WEB_CHAT);
    const bot = failingOnce(pipeline, 'Hello');
    await run(pipeline, bot);
    await pipeline.pass(2_000);
    await run(pipeline, bot);
    expect(shown()).toEqual([
      'informative 1 of -: Searching…',
      'streaming 2 of channel-1: Hello',
      'informative 10001 of channel-1: Searching…',
      'streaming 10002 of channel-1: Hello',
      'streaming 10003 of channel-1: Hello, attempt 2',
      'final - of channel-1: Hello, attempt 2',
    ]);
  });

  test('only ends it in Teams, where what was shown cannot be taken back', async () => {
    const { pipeline, shown } = await streaming(TEAMS);
    const bot = failingOnce(pipeline, 'Hello');
    await run(pipeline, bot);
    await pipeline.pass(2_000);
    await run(pipeline, bot);
    expect(shown()).toEqual([
      'informative 1 of -: Searching…',
      'streaming 2 of channel-1: Hello',
      'final - of channel-1: Hello, attempt 2',
    ]);
  });

  test('goes on in Teams when no text was shown', async () => {
    const { pipeline, shown } = await streaming(TEAMS);
    const bot = failingOnce(pipeline, '');
    await run(pipeline, bot);
    await pipeline.pass(2_000);
    await run(pipeline, bot);
    expect(shown()).toEqual([
      'informative 1 of -: Searching…',
      'informative 10001 of channel-1: Searching…',
      'streaming 10002 of channel-1: , attempt 2',
      'final - of channel-1: , attempt 2',
    ]);
  });

  test('on another worker, after the first has died, leaves one complete answer', async () => {
    const { pipeline, shown } = await streaming(WEB_CHAT);
    const write = writing(pipeline, [0, 'Hel'], [1_500, 'lo'], [5_000, '!']);
    const runtime = pipeline.worker(write);
    // It goes on as a worker does that is cut off: from here on nothing it sends or writes arrives.
    let dead = false;
    const never = <T>(call: () => Promise<T>): Promise<T> => (dead ? new Promise(() => undefined) : call());
    const { deliver } = runtime.connector;
    const { store } = runtime;
    const first = answerRing({
      ...runtime,
      connector: { deliver: (...call) => never(() => deliver(...call)) },
      store: {
        ...store,
        turns: {
          ...store.turns,
          renew: (...call) => never(() => store.turns.renew(...call)),
          commit: (...call) => never(() => store.turns.commit(...call)),
        },
      },
    });
    await pass(pipeline, 3_000);
    dead = true;
    await pipeline.pass(30_000);
    expect(first.over()).toBe(false);
    await run(pipeline, write);
    expect(shown()).toEqual([
      'streaming 1 of -: Hel',
      'streaming 2 of channel-1: Hello',
      'streaming 10001 of channel-1: Hel',
      'streaming 10002 of channel-1: Hello',
      'final - of channel-1: Hello!',
    ]);
  });
});

describe('a handler that fails for good', () => {
  const failing =
    (pipeline: Pipeline): Bot =>
    async (context) => {
      await context.stream().append('Half an ans');
      await pipeline.clock.sleep(500);
      throw Object.assign(new Error('no'), { retry: false });
    };

  test('has its stream ended by the apology, and what else is said comes after it', async () => {
    const { pipeline, shown } = await streaming();
    await run(pipeline, failing(pipeline), 20_000, async (context) => {
      await context.sendActivity('Sorry.');
      await context.sendActivity('Try again.');
    });
    expect(shown()).toEqual(['streaming 1 of -: Half an ans', 'final - of channel-1: Sorry.', 'message: Try again.']);
  });

  test('also when the apology is written as a stream', async () => {
    const { pipeline, shown } = await streaming();
    await run(pipeline, failing(pipeline), 20_000, async (context) => {
      await context.stream().append('Sorry.');
    });
    expect(shown()).toEqual(['streaming 1 of -: Half an ans', 'final - of channel-1: Sorry.']);
  });
});

describe('a channel', () => {
  const slowly = (pipeline: Pipeline) =>
    writing(pipeline, [0, '?One moment'], [1_500, 'Hel'], [3_000, 'lo'], [4_500, '!']);

  test.each([
    ['group chats of Teams', { channelId: 'msteams', conversation: { id: 'c-1', conversationType: 'groupChat' } }],
    ['channels that do not stream', { channelId: 'slack' }],
  ])('without streams gets the message alone: %s', async (_what, different) => {
    const { pipeline, shown } = await streaming(different);
    await run(pipeline, slowly(pipeline));
    expect(shown()).toEqual(['message: Hello!']);
  });

  test('that gives the first update no id gets the message alone', async () => {
    const { pipeline, shown } = await streaming();
    pipeline.answers.push({ outcome: 'delivered' });
    await run(pipeline, slowly(pipeline));
    expect(shown()).toEqual(['informative 1 of -: One moment', 'message: Hello!']);
  });

  test('that refuses the first update gets the message alone', async () => {
    const { pipeline, shown } = await streaming();
    pipeline.answers.push(refused);
    await run(pipeline, slowly(pipeline));
    expect(shown()).toEqual(['informative 1 of -: One moment', 'message: Hello!']);
  });

  test('that is busy gets the next update when it has said, under the same number', async () => {
    const { pipeline, shown } = await streaming();
    const busy: Delivery = { outcome: 'notSent', status: 429, reason: 'HTTP 429', retryAfterMs: 2_500 };
    pipeline.answers.push({ outcome: 'delivered', id: 's' }, busy);
    await run(
      pipeline,
      writing(pipeline, [0, '?One moment'], [1_500, 'Hel'], [3_000, 'lo'], [3_500, ' there'], [6_000, '!']),
    );
    expect(shown()).toEqual([
      'informative 1 of -: One moment',
      'streaming 2 of s: Hel',
      'streaming 2 of s: Hello there',
      'final - of s: Hello there!',
    ]);
  });

  test('that is busy gets the update all the same when nothing comes after it', async () => {
    const { pipeline, shown } = await streaming();
    const busy: Delivery = { outcome: 'notSent', status: 429, reason: 'HTTP 429', retryAfterMs: 2_500 };
    pipeline.answers.push(busy, { outcome: 'delivered', id: 's' }, busy, busy);
    const times: number[] = [];
    const { push } = pipeline.calls;
    pipeline.calls.push = (...calls) => {
      times.push(pipeline.clock.monotonic());
      return push.apply(pipeline.calls, calls);
    };
    await run(pipeline, writing(pipeline, [0, '?One moment'], [4_000, 'Hel'], [15_000, 'lo']));
    expect(shown()).toEqual([
      'informative 1 of -: One moment',
      'informative 1 of -: One moment',
      'streaming 2 of s: Hel',
      'streaming 2 of s: Hel',
      'streaming 2 of s: Hel',
      'final - of s: Hello',
    ]);
    for (const [index, least] of [2_500, 1_000, 2_500, 2_500, 1_000].entries()) {
      expect((times[index + 1] ?? 0) - (times[index] ?? 0)).toBeGreaterThanOrEqual(least);
    }
  });

  test('that refuses a later update gets no more of them, and then the end', async () => {
    const { pipeline, shown } = await streaming();
    pipeline.answers.push({ outcome: 'delivered', id: 's' }, refused);
    await run(pipeline, slowly(pipeline));
    expect(shown()).toEqual(['informative 1 of -: One moment', 'streaming 2 of s: Hel', 'final - of s: Hello!']);
  });

  test('that refuses the end of the stream gets the answer as a message of its own', async () => {
    const { pipeline, shown } = await streaming();
    pipeline.answers.push({ outcome: 'delivered', id: 's' }, refused, refused);
    await run(pipeline, slowly(pipeline));
    expect(shown().slice(2)).toEqual(['final - of s: Hello!', 'message: Hello!']);
    expect(pipeline.calls.at(-1)).toMatchObject({ activity: { type: 'message', text: 'Hello!' } });
    expect(pipeline.calls.at(-1)).not.toHaveProperty('activity.channelData');
    expect((await pipeline.head()).out).toEqual([]);
  });
});

/* What nobody has caught ends the process, and every turn in it; here it fails the test. */
describe('nobody has to wait for a stream', () => {
  test('tokens that come after its end, or after the turn, are dropped quietly', async () => {
    const { pipeline } = await streaming();
    const late: (() => void)[] = [];
    await run(pipeline, async (context) => {
      const stream = context.stream();
      void stream.append('Hello');
      void stream.end();
      void stream.append('too late');
      void stream.inform('too late');
      void stream.end();
      late.push(() => void stream.append('much too late'));
    });
    for (const token of late) token();
    await pipeline.clock.settle();
    expect(pipeline.sent).toEqual(['Hello']);
  });

  test('an end that fails does so quietly', async () => {
    const { pipeline } = await streaming();
    const runtime = pipeline.worker(async (context) => {
      const stream = context.stream();
      await stream.append('Hello');
      await pipeline.clock.sleep(500);
      void stream.end();
      await pipeline.clock.sleep(60_000);
    });
    const { turns } = runtime.store;
    let reads = 0;
    const readSteps: typeof turns.readSteps = async () => {
      reads += 1;
      throw new Error('gone');
    };
    const worker = answerRing({ ...runtime, store: { ...runtime.store, turns: { ...turns, readSteps } } });
    await pipeline.clock.settle();
    await pass(pipeline, 5_000, worker.over);
    // By the update, and by the end.
    expect(reads).toBe(2);
  });

  test('an update that comes just as the one before has gone out is shown too', async () => {
    // At every step on the way from the record of the first update to the end of the work on it.
    for (let steps = 0; steps < 40; steps += 1) {
      const { pipeline, shown } = await streaming();
      const recorded = new AbortController();
      const runtime = pipeline.worker(async (context) => {
        const stream = context.stream();
        await stream.append('a');
        await new Promise((resolve) => recorded.signal.addEventListener('abort', resolve));
        for (let step = 0; step < steps; step += 1) await undefined;
        await stream.append('b');
        await pipeline.clock.sleep(2_000);
        expect([steps, shown().at(-1)]).toEqual([steps, 'streaming 2 of channel-1: ab']);
      });
      const { turns } = runtime.store;
      const recordStep: typeof turns.recordStep = async (...call) => {
        const outcome = await turns.recordStep(...call);
        recorded.abort();
        return outcome;
      };
      const worker = answerRing({ ...runtime, store: { ...runtime.store, turns: { ...turns, recordStep } } });
      await pipeline.clock.settle();
      await pass(pipeline, 5_000, worker.over);
      expect(shown().slice(2)).toEqual(['final - of channel-1: ab']);
    }
  });
});

import { describe, expect, test } from '@jest/globals';
import type { Bot } from '../../src/bot/bot';
import { ConversationState } from '../../src/bot/conversation-state';
import type { TurnContext } from '../../src/bot/turn-context';
import type { Runtime } from '../../src/runtime/runtime';
import { TurnwiseError } from '../../src/schema/errors';
import { activityKey } from '../../src/turn/keys';
import { answerRing, CONVERSATION, createPipeline } from './pipeline';
import { postTo } from './posting';

const post = (runtime: Runtime, different: Readonly<Record<string, unknown>> = {}) =>
  postTo(runtime, { name: 'task/submit', ...different });

const done: Bot = async (context) => {
  await context.sendActivity('done');
};

describe('an invoke whose worker dies', () => {
  test('is not acknowledged to a second delivery that cannot know what became of it', async () => {
    const pipeline = createPipeline();
    const dying = pipeline.worker(() => new Promise(() => {}));
    const inline = { ...dying.store.inline, defer: () => new Promise<never>(() => {}) };
    void post({ ...dying, store: { ...dying.store, inline } });
    await pipeline.pass(1_000);
    const second = post(pipeline.worker(done));
    await pipeline.pass(20_000);
    const answer = await second;
    if (answer.status === 200) {
      await answerRing(pipeline.worker(done)).done;
      expect(pipeline.sent).toEqual(['done']);
    } else {
      expect(answer.status).toBe(503);
    }
  });
});

describe('an invoke whose handler is late', () => {
  const hanging: Bot = () => new Promise(() => undefined);

  test.each(['constructor', 'toString', '__proto__'])('has the same deadline when its name is %s', async (name) => {
    const pipeline = createPipeline();
    const posted = post(pipeline.worker(hanging), { name });
    await pipeline.pass(5_000);
    expect((await pipeline.store.inspection.conversation(CONVERSATION))?.head.pend ?? []).toEqual([]);
    await pipeline.pass(4_000);
    expect(await posted).toEqual({ status: 200 });
    expect((await pipeline.head()).pend.length).toBe(1);
  });

  test('is told when that is, and that it is over; the deadline is that of its name', async () => {
    const deferralText = 'Moment bitte.';
    const options = { inlineDeadlines: { 'task/fetch': 2_000, 'task/submit': 0 }, deferralText };
    const pipeline = createPipeline(options);
    const start = pipeline.clock.now();
    const seen: unknown[] = [];
    const runtime = pipeline.worker(async ({ activity: { name }, deadline, signal }) => {
      seen.push([name, deadline === undefined ? 'none' : deadline.getTime() - start]);
      await pipeline.clock.sleep(60_000, signal);
      seen.push([name, signal.aborted, pipeline.clock.now() - start]);
    });
    const answers = ['task/fetch', 'task/submit', 'adaptiveCard/action'].map((name, index) =>
      post(runtime, { name, id: `i-${index}` }),
    );
    await pipeline.clock.settle();
    await pipeline.pass(9_000);
    expect(seen).toEqual([
      ['task/fetch', 2_000],
      ['adaptiveCard/action', 8_000],
      ['task/fetch', true, 2_000],
      ['adaptiveCard/action', true, 8_000],
    ]);
    for (const answer of await Promise.all(answers)) expect(JSON.stringify(answer)).toContain(deferralText);
    // In the queued turn there is nobody who waits.
    answerRing(runtime);
    await pipeline.clock.settle();
    expect(seen.at(-1)).toEqual(['task/submit', 'none']);
  });

  test('has the answer of its deferral told to a delivery that came at the same time', async () => {
    const pipeline = createPipeline();
    const runtime = pipeline.worker(hanging);
    const { inline } = runtime.store;
    const slowly: typeof inline.defer = async (...call) => {
      await pipeline.clock.sleep(500);
      return inline.defer(...call);
    };
    const posted = post({ ...runtime, store: { ...runtime.store, inline: { ...inline, defer: slowly } } });
    await pipeline.clock.settle();
    const again = post(pipeline.worker(done));
    await pipeline.pass(12_000);
    expect(await posted).toMatchObject({ status: 200, body: { task: {} } });
    expect(await again).toEqual(await posted);
    expect((await pipeline.head()).pend.length).toBe(1);
  });
});

describe('an invoke never hangs', () => {
  test.each(['claim', 'commit', 'defer'] as const)('when the store does not answer to %s', async (call) => {
    const pipeline = createPipeline();
    const runtime = pipeline.worker(call === 'defer' ? () => new Promise(() => undefined) : done);
    const inline = { ...runtime.store.inline, [call]: () => new Promise<never>(() => undefined) };
    const posted = post({ ...runtime, store: { ...runtime.store, inline } });
    await pipeline.pass(12_000);
    expect(await Promise.race([posted, pipeline.clock.settle().then(() => 'hangs')])).toMatchObject({ status: 503 });
  });
});

describe('an invoke whose answer cannot be given', () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const answering =
    (value: unknown): Bot =>
    async (context) => {
      await context.sendActivity('never seen');
      await context.sendActivity({ type: 'invokeResponse', value });
    };

  test.each([
    ['is no JSON', { status: 200, body: circular }],
    ['holds a BigInt', { status: 200, body: { n: 1n } }],
    ['has no status', { body: 'x' }],
    ['has a status that HTTP does not have', { status: 1_000 }],
    ['has a status in words', { status: 'OK' }],
  ])('because it %s is a failed turn, for this delivery and the next', async (_what, value) => {
    const pipeline = createPipeline();
    const runtime = pipeline.worker(answering(value), async (context) => void (await context.sendActivity('sorry')));
    expect(await post(runtime)).toEqual({ status: 500 });
    expect(await post(runtime)).toEqual({ status: 500 });
    await answerRing(runtime).done;
    expect(pipeline.sent).toEqual(['sorry']);
  });

  test('has no body with a status that has none', async () => {
    const pipeline = createPipeline();
    expect(await post(pipeline.worker(answering({ status: 204, body: {} })))).toEqual({ status: 204 });
  });

  test('because the store does not take it is a failed turn', async () => {
    const pipeline = createPipeline();
    const runtime = pipeline.worker(done, async (context) => void (await context.sendActivity('sorry')));
    let first = true;
    const { inline } = runtime.store;
    const commit: typeof inline.commit = async (...call) => {
      if (!first) return inline.commit(...call);
      first = false;
      throw new TurnwiseError('RecordTooLarge');
    };
    const posted = post({ ...runtime, store: { ...runtime.store, inline: { ...inline, commit } } });
    expect(await posted).toEqual({ status: 500 });
    await answerRing(runtime).done;
    expect(pipeline.sent).toEqual(['sorry']);
  });

  test('is what it was when it was given, whatever the handler does to it afterwards', async () => {
    const pipeline = createPipeline();
    const body = { n: 1 };
    const runtime = pipeline.worker(async (context) => {
      await context.sendActivity({ type: 'invokeResponse', value: { status: 200, body } });
    });
    const answer = await post(runtime);
    body.n = 2;
    expect(answer).toEqual({ status: 200, body: { n: 1 } });
    expect(await post(runtime)).toEqual(answer);
  });
});

describe('an apology for an invoke', () => {
  test('that hangs does not keep the caller waiting for ever', async () => {
    const pipeline = createPipeline();
    const failing: Bot = () => {
      throw new Error('no');
    };
    const posted = post(pipeline.worker(failing, () => new Promise(() => {})));
    await pipeline.pass(10_000);
    expect(await Promise.race([posted, pipeline.clock.settle().then(() => 'waits')])).toMatchObject({ status: 500 });
  });
});

describe('an invoke whose state keeps moving', () => {
  const count = new ConversationState().createProperty<number>('count');
  const ok = (context: TurnContext) => context.sendActivity({ type: 'invokeResponse', value: { status: 200 } });

  test('is run again until its deadline, and deferred then and not before', async () => {
    const pipeline = createPipeline({ inlineDeadlines: { 'task/submit': 2_000 } });
    let runs = 0;
    const runtime = pipeline.worker(async (context) => {
      runs += 1;
      const before = await count.get(context, 0);
      if (context.deadline === undefined) return;
      const seen = await pipeline.store.inline.claim(CONVERSATION, keyNumber(runs), 'another', 1_000);
      if (seen.outcome !== 'claimed') throw new Error('The key of another is taken.');
      const { version } = await pipeline.store.turns.readState(CONVERSATION, 'conversation');
      await pipeline.store.inline.commit(CONVERSATION, seen.fence, {
        activity: keyNumber(runs),
        answer: { status: 200 },
        effects: [],
        bodies: [],
        reads: [{ id: 'conversation', version }],
        writes: [{ id: 'conversation', data: { count: before + 1 } }],
      });
    });
    const posted = post(runtime);
    for (let passed = 0; passed < 1_900; passed += 50) await pipeline.clock.advance(50);
    expect((await pipeline.head()).pend).toEqual([]);
    expect(runs).toBeGreaterThan(10);
    await pipeline.clock.advance(200);
    expect(await posted).toMatchObject({ status: 200, body: { task: {} } });
    expect((await pipeline.head()).pend.length).toBe(1);
  });

  test('runs twice in a crowd, as does each of the others', async () => {
    const pipeline = createPipeline();
    const runs = new Map<string, number>();
    const runtime = pipeline.worker(async (context) => {
      const { id = '' } = context.activity;
      runs.set(id, (runs.get(id) ?? 0) + 1);
      const before = await count.get(context, 0);
      await pipeline.clock.sleep(20);
      await count.set(context, before + 1);
      await ok(context);
    });
    const posted = Array.from({ length: 30 }, (_, index) => post(runtime, { id: `i-${index}` }));
    for (let passed = 0; passed < 700; passed += 20) await pipeline.clock.advance(20);
    for (const { status } of await Promise.all(posted)) expect(status).toBe(200);
    expect(Math.max(...runs.values())).toBe(2);
    expect((await pipeline.store.turns.readState(CONVERSATION, 'conversation')).data).toEqual({ count: 30 });
  });

  test('keeps none waiting that touches no state, and others for half of their time', async () => {
    const pipeline = createPipeline();
    const other = new ConversationState().createProperty<number>('other');
    const runtime = pipeline.worker(async (context) => {
      const { name } = context.activity;
      await ok(context);
      if (name === 'test/free') return;
      if (name === 'test/other') return void (await other.set(context, 1));
      const before = await count.get(context, 0);
      await pipeline.clock.sleep(before === 0 ? 10 : 7_000);
      await count.set(context, before + 1);
    });
    const slow = ['i-1', 'i-2'].map((id) => post(runtime, { id }));
    await pipeline.clock.settle();
    await pipeline.clock.advance(10);
    // The second has met the first, and is in line now.
    expect(await post(runtime, { id: 'i-3', name: 'test/free' })).toEqual({ status: 200 });
    const waiting = post(runtime, { id: 'i-4', name: 'test/other' });
    await pipeline.clock.settle();
    await pipeline.clock.advance(3_900);
    expect(await Promise.race([waiting, pipeline.clock.settle().then(() => 'waits')])).toBe('waits');
    await pipeline.clock.advance(100);
    expect(await waiting).toEqual({ status: 200 });
    await pipeline.pass(4_000);
    for (const { status } of await Promise.all(slow)) expect(status).toBe(200);
  });
});

const keyNumber = (number: number) => activityKey(number.toString(16).padStart(32, '0'));

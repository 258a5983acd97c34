import { describe, expect, test } from '@jest/globals';
import type { Bot } from '../../src/bot/bot';
import { ConversationState } from '../../src/bot/conversation-state';
import { UserState } from '../../src/bot/user-state';
import type { Store } from '../../src/ports/store';
import { attend } from '../../src/runtime/processor';
import type { Runtime } from '../../src/runtime/runtime';
import { activityKey, type ConversationKey, conversationKey, userKey } from '../../src/turn/keys';
import { MAX_UNCOUNTED } from '../../src/turn/timing';
import { CONVERSATION, createPipeline, type Pipeline } from './pipeline';
import { postTo } from './posting';

const visits = new UserState().createProperty<number>('visits');
const count = new ConversationState().createProperty<number>('count');

const KEYS = ['c-1', 'c-2'].map((id) => conversationKey('test', id));

async function accept({ store }: Pipeline, key: ConversationKey, id: string): Promise<void> {
  const activity = {
    type: 'message',
    id,
    channelId: 'test',
    serviceUrl: 'https://channel.example/',
    from: { id: 'user-1' },
    recipient: { id: 'bot-1' },
    conversation: { id: key.split('/')[1] ?? '' },
    text: id,
  };
  const name = activityKey(Buffer.from(id.padEnd(16, '0')).toString('hex').slice(0, 32));
  await store.mailbox.accept(key, { key: name, body: { inline: activity, bytes: 200 } }, [], 100);
}

/** The store while it is throttled: each commit that has something to fold takes this long, however often it is made. */
function throttled(runtime: Runtime, ms: number): Runtime {
  const { store, clock } = runtime;
  const turns: Store['turns'] = {
    ...store.turns,
    async commit(held, turn) {
      await clock.sleep(ms);
      return store.turns.commit(held, turn);
    },
  };
  return { ...runtime, store: { ...store, turns } };
}

/** Answers every ring at its time, by a worker of the conversation's own, until nothing is left to do. @returns how long that took, in ms */
async function untilRest(pipeline: Pipeline, runtimes: ReadonlyMap<ConversationKey, Runtime>, limitMs: number) {
  const { clock, rings, store } = pipeline;
  for (const key of runtimes.keys()) rings.push({ key, delayMs: 0 });
  const started = clock.monotonic();
  const bells: { readonly key: ConversationKey; readonly at: number }[] = [];
  while (clock.monotonic() - started < limitMs) {
    bells.push(...rings.splice(0).map(({ key, delayMs }) => ({ key, at: clock.monotonic() + delayMs })));
    for (const bell of bells.filter(({ at }) => at <= clock.monotonic())) {
      bells.splice(bells.indexOf(bell), 1);
      const runtime = runtimes.get(bell.key);
      if (runtime !== undefined) void attend(runtime, bell.key).catch(() => undefined);
    }
    await clock.advance(25);
    const busy = await store.inspection.busy(10);
    if (busy.length === 0) return clock.monotonic() - started;
  }
  return clock.monotonic() - started;
}

describe('two conversations of one user in a store that is throttled', () => {
  test.each([2_000, 5_000, 12_000])('both commit, when a commit takes %i ms', async (ms) => {
    const pipeline = createPipeline({ holdRepliesMs: 0 });
    let runs = 0;
    const bot: Bot = async (context) => {
      runs += 1;
      await visits.set(context, (await visits.get(context, 0)) + 1);
    };
    const runtimes = new Map(KEYS.map((key) => [key, throttled(pipeline.worker(bot), ms)]));
    for (const key of KEYS) for (const id of ['a', 'b']) await accept(pipeline, key, `${key}-${id}`);
    const took = await untilRest(pipeline, runtimes, 600_000);
    expect(took).toBeLessThan(600_000);
    expect(await pipeline.store.users.read(userKey('test', 'user-1'))).toMatchObject({
      data: { visits: 4 },
      intents: [],
    });
    expect(await pipeline.store.deadLetters.list(10)).toEqual([]);
    // Each is fenced a few times at most, for it is waited for twice as long after each.
    expect(runs).toBeLessThanOrEqual(20);
  });
});

describe('a queued turn whose state moves under every run', () => {
  test('is not counted at first, with growing pauses, and is a dead letter in the end', async () => {
    const pipeline = createPipeline({ holdRepliesMs: 0 });
    const { store } = pipeline;
    let runs = 0;
    const worker = pipeline.worker(async (context) => {
      runs += 1;
      const before = await count.get(context, 0);
      const key = activityKey(`${runs}`.padStart(32, '0'));
      const claimed = await store.inline.claim(CONVERSATION, key, 'another', 1_000);
      if (claimed.outcome !== 'claimed') throw new Error('It was not claimed.');
      const turn = { activity: key, answer: { status: 200 }, effects: [], bodies: [], reads: [] };
      const writes = [{ id: 'conversation', data: { count: before + 1 } }] as const;
      await store.inline.commit(CONVERSATION, claimed.fence, { ...turn, writes });
      await count.set(context, -1);
    });
    await accept(pipeline, CONVERSATION, 'a');
    await accept(pipeline, CONVERSATION, 'b');
    const [first] = (await pipeline.head()).pend;
    const took = await untilRest(pipeline, new Map([[CONVERSATION, worker]]), 3_600_000);
    expect(took).toBeLessThan(3_600_000);
    const { maxConflictRuns, maxAttempts } = worker.options;
    expect(runs).toBe(2 * maxConflictRuns * (MAX_UNCOUNTED + maxAttempts));
    const letters = await store.deadLetters.list(10);
    expect(letters.map(({ reason, attempts }) => [reason.code, attempts])).toEqual([
      ['TooManyConflicts', maxAttempts],
      ['TooManyConflicts', maxAttempts],
    ]);
    expect(letters.map(({ dead }) => dead.kind === 'activity' && dead.activity.key)).toContain(first?.key);
  }, 120_000);

  test('commits all the same among many inline turns of its process', async () => {
    const pipeline = createPipeline({ holdRepliesMs: 0 });
    let over = false;
    const runtime = pipeline.worker(async (context) => {
      const before = await count.get(context, 0);
      await pipeline.clock.sleep(context.activity.type === 'invoke' ? 20 : 300);
      await count.set(context, before + 1);
      if (context.activity.type === 'invoke')
        await context.sendActivity({ type: 'invokeResponse', value: { status: 200 } });
    });
    await accept(pipeline, CONVERSATION, 'a');
    const queued = attend(runtime, CONVERSATION).finally(() => {
      over = true;
    });
    const answers: Promise<{ readonly status: number }>[] = [];
    for (let index = 0; index < 100 && !over; index += 1) {
      answers.push(postTo(runtime, { id: `i-${index}` }));
      await pipeline.clock.advance(50);
    }
    expect(over).toBe(true);
    await queued;
    for (let passed = 0; passed < 5_000; passed += 20) await pipeline.clock.advance(20);
    for (const { status } of await Promise.all(answers)) expect(status).toBe(200);
    expect((await pipeline.store.turns.readState(CONVERSATION, 'conversation')).data).toEqual({
      count: answers.length + 1,
    });
  });
});

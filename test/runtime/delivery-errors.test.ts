import { describe, expect, test } from '@jest/globals';
import type { TurnContext } from '../../src/bot/turn-context';
import { UserState } from '../../src/bot/user-state';
import type { Store } from '../../src/ports/store';
import type { Runtime } from '../../src/runtime/runtime';
import { TurnwiseError } from '../../src/schema/errors';
import { conversationKey, userKey } from '../../src/turn/keys';
import { answerRing, CONVERSATION, createPipeline, type Pipeline } from './pipeline';

const MINUTE = 60_000;
/** A day after the clock of the pipeline begins. */
const LATER = Date.parse('2030-01-02T00:00:00Z');

const other = {
  channelId: 'test',
  serviceUrl: 'https://channel.example/',
  bot: { id: 'bot-1' },
  conversation: { id: 'other' },
  user: { id: 'user-2' },
};

const OTHER = conversationKey('test', 'other');

type Handler = (context: TurnContext) => Promise<void>;

const visits = new UserState().createProperty<number>('visits');

const BOTS: Readonly<Record<string, Handler>> = {
  send: async (context) => void (await context.sendActivity('hi')),
  update: async (context) => void (await context.updateActivity({ ...context.activity, id: 'earlier', text: 'hi' })),
  delete: (context) => context.deleteActivity('earlier'),
  post: async (context) => void (await context.proactive.run(other, 'told')),
  cancel: async (context) => {
    const { id } = await context.proactive.schedule(other, 'later', LATER);
    await context.proactive.cancel(id);
  },
};

/** A worker whose deliveries throw what no store and no connector should. */
function broken(pipeline: Pipeline, bot: Handler): Runtime {
  const runtime = pipeline.worker(bot);
  const fail = async (): Promise<never> => {
    throw new RangeError('a mistake');
  };
  const { mailbox, users } = pipeline.store;
  const store: Store = {
    ...pipeline.store,
    mailbox: {
      ...mailbox,
      accept: (key, activity, bodies, limit) =>
        activity.proactive === undefined ? mailbox.accept(key, activity, bodies, limit) : fail(),
      unschedule: fail,
    },
    users: { ...users, settle: (user, intent, counts) => (counts ? fail() : users.settle(user, intent, counts)) },
  };
  return { ...runtime, store, connector: { deliver: fail } };
}

/** Answers rings for so long. */
async function workFor(pipeline: Pipeline, runtime: Runtime, ms: number): Promise<void> {
  const end = pipeline.clock.now() + ms;
  while (pipeline.clock.now() < end) {
    const worker = answerRing(runtime);
    await pipeline.pass(5_000);
    expect(worker.over()).toBe(true);
    const error = await worker.done;
    if (error !== undefined) throw error;
    await pipeline.pass(55_000);
  }
}

describe('a delivery that throws', () => {
  test.each(['send', 'update', 'delete', 'post', 'cancel'])(
    '(%s) is counted, becomes a dead letter, and holds up what comes after it no longer',
    async (kind) => {
      const pipeline = createPipeline({ maxDeliveries: 3 });
      const bot = BOTS[kind] as Handler;
      await pipeline.accept('a');
      await pipeline.accept('b');
      await workFor(
        pipeline,
        broken(pipeline, (context) => (context.activity.id === 'a' ? bot(context) : Promise.resolve())),
        5 * MINUTE,
      );
      expect(await pipeline.head()).toMatchObject({ n: 2, out: [], pend: [], lease: null });
      expect(await pipeline.store.deadLetters.list(5)).toMatchObject([{ attempts: 3, dead: { effect: { kind } } }]);
      const failures = pipeline.events.filter(({ name }) => name === 'deliveryFailed');
      expect(failures.map(({ fields }) => fields.reason)).toEqual(['RangeError', 'RangeError', 'RangeError']);
    },
  );

  test('(fold) is counted and tried at least every minute for as long as it takes', async () => {
    const pipeline = createPipeline({ maxDeliveries: 3 });
    const bot: Handler = async (context) => visits.set(context, (await visits.get(context, 0)) + 1);
    await pipeline.accept('a');
    await workFor(pipeline, broken(pipeline, bot), 30 * MINUTE);
    const { out } = await pipeline.head();
    expect(out).toMatchObject([{ kind: 'fold' }]);
    expect(out[0]?.tries).toBeGreaterThan(15);
    expect(await pipeline.store.deadLetters.list(1)).toEqual([]);
    await workFor(pipeline, pipeline.worker(bot), 2 * MINUTE);
    expect((await pipeline.store.users.read(userKey('test', 'user-1'))).data).toEqual({ visits: 1 });
  });
});

describe('a turn that wants to keep too much', () => {
  /** A worker on a store that finds whatever has effects too large. */
  function cramped(pipeline: Pipeline, bot: Handler, apology?: Handler): Runtime {
    const runtime = pipeline.worker(bot, apology === undefined ? undefined : (context) => apology(context));
    const { turns } = pipeline.store;
    const commit: Store['turns']['commit'] = async (held, turn) =>
      turn.effects.length > 0 ? { outcome: 'tooLarge' } : turns.commit(held, turn);
    return { ...runtime, store: { ...pipeline.store, turns: { ...turns, commit } } };
  }

  test('is given up at once, and the conversation goes on', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    await pipeline.accept('b');
    let runs = 0;
    const bot: Handler = async (context) => {
      runs += 1;
      if (context.activity.id === 'a') await context.sendActivity('hi');
    };
    await answerRing(cramped(pipeline, bot)).done;
    expect(await pipeline.store.deadLetters.list(5)).toMatchObject([{ attempts: 1, reason: { code: 'TurnTooLarge' } }]);
    expect(await pipeline.head()).toMatchObject({ n: 2, pend: [], lease: null });
    expect(runs).toBe(2);
  });

  test('is given up without its apology, should that not fit either', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    const say: Handler = async (context) => void (await context.sendActivity('sorry'));
    await answerRing(cramped(pipeline, say, say)).done;
    expect(await pipeline.store.deadLetters.list(5)).toMatchObject([{ reason: { code: 'TurnTooLarge' } }]);
    expect(pipeline.sent).toEqual([]);
  });

  test('hundreds of sends and posts are packed, and arrive in order', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    const text = (index: number): string => `${index} ${'x'.repeat(3_000)}`;
    const bot: Handler = async (context) => {
      for (let index = 0; index < 400; index += 1) await context.sendActivity(text(index));
    };
    const worker = answerRing(pipeline.worker(bot));
    await pipeline.pass(2_000);
    expect(await worker.done).toBeUndefined();
    expect(pipeline.sent).toEqual(Array.from({ length: 400 }, (_, index) => text(index)));
  });

  test('hundreds of posts are packed, and each pack is read once', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    const bot: Handler = async (context) => {
      for (let index = 0; index < 100; index += 1) await context.proactive.run(other, 'told', 'x'.repeat(10_000));
    };
    const runtime = pipeline.worker(bot);
    const { turns } = pipeline.store;
    const read: string[] = [];
    const readBody: Store['turns']['readBody'] = (key, ref) => {
      read.push(ref);
      return turns.readBody(key, ref);
    };
    const worker = answerRing({ ...runtime, store: { ...pipeline.store, turns: { ...turns, readBody } } });
    await pipeline.pass(2_000);
    expect(await worker.done).toBeUndefined();
    expect(read.length).toBeGreaterThan(1);
    expect(read).toEqual([...new Set(read)]);
    expect((await pipeline.store.inspection.conversation(OTHER))?.head.pend).toHaveLength(100);
  });

  test('a post whose pack is not to be seen for a while is posted when it is', async () => {
    const pipeline = createPipeline({ outboxBytes: 0 });
    await pipeline.accept('a');
    const runtime = pipeline.worker(async (context) => void (await context.proactive.run(other, 'told')));
    const { turns } = pipeline.store;
    const behind: Store = { ...pipeline.store, turns: { ...turns, readBody: async () => undefined } };
    await workFor(pipeline, { ...runtime, store: behind }, MINUTE);
    expect((await pipeline.head()).out).toMatchObject([{ kind: 'post' }]);
    await workFor(pipeline, runtime, 2 * MINUTE);
    expect((await pipeline.store.inspection.conversation(OTHER))?.head.pend).toHaveLength(1);
    expect(await pipeline.store.deadLetters.list(1)).toEqual([]);
  });
});

describe('a record that its holder cannot write', () => {
  test('ends the hold, and is reported', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    const runtime = pipeline.worker(async (context) => void (await context.sendActivity('hi')));
    const { turns } = pipeline.store;
    const markDelivered = async (): Promise<never> => {
      throw new TurnwiseError('RecordTooLarge');
    };
    const store = { ...pipeline.store, turns: { ...turns, markDelivered } };
    expect(await answerRing({ ...runtime, store }).done).toBeUndefined();
    expect(pipeline.events.map(({ name }) => name)).toContain('recordTooLarge');
    await pipeline.pass(25_000);
    expect((await turns.acquire(CONVERSATION, 'next')).outcome).toBe('acquired');
  });
});

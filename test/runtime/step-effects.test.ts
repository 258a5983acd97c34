import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Bot } from '../../src/bot/bot';
import { BotState } from '../../src/bot/bot-state';
import { ConversationState } from '../../src/bot/conversation-state';
import { MemoryStorage } from '../../src/bot/memory-storage';
import { PrivateConversationState } from '../../src/bot/private-conversation-state';
import type { TurnContext } from '../../src/bot/turn-context';
import { UserState } from '../../src/bot/user-state';
import type { Store } from '../../src/ports/store';
import { DurableStorage } from '../../src/runtime/durable-storage';
import { runLogic } from '../../src/runtime/run-logic';
import { createSqliteStore } from '../../src/sqlite/sqlite-store';
import type { ManualClock } from '../support/manual-clock';
import { incoming } from '../support/run-bot';
import { answerRing, CONVERSATION, createPipeline, type Pipeline } from './pipeline';
import { postTo } from './posting';

/* What the function of a step sends or changes would be missing when the turn runs again and gets the step's record. */

const conversation = new ConversationState();
const count = conversation.createProperty<number>('count');
const profile = conversation.createProperty<{ orders: string[] }>('profile');
const ofUser = new UserState().createProperty<number>('visits');
const ofBoth = new PrivateConversationState().createProperty<number>('seen');
const namespaced = new ConversationState(undefined, 'ns').createProperty<number>('count');
const kept = new BotState(new MemoryStorage(), () => 'a key of its own');

const folder = mkdtempSync(path.join(tmpdir(), 'turnwise-steps-'));
let files = 0;
afterAll(() => rmSync(folder, { recursive: true }));

const STORES: readonly (readonly [string, ((clock: ManualClock) => Store) | undefined])[] = [
  ['memory', undefined],
  [
    'SQLite',
    (clock) => {
      files += 1;
      return createSqliteStore({ file: path.join(folder, `${files}.db`), clock });
    },
  ],
];

/** Runs turns until nothing is left to do, for as long as that may take. */
async function work(pipeline: Pipeline, bot: Bot, onTurnError?: (context: TurnContext) => Promise<void>) {
  const runtime = pipeline.worker(bot, onTurnError);
  for (let round = 0; round < 8; round += 1) {
    const ring = answerRing(runtime);
    await pipeline.pass(40_000);
    await ring.done;
  }
}

const stateOf = async ({ store }: Pipeline) => (await store.turns.readState(CONVERSATION, 'conversation')).data;
const deadOf = async ({ store }: Pipeline) => (await store.deadLetters.list(10)).map(({ reason }) => reason.code);

describe.each(STORES)('with a store in %s', (_name, open) => {
  const opened = async (options = {}): Promise<Pipeline> => {
    const pipeline = createPipeline(options, open);
    await pipeline.store.open();
    return pipeline;
  };

  test('a step that says something and takes its time does not cost a later attempt its answer', async () => {
    const pipeline = await opened();
    await pipeline.accept('a');
    await work(
      pipeline,
      async (context) => {
        await context.step('look it up', async () => {
          await context.sendActivity('thinking');
          await pipeline.clock.sleep(1_500);
        });
        if (context.attempt === 1) throw new Error('the first time');
        await context.sendActivity('the answer');
      },
      async (context) => void (await context.sendActivity('sorry')),
    );
    // Its author hears of it with the first message, and not when something goes wrong.
    expect(pipeline.sent).toEqual(['sorry']);
    expect(await deadOf(pipeline)).toEqual(['StepHasEffects']);
    await pipeline.store.close();
  });

  test('the same, said before the step: the answer is sent, and nothing is logged', async () => {
    const pipeline = await opened();
    await pipeline.accept('a');
    await work(pipeline, async (context) => {
      await context.sendActivity('thinking');
      await context.step('look it up', () => pipeline.clock.sleep(1_500));
      if (context.attempt === 1) throw new Error('the first time');
      await context.sendActivity('the answer');
    });
    expect(pipeline.sent).toEqual(['thinking', 'the answer']);
    expect(pipeline.events.filter(({ name }) => name === 'flushedDiffers')).toEqual([]);
    await pipeline.store.close();
  });

  test('a step that charges, sets state and says so is refused before anything of it can be lost', async () => {
    const pipeline = await opened();
    let charges = 0;
    await pipeline.accept('a');
    await work(pipeline, async (context) => {
      await context.step('charge', async () => {
        charges += 1;
        await count.set(context, charges);
        await context.sendActivity('charged');
        return charges;
      });
    });
    expect([pipeline.sent, await stateOf(pipeline), await deadOf(pipeline)]).toEqual([[], {}, ['StepHasEffects']]);
    await pipeline.store.close();
  });

  test('the same, with state and message after the step, survives a worker that dies before its commit', async () => {
    const pipeline = await opened();
    let charges = 0;
    await pipeline.accept('a');
    const bot: Bot = async (context) => {
      const charged = await context.step('charge', () => {
        charges += 1;
        return charges;
      });
      await count.set(context, charged);
      await context.sendActivity(`charged ${charged}`);
    };
    const runtime = pipeline.worker(bot);
    const { turns } = runtime.store;
    const dies = {
      ...turns,
      commit: () => new Promise<never>(() => undefined),
      renew: () => new Promise<never>(() => undefined),
    };
    answerRing({ ...runtime, store: { ...runtime.store, turns: dies } });
    await pipeline.pass(30_000);
    await work(pipeline, bot);
    expect([charges, pipeline.sent, await stateOf(pipeline)]).toEqual([1, ['charged 1'], { count: 1 }]);
    await pipeline.store.close();
  });

  test('what a later attempt would send in the place of something flushed is logged with a code, and without its text', async () => {
    const pipeline = await opened();
    await pipeline.accept('a');
    await work(pipeline, async (context) => {
      await context.sendActivity(context.attempt === 1 ? 'thinking' : 'the answer');
      await context.sendActivity('and more');
      if (context.attempt === 1) {
        await pipeline.clock.sleep(1_500);
        throw new Error('the first time');
      }
    });
    expect(pipeline.sent).toEqual(['thinking', 'and more']);
    const logged = pipeline.events.filter(({ name }) => name === 'flushedDiffers');
    expect(logged).toEqual([
      {
        name: 'flushedDiffers',
        fields: {
          conversation: CONVERSATION,
          activity: expect.stringMatching(/^[0-9a-f]{32}$/),
          effect: expect.stringMatching(/^[0-9a-f]{32}\.0$/),
          attempt: 2,
          code: 'FlushedDiffers',
        },
      },
    ]);
    // The digests end with the turn.
    expect(await pipeline.head()).not.toHaveProperty('flushedAs');
    await pipeline.store.close();
  });
});

test('a flushed effect grows the record by a few bytes, however large it is, and is recognised', async () => {
  const pipeline = createPipeline({ inlineBytes: 100 });
  const large = 'x'.repeat(10_000);
  const seen: unknown[] = [];
  await pipeline.accept('a');
  await work(pipeline, async (context) => {
    const { id = '' } = (await context.sendActivity(large)) ?? {};
    await context.updateActivity({ id, type: 'message', text: 'small' });
    await context.deleteActivity(id);
    if (context.attempt > 1) return;
    await context.flush();
    seen.push((await pipeline.head()).flushedAs?.length);
    throw new Error('the first time');
  });
  expect(seen).toEqual([18]);
  expect(pipeline.events.filter(({ name }) => name === 'flushedDiffers')).toEqual([]);
});

/** Everything that is an effect of a turn. */
const EFFECTS: readonly (readonly [string, (context: TurnContext) => unknown])[] = [
  ['a message', (context) => context.sendActivity('no')],
  ['typing', (context) => context.sendActivity({ type: 'typing' })],
  ['typing, past the hooks', (context) => context.adapter.sendActivities(context, [{ type: 'typing' }])],
  ['a pause', (context) => context.sendActivity({ type: 'delay', value: 1 })],
  ['a trace', (context) => context.sendTraceActivity('trace')],
  ['the answer of an invoke', (context) => context.sendActivity({ type: 'invokeResponse', value: { status: 200 } })],
  ['an update', (context) => context.updateActivity({ id: 'x', type: 'message' })],
  ['a deletion', (context) => context.deleteActivity('x')],
  ['a flush', (context) => context.flush()],
  ['a stream: a note', (context) => context.stream().inform('no')],
  ['a stream: text', (context) => context.stream().append('no')],
  ['a stream: its end', (context) => context.stream().end({ text: 'no' })],
  ['a step', (context) => context.step('inner', () => 1)],
  ['a step of the same name', (context) => context.step('outer', () => 1)],
  ['state of the conversation', (context) => count.set(context, 7)],
  ['state in a namespace', (context) => namespaced.set(context, 7)],
  ['state in a namespace, deleted', (context) => namespaced.delete(context)],
  ['state of the user', (context) => ofUser.set(context, 7)],
  ['private state', (context) => ofBoth.set(context, 7)],
  ['a property, deleted', (context) => count.delete(context)],
  ['a default that is used', (context) => count.get(context, 0)],
  ['state, cleared', (context) => conversation.clear(context)],
  ['state, deleted', (context) => conversation.delete(context)],
  ['state, saved', (context) => conversation.saveChanges(context)],
  ['a property of a state, set', async (context) => void Object.assign(await conversation.load(context), { count: 7 })],
  ['a property of a state, deleted', async (context) => void delete (await conversation.load(context)).count],
  ['state under a key of its own', (context) => kept.createProperty<number>('count').set(context, 7)],
  ['state under a key of its own, saved', (context) => kept.saveChanges(context, true)],
  ['a post', (context) => context.proactive.send({ reference: CONVERSATION }, 'no')],
  ['an event', (context) => context.proactive.run({ reference: CONVERSATION }, 'no')],
  ['a schedule', (context) => context.proactive.schedule({ reference: CONVERSATION }, 'no', 4e12)],
  ['a cancellation', (context) => context.proactive.cancel(`test/c-1/${'0'.repeat(32)}`)],
  ['a broadcast', (context) => context.proactive.broadcast({ channelId: 'test' }, 'no')],
  ['a new conversation', (context) => context.proactive.createConversation({ reference: CONVERSATION }, {} as never)],
];

/** How the same bot can be run as a turn. */
const TURNS: readonly (readonly [string, (pipeline: Pipeline, bot: Bot) => Promise<void>])[] = [
  [
    'a queued turn',
    async (pipeline, bot) => {
      await pipeline.accept('a');
      await answerRing(pipeline.worker(bot)).done;
    },
  ],
  ['an inline turn', async (pipeline, bot) => void (await postTo(pipeline.worker(bot), { name: 'test/invoke' }))],
  [
    'a turn whose replies are in its response',
    async (pipeline, bot) =>
      void (await postTo(pipeline.worker(bot), { type: 'message', deliveryMode: 'expectReplies' })),
  ],
  [
    'a turn that is run at once',
    async (pipeline, bot) => void (await runLogic(pipeline.worker(bot), incoming({ text: '' })).catch(() => undefined)),
  ],
];

describe.each(TURNS)('in a step of %s', (_turn, run) => {
  test.each(EFFECTS)('%s is refused, also if the step catches the error', async (_effect, make) => {
    const pipeline = createPipeline();
    const caught: unknown[] = [];
    await run(pipeline, async (context) => {
      const swallowed = context.step('outer', () =>
        Promise.resolve(make(context)).catch((error: unknown) => caught.push(error)),
      );
      caught.push(await swallowed.catch((error: unknown) => error));
      // It is not recorded, so that nothing hides it from a later attempt.
      caught.push(await context.step('outer', async () => void (await make(context))).catch((error: unknown) => error));
    });
    expect(caught).toEqual(
      Array.from({ length: 3 }, () => expect.objectContaining({ code: 'StepHasEffects', retry: false })),
    );
    await answerRing(pipeline.worker(async () => undefined)).done;
    expect([pipeline.sent, pipeline.calls, await stateOf(pipeline)]).toEqual([[], [], {}]);
  });
});

describe('a step', () => {
  /** Runs a handler and tells how its turn ended. */
  async function ran(bot: (context: TurnContext, pipeline: Pipeline) => Promise<unknown>) {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    await work(pipeline, async (context) => void (await bot(context, pipeline)));
    const events = pipeline.events.map(({ name }) => name);
    return { sent: pipeline.sent, dead: await deadOf(pipeline), state: await stateOf(pipeline), events };
  }

  test('that starts a send and leaves it to its caller to wait for fails all the same', async () => {
    const { sent, dead } = await ran(async (context) => {
      let sending: Promise<unknown> = Promise.resolve();
      await context.step('s', () => {
        sending = context.sendActivity('no');
        sending.catch(() => undefined);
      });
      await sending;
    });
    expect([sent, dead]).toEqual([[], ['StepHasEffects']]);
  });

  test('that starts a send behind a hook that takes its time fails as well', async () => {
    const { sent, dead } = await ran(async (context, { clock }) => {
      context.onSendActivities(async (_context, _activities, next) => {
        await clock.sleep(1_000);
        return next();
      });
      await context.step('s', () => void context.sendActivity('no').catch(() => undefined));
      await clock.sleep(5_000);
    });
    expect([sent, dead]).toEqual([[], ['StepHasEffects']]);
  });

  test('that leaves a send for later has it refused then', async () => {
    const refused: unknown[] = [];
    const { sent, dead } = await ran(async (context, { clock }) => {
      await context.step('s', () => {
        const later = async (): Promise<void> => {
          await clock.sleep(1_000);
          await context.sendActivity('no');
        };
        later().catch((error: unknown) => refused.push(error));
      });
      await clock.sleep(5_000);
      await context.sendActivity('yes');
    });
    expect([sent, dead, refused]).toEqual([['yes'], [], [expect.objectContaining({ code: 'StepHasEffects' })]]);
  });

  test('does not mind what happens beside it, before it and after it', async () => {
    const { sent, dead, state, events } = await ran(async (context, { clock }) => {
      await count.set(context, 1);
      await namespaced.set(context, 1);
      const steps = ['a', 'b'].map((name) => context.step(name, () => clock.sleep(1_000)));
      await context.sendActivity('beside');
      await namespaced.set(context, 2);
      await count.set(context, (await count.get(context, 0)) + 1);
      await Promise.all(steps.map((step) => step.then(() => context.sendActivity('after'))));
      await context.step('c', () => clock.sleep(10));
    });
    expect([sent, dead, state]).toEqual([['beside', 'after', 'after'], [], { count: 2, ns: { count: 2 } }]);
    expect(events).not.toContain('stateChangedInStep');
  });

  test('that fails with an error of its own is run again as before, and so is one that caught its mistake and failed', async () => {
    let runs = 0;
    const { sent, dead } = await ran(async (context) => {
      const value = await context
        .step('s', () => {
          runs += 1;
          if (runs === 1) throw new Error('its own');
          return runs;
        })
        .catch((error: Error) => error.message);
      await context.sendActivity(String(value));
      await context.sendActivity(String(await context.step('s', () => 7)));
    });
    expect([sent, dead]).toEqual([['its own', '7'], []]);
  });

  test('reads state, and cannot change what it has read', async () => {
    const { dead, state } = await ran(async (context) => {
      await profile.set(context, { orders: ['tea'] });
      const read = await context.step('s', async () => {
        const { orders } = (await profile.get(context)) ?? { orders: [] };
        return [orders.length, [...orders], JSON.stringify(await conversation.load(context))];
      });
      expect(read).toEqual([1, ['tea'], '{"profile":{"orders":["tea"]}}']);
      const copying = context.step('copy', async () => structuredClone(await profile.get(context)));
      await expect(copying).rejects.toMatchObject({ name: 'DataCloneError' });
      for (const change of [
        (value: { orders: string[] }) => value.orders.push('cake'),
        (value: { orders: string[] }) => delete (value as Partial<typeof value>).orders,
        (value: { orders: string[] }) => Object.assign(value, { more: 1 }),
        (value: { orders: string[] }) => Object.defineProperty(value, 'more', { value: 1 }),
        (value: { orders: string[] }) => Object.freeze(value),
      ]) {
        const changing = context.step('t', async () => change((await profile.get(context)) ?? { orders: [] }));
        await expect(changing).rejects.toMatchObject({ code: 'StepHasEffects' });
      }
    });
    expect([dead, state]).toEqual([[], { profile: { orders: ['tea'] } }]);
  });

  test('reads one object as one, and what it has read is live again after it', async () => {
    const lists = conversation.createProperty<{ items: { name: string }[] }>('lists');
    const { dead, state, events } = await ran(async (context) => {
      await lists.set(context, { items: [{ name: 'tea' }, { name: 'cake' }] });
      let kept: { items: { name: string }[] } | undefined;
      const place = await context.step('s', async () => {
        kept = await lists.get(context);
        const found = kept?.items.find(({ name }) => name === 'cake');
        return found === undefined ? undefined : kept?.items.indexOf(found);
      });
      expect(place).toBe(1);
      kept?.items.push({ name: 'bread' });
      if (kept?.items[0] !== undefined) kept.items[0].name = 'coffee';
      Object.assign(kept ?? {}, { more: 1 });
    });
    const items = [{ name: 'coffee' }, { name: 'cake' }, { name: 'bread' }];
    expect([dead, state]).toEqual([[], { lists: { items, more: 1 } }]);
    expect(events).not.toContain('stateChangedInStep');
  });

  test('reads what the turn keeps until its commit: dates, and what is frozen', async () => {
    const { dead, sent } = await ran(async (context) => {
      const when = conversation.createProperty<Date>('when');
      const fixed = conversation.createProperty<{ readonly list: readonly string[] }>('fixed');
      await when.set(context, new Date(0));
      await fixed.set(context, Object.freeze({ list: Object.freeze(['tea']) }));
      const read = await context.step('s', async () => {
        return `${(await when.get(context))?.getTime()} ${(await fixed.get(context))?.list[0]}`;
      });
      await context.sendActivity(read);
    });
    expect([sent, dead]).toEqual([['0 tea'], []]);
  });

  test('that changes in place what was read before is logged with a code', async () => {
    const { dead, events } = await ran(async (context) => {
      const value = await profile.get(context, { orders: [] });
      await context.step('s', () => value.orders.push('tea'));
    });
    expect([dead, events.filter((name) => name === 'stateChangedInStep')]).toEqual([[], ['stateChangedInStep']]);
  });

  test('may write to a storage and speak through the app: that happens at once, and is not lost', async () => {
    const pipeline = createPipeline();
    const { clock, store } = pipeline;
    const parts = { items: store.items, clock, ids: { next: () => 'v' }, ready: async () => undefined };
    const storage = new DurableStorage(parts);
    await pipeline.accept('a');
    await work(pipeline, async (context) => {
      await context.step('s', () => storage.write({ order: { number: 1 } }));
      if (context.attempt === 1) throw new Error('the first time');
      await context.sendActivity('written');
    });
    expect(pipeline.sent).toEqual(['written']);
    expect(await storage.read(['order'])).toMatchObject({ order: { number: 1 } });
  });

  test('in which another turn is run does not hold that one back', async () => {
    const pipeline = createPipeline();
    await pipeline.accept('a');
    const { sent, dead } = await ran(async (context) => {
      const inner = pipeline.worker(async (other) => {
        await count.set(other, 3);
        await other.step('inner', () => 1);
        await expect(other.step('wrong', () => other.sendActivity('no'))).rejects.toMatchObject({
          code: 'StepHasEffects',
        });
        // From a step of the outer turn too, this is still the outer turn's.
        await expect(context.sendActivity('no')).rejects.toMatchObject({ code: 'StepHasEffects' });
      });
      const stepping = context.step('s', () => runLogic(inner, incoming({ text: '' })).then(() => 1));
      await expect(stepping).rejects.toMatchObject({ code: 'StepHasEffects' });
      await context.sendActivity('done');
    });
    expect([sent, dead, await stateOf(pipeline)]).toEqual([['done'], [], { count: 3 }]);
  });
});

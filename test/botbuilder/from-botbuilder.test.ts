import { describe, expect, test } from '@jest/globals';
import * as theirs from 'botbuilder-core';
import { ConversationState } from '../../src/bot/conversation-state';
import { TurnContext } from '../../src/bot/turn-context';
import { fromBotBuilder, TurnStorage, toBotBuilder } from '../../src/botbuilder/index';
import { TestAdapter } from '../../src/testing/index';

/** A bot as somebody has written it for the Bot Framework SDK, with state in a storage that races. */
class CountingBot extends theirs.ActivityHandler {
  constructor(
    readonly conversationState: theirs.ConversationState,
    readonly userState: theirs.UserState,
  ) {
    super();
    const count = conversationState.createProperty<number>('count');
    const visits = userState.createProperty<{ times: number }>('visits');
    this.onMessage(async (context, next) => {
      const times = (await count.get(context, 0)) + 1;
      await count.set(context, times);
      const visit = await visits.get(context, { times: 0 });
      visit.times += 1;
      await context.sendActivity(`${times} ${visit.times} ${context instanceof theirs.TurnContext}`);
      await next();
    });
    this.onMembersAdded(async (context, next) => {
      await context.sendActivity(theirs.MessageFactory.suggestedActions(['a', 'b'], 'Welcome'));
      await next();
    });
    this.onDialog(async (context, next) => {
      await conversationState.saveChanges(context, false);
      await userState.saveChanges(context, false);
      await next();
    });
  }
}

function counting(): { adapter: TestAdapter; storage: theirs.MemoryStorage } {
  const storage = new theirs.MemoryStorage();
  const state = [new theirs.ConversationState(storage), new theirs.UserState(storage)] as const;
  return { adapter: new TestAdapter(fromBotBuilder(new CountingBot(...state), { state })), storage };
}

describe('a bot written for the Bot Framework SDK', () => {
  test('runs as it is, with its state in the transaction', async () => {
    const { adapter, storage } = counting();
    await adapter.test('a', '1 1 true').test('b', '2 2 true').redeliver().assertNoReply();
    await adapter.crashBefore('commit').test('c', '3 3 true').conflict().test('d', '4 4 true').assertNoReply();
    await adapter
      .send({ text: 'e', conversation: { id: 'other' } })
      .assertReply('1 5 true')
      .sendConversationUpdate()
      .assertReply(({ suggestedActions }) => expect(suggestedActions?.actions).toHaveLength(2));
    expect(storage).toMatchObject({ memory: {} });
  });

  test('loses no update when its turns come all at once', async () => {
    const { adapter } = counting();
    await Promise.all(Array.from({ length: 20 }, (_, each) => adapter.processActivity(`${each}`)));
    expect(adapter.activeQueue.at(-1)?.text).toBe('20 20 true');
  });

  test('has its middleware around it, and its own error handler', async () => {
    const seen: string[] = [];
    const bot = fromBotBuilder(
      async (context: theirs.TurnContext) => {
        await context.sendActivity('lost with the turn');
        throw new Error('of the bot');
      },
      {
        middleware: [
          async (context, next) => {
            context.onSendActivities(async (_context, activities, send) => {
              seen.push(...activities.map(({ text }) => `sends ${text}`));
              return send();
            });
            await next();
          },
          { onTurn: async (_context, next) => next() },
        ],
        onTurnError: async (context, error) => {
          await context.sendActivity(`${error.message} ${context instanceof theirs.TurnContext}`);
        },
      },
    );
    const adapter = new TestAdapter(bot);
    adapter.onTurnError = bot.onTurnError;
    await adapter.test('hi', 'of the bot true').assertNoReply();
    expect(seen).toEqual(['sends lost with the turn', 'sends of the bot true']);
  });

  test('answers an invoke once, whoever answers it', async () => {
    class Bot extends theirs.ActivityHandler {
      protected override async onInvokeActivity(context: theirs.TurnContext): Promise<theirs.InvokeResponse> {
        if (context.activity.name === 'sent') {
          await context.sendActivity({ type: 'invokeResponse', value: { status: 202 } });
        }
        return { status: 200, body: 'returned' };
      }
    }
    const adapter = new TestAdapter(fromBotBuilder(new Bot()));
    await adapter
      .send({ type: 'invoke', name: 'sent' })
      .assertReply({ type: 'invokeResponse', value: { status: 202 } })
      .assertNoReply()
      .send({ type: 'invoke', name: 'returned' })
      .assertReply({ type: 'invokeResponse', value: { status: 200, body: 'returned' } })
      .assertNoReply();
  });

  test('can update and delete what it has sent', async () => {
    let id: string | undefined;
    const adapter = new TestAdapter(
      fromBotBuilder(async (context: theirs.TurnContext) => {
        if (context.activity.text === 'update') await context.updateActivity({ id: id ?? '', text: 'changed' });
        else if (context.activity.text === 'delete') await context.deleteActivity(id ?? '');
        else id = (await context.sendActivity('first'))?.id;
      }),
    );
    await adapter.send('send').send('update');
    expect(adapter.activeQueue).toMatchObject([{ text: 'changed' }]);
    await adapter.send('delete');
    expect(adapter.activeQueue).toEqual([]);
  });
});

describe('a context of theirs', () => {
  test('is the same turn', async () => {
    const key = Symbol('key');
    const adapter = new TestAdapter(async (ours) => {
      const context = toBotBuilder(ours);
      expect(toBotBuilder(ours)).toBe(context);
      expect(context).toBeInstanceOf(theirs.TurnContext);
      expect(context.activity).toBe(ours.activity);
      expect(context.adapter).toBe(adapter);
      context.turnState.set(key, 1);
      expect(ours.turnState.get(key)).toBe(1);
      context.locale = 'de';
      expect(context.locale).toBe('de');
      ours.onSendActivities(async (_context, activities, next) => {
        for (const activity of activities) activity.text += '!';
        return next();
      });
      expect(ours.responded).toBe(false);
      await context.sendActivity('theirs');
      expect(ours.responded).toBe(true);
      const copy = new theirs.TurnContext(context);
      expect(copy.responded).toBe(true);
      await copy.sendActivity('copy');
    });
    await adapter.test('hi', 'theirs!').assertReply('copy!').assertNoReply();
  });

  test('collects its replies where the turn looks for them', async () => {
    const adapter = new TestAdapter(async (ours) => {
      await toBotBuilder(ours).sendActivity('collected');
      expect(ours.bufferedReplyActivities).toMatchObject([{ text: 'collected' }]);
    });
    await adapter.send({ text: 'hi', deliveryMode: 'expectReplies' }).assertNoReply();
  });

  test('is over with the turn', async () => {
    let late: theirs.TurnContext | undefined;
    const adapter = new TestAdapter(async (ours) => {
      late = toBotBuilder(ours);
    });
    await adapter.send('hi');
    await expect(late?.sendActivity('late')).rejects.toMatchObject({ code: 'NoTurn' });
  });

  test('reads Turnwise state', async () => {
    const count = toBotBuilder(new ConversationState().createProperty<number>('count'));
    const adapter = new TestAdapter(async (ours: TurnContext) => {
      const context = toBotBuilder(ours);
      await count.set(context, (await count.get(context, 0)) + 1);
      await context.sendActivity(`${await count.get(context)}`);
    });
    await adapter.test('a', '1').test('b', '2');
    expect(TurnContext).not.toBe(theirs.TurnContext);
  });
});

describe('the storage that is the turn', () => {
  function storing(run: (context: theirs.TurnContext, storage: TurnStorage) => Promise<void>): TestAdapter {
    const storage = new TurnStorage();
    return new TestAdapter(fromBotBuilder((context: theirs.TurnContext) => run(context, storage), { storage }));
  }

  test('shares its properties with the state classes of Turnwise', async () => {
    const ours = new ConversationState().createProperty<number>('count');
    const storage = new TurnStorage();
    const state = new theirs.ConversationState(storage);
    const bot = fromBotBuilder(
      async (context: theirs.TurnContext) => {
        await state.createProperty<number>('count').set(context, 5);
        await state.saveChanges(context);
      },
      { storage },
    );
    const adapter = new TestAdapter();
    await adapter.processActivity('a', (context) => bot.run(context));
    await adapter.processActivity('b', async (context) => {
      await context.sendActivity(`${await ours.get(context)}`);
    });
    expect(adapter.getNextReply()?.text).toBe('5');
  });

  test('keeps namespaces, private state, cleared and deleted state apart', async () => {
    const adapter = storing(async (context, storage) => {
      const states = [
        new theirs.ConversationState(storage),
        new theirs.ConversationState(storage, 'named'),
        new theirs.PrivateConversationState(storage),
        new theirs.UserState(storage),
      ];
      for (const [index, state] of states.entries()) {
        const property = state.createProperty<number>('value');
        if (context.activity.text === 'set') await property.set(context, index);
        else if (context.activity.text === 'show') await context.sendActivity(`${await property.get(context)}`);
        else if (context.activity.text === 'clear') await state.clear(context);
        else await state.delete(context);
        await state.saveChanges(context);
      }
    });
    await adapter.send('set').test('show', '0').assertReply('1').assertReply('2').assertReply('3');
    await adapter.send('clear').test('show', 'undefined').assertReply('undefined');
    adapter.activeQueue.length = 0;
    await adapter.send('set').send('delete').test('show', 'undefined').assertReply('undefined');
  });

  test('holds no state of other conversations, and nothing outside a turn', async () => {
    const adapter = storing(async (_context, storage) => {
      await storage.read(['test/conversations/other/']);
    });
    await expect(adapter.processActivity('a')).rejects.toMatchObject({ code: 'StateElsewhere' });
    await expect(new TurnStorage().read(['test/conversations/other/'])).rejects.toMatchObject({ code: 'NoTurn' });
  });
});

describe('in a step', () => {
  /** Runs a bot of the SDK around which a middleware of ours hands out the turn's steps. */
  function stepping(run: (context: theirs.TurnContext, step: TurnContext['step']) => Promise<unknown>) {
    const state = new theirs.ConversationState(new theirs.MemoryStorage());
    const steps: { of?: TurnContext } = {};
    const bot = fromBotBuilder(
      async (context) => {
        const { of } = steps;
        if (of !== undefined) await run(context, (name, work) => of.step(name, work));
      },
      { state: [state] },
    );
    const adapter = new TestAdapter(bot);
    adapter.use(async (context, next) => {
      steps.of = context;
      await next();
    });
    return { adapter, state, count: state.createProperty<number>('count') };
  }

  test.each<[string, (context: theirs.TurnContext, state: theirs.ConversationState) => Promise<unknown>]>([
    ['a message', (context) => context.sendActivity('no')],
    ['an update', (context) => context.updateActivity({ id: 'x', type: 'message' })],
    ['a deletion', (context) => context.deleteActivity('x')],
    ['the answer of an invoke', (context) => context.sendActivity({ type: 'invokeResponse', value: { status: 200 } })],
    [
      'state that is saved',
      async (context, state) => {
        await state.createProperty<number>('count').set(context, 1);
        await state.saveChanges(context);
      },
    ],
    ['state that is deleted', (context, state) => state.delete(context)],
  ])('%s of the SDK is refused', async (_effect, make) => {
    const { adapter, state } = stepping((context, step) => step('s', async () => void (await make(context, state))));
    await expect(adapter.processActivity('a')).rejects.toMatchObject({ code: 'StepHasEffects' });
    expect(adapter.activeQueue).toEqual([]);
  });

  test('state of the SDK can be read', async () => {
    const read: unknown[] = [];
    const { adapter, state, count } = stepping(async (context, step) => {
      await step('s', async () => void read.push(await count.get(context)));
      await count.set(context, (await count.get(context, 0)) + 1);
      await state.saveChanges(context);
    });
    await adapter.send('a').send('b').startTest();
    expect(read).toEqual([undefined, 1]);
  });
});

import assert from 'node:assert';
import { describe, expect, test } from '@jest/globals';
import { ActivityHandler } from '../../src/bot/activity-handler';
import { ConversationState } from '../../src/bot/conversation-state';
import { TurnContext } from '../../src/bot/turn-context';
import { UserState } from '../../src/bot/user-state';
import type { Activity } from '../../src/schema/activity';
import { TestAdapter } from '../../src/testing/index';

const echo = async (context: TurnContext): Promise<void> => {
  await context.sendActivity(`You said ${context.activity.text}`);
};

const received: Partial<Activity> = { text: 'received', type: 'message' };

describe('an activity', () => {
  test('is addressed as the conversation says', async () => {
    const adapter = new TestAdapter(async ({ activity }) => {
      expect(activity).toMatchObject({
        type: 'message',
        text: 'received',
        channelId: 'test',
        from: { id: 'user1', name: 'User1' },
        recipient: { id: 'bot', name: 'Bot' },
        conversation: { id: 'Convo1' },
        serviceUrl: 'https://test.com',
      });
      expect(activity.id).toBeTruthy();
      expect(activity.timestamp).toBeInstanceOf(Date);
    });
    await adapter.receiveActivity('received');
    await adapter.receiveActivity(received);
    expect.assertions(6);
  });

  test('has what the template says', async () => {
    const adapter = new TestAdapter(
      async ({ activity }) => expect(activity).toMatchObject({ channelId: 'msteams', from: { id: 'bert' } }),
      { channelId: 'msteams', from: { id: 'bert' } },
    );
    await adapter.receiveActivity(received);
    expect(adapter.conversation).toMatchObject({ channelId: 'msteams', user: { id: 'bert' } });
  });

  test('stays as the test has made it, and can be sent again', async () => {
    const adapter = new TestAdapter(echo);
    await adapter.test(received, 'You said received').test(received, 'You said received');
    expect(received).toEqual({ text: 'received', type: 'message' });
  });

  test('is new even when its id is not', async () => {
    const adapter = new TestAdapter(echo);
    const named = { ...received, id: 'same' };
    await adapter.test(named, 'You said received').test(named, 'You said received');
  });

  test('is sent by the user when the bot is named as its sender', async () => {
    const adapter = new TestAdapter(async ({ activity }) => expect(activity.from.id).toBe('user1'));
    await adapter.receiveActivity({ ...received, from: { id: 'b', role: 'bot' } });
    await adapter.receiveActivity({ ...received, from: { id: 'unknown' } });
  });

  test('goes nowhere without a bot, and to the one that it is sent to', async () => {
    const adapter = new TestAdapter(TestAdapter.createConversation('mine', 'Ada', 'Robo'));
    await adapter.processActivity('nobody listens');
    await adapter.processActivity('hi', async ({ activity, sendActivity: _ }) => {
      expect(activity).toMatchObject({ conversation: { id: 'mine' }, from: { id: 'ada' }, recipient: { id: 'robo' } });
    });
    await adapter.sendTextToBot('hi', echo);
    expect(adapter.getNextReply()?.text).toBe('You said hi');
    expect(adapter.getNextReply()).toBeUndefined();
  });

  test('that the endpoint would refuse is refused', async () => {
    const adapter = new TestAdapter(echo);
    await expect(adapter.processActivity({ text: 1 as unknown as string })).rejects.toMatchObject({
      code: 'FieldRefused',
    });
  });

  test('needs no function: an activity handler will do', async () => {
    const bot = new ActivityHandler().onMessage(async (context) => echo(context));
    await new TestAdapter(bot).test('hi', 'You said hi');
  });
});

describe('replies', () => {
  test('are compared by text, by property, by inspection and by choice', async () => {
    const adapter = new TestAdapter(async (context) => {
      await context.sendActivity({ text: 'one', channelData: { deep: [1, { a: 2 }] }, value: undefined });
      await context.sendActivities([{ text: 'two' }, { text: 'three' }, { text: 'number four' }]);
    });
    await adapter
      .send('go')
      .assertReply({ type: 'message', text: 'one', channelData: { deep: [1, { a: 2 }] } })
      .assertReply(({ text, replyToId, from, recipient, id, timestamp }) => {
        expect([text, from?.id, recipient?.id]).toEqual(['two', 'bot', 'user1']);
        expect(replyToId).toBeTruthy();
        expect(id).toBeTruthy();
        expect(timestamp).toBeDefined();
      })
      .assertReplyOneOf(['drei', 'three'])
      .assertReplyContains('four')
      .assertNoReply();
  });

  test.each<[string, (adapter: TestAdapter) => PromiseLike<unknown> | Promise<unknown>, string]>([
    ['another text', (adapter) => adapter.test('hi', 'no').startTest(), 'text === "You said hi"'],
    ['another property', (adapter) => adapter.test('hi', { locale: 'de' }).startTest(), '=='],
    ['what an inspector throws', (adapter) => adapter.test('hi', () => assert.fail('seen')).startTest(), 'seen'],
    ['none of the texts', (adapter) => adapter.send('hi').assertReplyOneOf(['a', 'b']).startTest(), 'FAILED, Expected'],
    ['a text without the part', (adapter) => adapter.send('hi').assertReplyContains('x').startTest(), 'FAILED'],
    [
      'no reply',
      (adapter) => adapter.send('hi').assertReply('You said hi').assertReply('x', 'again', 20).startTest(),
      'again Timed out',
    ],
    [
      'a reply too many',
      (adapter) => adapter.send('hi').assertNoReply('silence').startTest(),
      "waiting for no reply: 'silence'",
    ],
  ])('%s fails the test', async (_what, run, message) => {
    await expect(run(new TestAdapter(echo))).rejects.toThrow(message);
  });

  test('come in the order of the sends, typing and answers to invokes among them', async () => {
    const adapter = new TestAdapter(async (context) => {
      await context.sendActivity('a');
      await context.sendActivity({ type: 'typing' });
      await context.sendActivity({ type: 'delay', value: 60_000 });
      await context.sendActivity('b');
      await context.sendActivity({ type: 'invokeResponse', value: { status: 201 } });
    });
    const started = performance.now();
    await adapter.send('hi');
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(adapter.activeQueue.map(({ type, text }) => text ?? type)).toEqual(['a', 'typing', 'b', 'invokeResponse']);
  });

  test('have traces among them if the test wants to see them', async () => {
    const bot = async (context: TurnContext): Promise<void> => {
      await context.sendTraceActivity('trace', 1);
    };
    await new TestAdapter(bot).send('hi').assertNoReply();
    await new TestAdapter(bot, {}, true).send('hi').assertReply({ type: 'trace', name: 'trace', value: 1 });
    const adapter = new TestAdapter(bot);
    adapter.enableTrace = true;
    await adapter.send('hi').assertReply({ type: 'trace' });
  });

  test('can be updated and deleted while they wait, by the id that the send returned', async () => {
    let id = '';
    const adapter = new TestAdapter(async (context) => {
      if (context.activity.text === 'update') await context.updateActivity({ id, type: 'message', text: 'changed' });
      else if (context.activity.text === 'delete') await context.deleteActivity(id);
      else id = (await context.sendActivity('first'))?.id ?? '';
    });
    await adapter.send('send').send('update');
    expect(adapter.activityBuffer.map(({ text }) => text)).toEqual(['changed']);
    await adapter.send('delete');
    expect(adapter.activityBuffer).toEqual([]);
  });

  test('of a context that was made by hand are there at once', async () => {
    const adapter = new TestAdapter(echo);
    const context = new TurnContext(adapter, { ...received, id: '1', conversation: { id: 'c' } });
    const sent = await context.sendActivity('by hand');
    expect(adapter.activeQueue).toMatchObject([{ text: 'by hand', conversation: { id: 'c' } }]);
    await context.updateActivity({ id: sent?.id ?? '', text: 'changed' });
    expect(adapter.activeQueue).toMatchObject([{ text: 'changed' }]);
    await context.deleteActivity(sent?.id ?? '');
    expect(adapter.activeQueue).toEqual([]);
  });

  test('can be waited for when something outside the bot sends them', async () => {
    const adapter = new TestAdapter(echo);
    const reference = TestAdapter.createConversation('Convo1');
    setTimeout(() => void adapter.continueConversationAsync('app', reference, echo), 20);
    await adapter.test('hi', 'You said hi').assertReply('You said undefined');
  });
});

describe('a flow', () => {
  test('runs its steps one after the other, and can be awaited like a promise', async () => {
    const steps: string[] = [];
    const adapter = new TestAdapter(echo);
    await adapter
      .send('1')
      .then(() => void steps.push('then'))
      .assertReply('You said 1')
      .delay(1)
      .test('2', 'You said 2')
      .then(() => assert.fail('expected'))
      .catch((error) => void steps.push((error as Error).message))
      .send('3')
      .finally(() => void steps.push('finally'));
    expect(steps).toEqual(['then', 'expected', 'finally']);
    expect(adapter.getNextReply()?.text).toBe('You said 3');
  });

  test('can be made from a recorded conversation', async () => {
    const adapter = new TestAdapter(echo);
    await adapter.testActivities([
      { type: 'message', text: 'hi', from: { id: 'user', role: 'user' } },
      { type: 'message', text: 'You said hi', from: { id: 'bot', role: 'bot' } },
    ]);
    await expect(
      adapter.testActivities([
        { type: 'message', text: 'hi' },
        { type: 'message', text: 'no', from: { id: 'bot', role: 'bot' } },
      ]),
    ).rejects.toThrow('failed "text" assert');
  });

  test('begins with the user joining', async () => {
    const bot = new ActivityHandler().onMembersAdded(async (context) => {
      await context.sendActivity(`Welcome ${context.activity.membersAdded?.[0]?.name}`);
    });
    await new TestAdapter(bot).send('x').sendConversationUpdate().assertReply('Welcome User1');
  });
});

describe('the turn', () => {
  test('goes through the middleware', async () => {
    const seen: string[] = [];
    const adapter = new TestAdapter(async () => void seen.push('bot'));
    adapter.use(
      async (_context, next) => {
        seen.push('in');
        await next();
        seen.push('out');
      },
      { onTurn: async (_context, next) => next() },
    );
    await adapter.send('hi');
    expect(seen).toEqual(['in', 'bot', 'out']);
  });

  test('fails the test with the error of the bot, after one run', async () => {
    let runs = 0;
    const error = new RangeError('of the bot');
    const adapter = new TestAdapter(async () => {
      runs += 1;
      throw error;
    });
    await expect(adapter.processActivity('hi')).rejects.toBe(error);
    expect(runs).toBe(1);
  });

  test('ends with onTurnError, which has the error and the context', async () => {
    const adapter = new TestAdapter(async (context) => {
      context.turnState.set('seen', true);
      await context.sendActivity('never sent');
      throw new RangeError('of the bot');
    });
    adapter.onTurnError = async (context, error) => {
      await context.sendActivity(`${error.name} ${context.turnState.get('seen')}`);
    };
    await adapter.test('hi', 'RangeError true').assertNoReply();
  });

  test('fails with what onTurnError throws', async () => {
    const adapter = new TestAdapter(async () => assert.fail('first'));
    adapter.onTurnError = async () => assert.fail('second');
    await expect(adapter.processActivity('hi')).rejects.toThrow('second');
  });

  test('is tried again when the test wants that, and no pause takes time', async () => {
    const adapter = new TestAdapter(
      async (context) => {
        if (context.attempt < 4) assert.fail('again');
        await context.sendActivity(`attempt ${context.attempt}`);
      },
      {},
      false,
      { retries: true },
    );
    await adapter.test('hi', 'attempt 4');
  });

  test('of an invoke is answered inside the delivery', async () => {
    class Bot extends ActivityHandler {
      protected override async onInvokeActivity() {
        return { status: 418, body: { tea: true } };
      }
    }
    const adapter = new TestAdapter(new Bot());
    await adapter
      .send({ type: 'invoke', name: 'custom' })
      .assertReply({ type: 'invokeResponse', value: { status: 418, body: { tea: true } } })
      .redeliver()
      .assertNoReply();
  });

  test('of another conversation can begin inside it, and one of the same comes after it', async () => {
    const order: string[] = [];
    const adapter: TestAdapter = new TestAdapter(async (context) => {
      order.push(`${context.activity.text} begins`);
      if (context.activity.text === 'outer') {
        await adapter.processActivity({ text: 'other', conversation: { id: 'other' } });
        await adapter.processActivity({ text: 'same' });
      }
      order.push(`${context.activity.text} ends`);
    });
    await adapter.send('outer');
    expect(order).toEqual(['outer begins', 'other begins', 'other ends', 'outer ends', 'same begins', 'same ends']);
  });

  test('creates a conversation and runs in it', async () => {
    const adapter = new TestAdapter();
    let id = '';
    await adapter.createConversationAsync('app', '', '', '', { bot: { id: 'b' }, isGroup: true }, async (context) => {
      id = context.activity.conversation.id;
      expect(context.activity).toMatchObject({ type: 'event', name: 'CreateConversation', recipient: { id: 'b' } });
      await context.sendActivity('created');
    });
    expect(adapter.getNextReply()).toMatchObject({ text: 'created', conversation: { id } });
  });

  test('over, lets nothing leave', async () => {
    let late: TurnContext | undefined;
    const adapter = new TestAdapter(async (context) => {
      late = context;
    });
    await adapter.send('hi');
    await expect(late?.sendActivity('late')).rejects.toMatchObject({ code: 'NoTurn' });
  });
});

describe('state', () => {
  const count = new ConversationState().createProperty<number>('count');
  const visits = new UserState().createProperty<number>('visits');
  const counter = async (context: TurnContext): Promise<void> => {
    await count.set(context, (await count.get(context, 0)) + 1);
    await visits.set(context, (await visits.get(context, 0)) + 1);
    await context.sendActivity(`${await count.get(context)} ${await visits.get(context)}`);
  };

  test('is stored with the turn, by conversation and by user', async () => {
    const adapter = new TestAdapter(counter);
    await adapter
      .test('a', '1 1')
      .test('b', '2 2')
      .send({ text: 'c', conversation: { id: 'other' } })
      .assertReply('1 3');
  });

  test('of a failed turn is not stored', async () => {
    const adapter = new TestAdapter(async (context) => {
      await counter(context);
      if (context.activity.text === 'fail') assert.fail('expected');
    });
    await adapter.test('a', '1 1');
    await expect(adapter.processActivity('fail')).rejects.toThrow('expected');
    await adapter.test('b', '2 2');
  });

  test('of activities at the same time loses nothing', async () => {
    const adapter = new TestAdapter(counter);
    await Promise.all(Array.from({ length: 20 }, (_, each) => adapter.processActivity(`${each}`)));
    expect(adapter.activeQueue).toHaveLength(20);
    expect(adapter.activeQueue.at(-1)?.text).toBe('20 20');
  });
});

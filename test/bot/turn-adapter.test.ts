import { describe, expect, test } from '@jest/globals';
import { BotAdapter } from '../../src/bot/bot-adapter';
import { BotCallbackHandlerKey, INVOKE_RESPONSE_KEY } from '../../src/bot/keys';
import { TurnAdapter } from '../../src/bot/turn-adapter';
import { turnAnswer } from '../../src/bot/turn-answer';
import { TurnContext } from '../../src/bot/turn-context';
import type { ResourceResponse } from '../../src/schema/conversations';
import { MemoryTurn } from '../support/memory-turn';
import { incoming, runBot } from '../support/run-bot';

describe('what becomes of a send', () => {
  test('effects keep the order in which things were done', async () => {
    const { turn } = await runBot(async (context) => {
      await context.sendActivities([{ text: 'one' }, { type: 'delay', value: 20 }, { text: 'two' }]);
      await context.updateActivity({ id: 'u', text: 'new' });
      await context.deleteActivity('d');
      await context.sendActivity('three');
    });
    const log = turn.effects.map((effect) =>
      'activity' in effect ? (effect.activity.text ?? effect.activity.type) : effect.id,
    );
    expect(log).toEqual(['one', 'delay', 'two', 'new', 'd', 'three']);
  });

  test.each([
    [20, 20],
    [0, 0],
    [-5, 0],
    ['soon', 1000],
    [undefined, 1000],
    [Number.NaN, 1000],
  ])('a delay of %p waits %p ms', async (value, waits) => {
    const { turn } = await runBot(async (context) => {
      expect(await context.sendActivity({ type: 'delay', value })).toEqual({ id: '' });
    });
    expect(turn.sent).toMatchObject([{ type: 'delay', value: waits }]);
  });

  test('typing goes out at once, and is no effect', async () => {
    const { turn } = await runBot(async (context) => {
      expect(await context.sendActivity({ type: 'typing' })).toEqual({ id: '' });
    });
    expect(turn.effects).toEqual([]);
    expect(turn.live).toMatchObject([{ type: 'typing', conversation: { id: 'c-1' }, replyToId: 'a-1' }]);
  });

  test('an invoke response waits in turnState, and is no effect', async () => {
    const { context, turn } = await runBot(async (each) => {
      expect(await each.sendActivity({ type: 'invokeResponse', value: { status: 200 } })).toEqual({ id: '' });
    });
    expect(turn.effects).toEqual([]);
    expect(context.turnState.get(INVOKE_RESPONSE_KEY)).toMatchObject({ value: { status: 200 } });
  });

  test('an id given to the adapter itself is not sent either', async () => {
    const { turn } = await runBot((context) => context.adapter.sendActivities(context, [{ type: 'event', id: 'x' }]));
    expect(turn.sent).toEqual([{ type: 'event' }]);
  });

  test('an activity that is no JSON is refused, and nothing of it is sent', async () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const { turn } = await runBot(async (context) => {
      for (const value of [cycle, 1n]) {
        await expect(context.sendActivity({ value })).rejects.toMatchObject({ code: 'ActivityNotJson' });
      }
    });
    expect(turn.effects).toEqual([]);
  });
});

describe('running a turn', () => {
  test('middleware surrounds the bot and shares turnState with it', async () => {
    const adapter = new TurnAdapter().use(
      async (context, next) => {
        context.turnState.set('k', 'from middleware');
        await next();
        await context.sendActivity('after');
      },
      { onTurn: (_context, next) => next() },
    );
    const bot = async (context: TurnContext) => {
      expect(typeof context.turnState.get(BotCallbackHandlerKey)).toBe('function');
      await context.sendActivity(context.turnState.get<string>('k') ?? '');
    };
    const { turn } = await runBot(bot, {}, new MemoryTurn(), adapter);
    expect(turn.texts).toEqual(['from middleware', 'after']);
  });

  test('a turn that middleware ends early is a turn like any other', async () => {
    const adapter = new TurnAdapter().use(async (context) => {
      await context.sendActivity('not now');
    });
    const { turn } = await runBot(() => Promise.reject(new Error('not reached')), {}, new MemoryTurn(), adapter);
    expect(turn.texts).toEqual(['not now']);
  });

  test('a bot is a function, or an object with run or onTurn', async () => {
    const said = async (bot: Parameters<typeof runBot>[0]) => (await runBot(bot)).turn.texts;
    const object = {
      word: 'object',
      run(context: TurnContext) {
        return context.sendActivity(this.word);
      },
    };
    expect(await said((context) => context.sendActivity('function'))).toEqual(['function']);
    expect(await said(object)).toEqual(['object']);
    expect(await said({ onTurn: (context: TurnContext) => context.sendActivity('onTurn') })).toEqual(['onTurn']);
    for (const odd of [undefined, {}, 'x', { run: 1 }]) {
      await expect(runBot(odd as unknown as () => void)).rejects.toMatchObject({ code: 'NotABot' });
    }
  });

  test('an error is thrown, and onTurnError is left to whoever knows that it is final', async () => {
    const adapter = new TurnAdapter();
    adapter.onTurnError = async () => {
      throw new Error('must not run');
    };
    const error = new Error('from the bot');
    await expect(runBot(() => Promise.reject(error), {}, new MemoryTurn(), adapter)).rejects.toBe(error);
  });

  test('onTurnError apologises in a turn of its own, in the context of the failed attempt', async () => {
    const adapter = new TurnAdapter();
    const seen: unknown[] = [];
    adapter.onTurnError = async (context, error) => {
      seen.push(error, context.turnState.get('k'), context.turnState.has(INVOKE_RESPONSE_KEY));
      await context.sendActivity('sorry');
    };
    const context = adapter.createContext(incoming({ deliveryMode: 'expectReplies' }));
    const error = new Error('from the bot');
    const failing = async (each: TurnContext) => {
      each.turnState.set('k', 'v');
      await each.sendActivities([{ text: 'half' }, { type: 'invokeResponse' }]);
      throw error;
    };
    await expect(adapter.run(context, new MemoryTurn(), failing)).rejects.toBe(error);
    await adapter.runOnTurnError(context, new MemoryTurn({ id: 'turn-2' }), error);
    expect(seen).toEqual([error, 'v', false]);
    expect(context.bufferedReplyActivities.map((activity) => activity.text)).toEqual(['sorry']);
  });

  test('onTurnError works in a new context, and without a handler nothing happens', async () => {
    const adapter = new TurnAdapter();
    const turn = new MemoryTurn();
    await adapter.runOnTurnError(adapter.createContext(incoming()), turn, new Error('x'));
    expect(turn.effects).toEqual([]);
    adapter.onTurnError = async (context, error) => {
      await context.sendActivity(error.message);
    };
    await adapter.runOnTurnError(adapter.createContext(incoming()), turn, new Error('x'));
    expect(turn.texts).toEqual(['x']);
  });

  test('an own adapter can have errors handled at once, as in the Bot Framework SDK', async () => {
    class Direct extends BotAdapter {
      async sendActivities(): Promise<ResourceResponse[]> {
        return [];
      }
      async updateActivity(): Promise<undefined> {}
      async deleteActivity(): Promise<void> {}
      run(bot: (context: TurnContext) => Promise<void>): Promise<void> {
        return this.runMiddleware(new TurnContext(this, incoming({ locale: 'de-DE' })), bot);
      }
    }
    const error = new Error('from the bot');
    const direct = new Direct();
    await expect(direct.run(() => Promise.reject(error))).rejects.toBe(error);
    const seen: unknown[] = [];
    direct.onTurnError = async (context, each) => {
      seen.push(each, context.locale);
    };
    await direct.run(() => Promise.reject(error));
    expect(seen).toEqual([error, 'de-DE']);
    await expect(direct.continueConversationAsync('', {}, async () => undefined)).rejects.toMatchObject({
      code: 'NotByThisAdapter',
    });
    await expect(direct.createConversationAsync('', '', '', '', {}, async () => undefined)).rejects.toMatchObject({
      code: 'NotByThisAdapter',
    });
  });
});

describe('the answer of a turn', () => {
  const invoke = { type: 'invoke', name: 'x' };

  test('to expectReplies is 200 with all activities', async () => {
    const { context } = await runBot((each) => each.sendActivity('x'), { deliveryMode: 'expectReplies' });
    expect(turnAnswer(context)).toMatchObject({ status: 200, body: { activities: [{ text: 'x' }] } });
  });

  test('to an invoke is what was stored, and 501 when nothing was', async () => {
    const answering = await runBot(
      (each) => each.sendActivity({ type: 'invokeResponse', value: { status: 201, body: { a: 1 } } }),
      invoke,
    );
    expect(turnAnswer(answering.context)).toEqual({ status: 201, body: { a: 1 } });
    expect(turnAnswer((await runBot(() => undefined, invoke)).context)).toEqual({ status: 501 });
  });

  test('to anything else is none', async () => {
    expect(turnAnswer((await runBot((each) => each.sendActivity('x'))).context)).toBeUndefined();
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BotState } from '../../src/bot/bot-state';
import { ConversationState } from '../../src/bot/conversation-state';
import { PrivateConversationState } from '../../src/bot/private-conversation-state';
import { TurnAdapter } from '../../src/bot/turn-adapter';
import { TurnContext } from '../../src/bot/turn-context';
import { UserState } from '../../src/bot/user-state';
import { MemoryTurn, type Stored } from '../support/memory-turn';
import { incoming, runBot } from '../support/run-bot';

const state = new ConversationState();

/** Runs one turn on what is stored, and answers what is stored afterwards, and what it touched. */
async function turnOn(stored: Stored, bot: (context: TurnContext) => Promise<unknown>) {
  const turn = new MemoryTurn({ stored });
  await runBot(bot, {}, turn);
  return { stored: turn.committed(), touched: (await turn.state('conversation')).touched() };
}

describe('a property', () => {
  const count = state.createProperty<number>('count');

  test('is kept from turn to turn, without saveChanges', async () => {
    let stored: Stored = {};
    for (let turn = 1; turn <= 3; turn++) {
      ({ stored } = await turnOn(stored, async (context) => {
        await count.set(context, (await count.get(context, 0)) + 1);
      }));
    }
    expect(stored).toEqual({ conversation: { count: 3 } });
  });

  test('is undefined until set, and again once deleted', async () => {
    await turnOn({}, async (context) => {
      expect(await count.get(context)).toBeUndefined();
      await count.set(context, 1);
      expect(await count.get(context)).toBe(1);
      await count.delete(context);
      expect(await count.get(context)).toBeUndefined();
      await count.delete(context);
    });
  });

  test('a default that was read is stored', async () => {
    const { stored } = await turnOn({}, async (context) => {
      expect(await count.get(context, 7)).toBe(7);
    });
    expect(stored).toEqual({ conversation: { count: 7 } });
  });

  test('a default does not replace what is there, falsy or null', async () => {
    for (const value of [0, '', false, null]) {
      const any = state.createProperty<unknown>('any');
      await turnOn({ conversation: { any: value } }, async (context) => {
        expect(await any.get(context, 'default')).toBe(value);
      });
    }
  });

  test('a default is a copy, so turns do not share it', async () => {
    const fallback = { list: [] as number[] };
    const property = state.createProperty<typeof fallback>('p');
    const push = async (context: TurnContext) => {
      (await property.get(context, fallback)).list.push(1);
    };
    expect((await turnOn({}, push)).stored).toEqual({ conversation: { p: { list: [1] } } });
    expect((await turnOn({}, push)).stored).toEqual({ conversation: { p: { list: [1] } } });
    expect(fallback).toEqual({ list: [] });
  });

  test('is live: changing an object in place is stored', async () => {
    const user = state.createProperty<{ name: string }>('user');
    const { stored } = await turnOn({ conversation: { user: { name: 'A' }, count: 1 } }, async (context) => {
      const value = await user.get(context);
      if (value !== undefined) value.name = 'B';
      expect(await user.get(context)).toBe(value);
    });
    expect(stored).toEqual({ conversation: { user: { name: 'B' }, count: 1 } });
  });

  test('of the same name is the same property', async () => {
    await turnOn({}, async (context) => {
      await count.set(context, 5);
      expect(await state.createProperty('count').get(context)).toBe(5);
      expect(await new ConversationState().createProperty('count').get(context)).toBe(5);
    });
  });

  test('touches itself alone', async () => {
    const { touched } = await turnOn({ conversation: { a: 1, b: 2, count: 3 } }, (context) => count.get(context));
    expect(touched).toEqual(['count']);
  });

  test('may have any name', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'then', 'toString')),
        fc.jsonValue({ maxDepth: 2 }),
        async (name, value) => {
          const property = state.createProperty(name);
          const { stored } = await turnOn({}, (context) => property.set(context, value));
          await turnOn(stored, async (context) => {
            expect(JSON.stringify(await property.get(context))).toBe(JSON.stringify(value));
          });
        },
      ),
    );
  });

  test('a default that JSON cannot hold is refused', async () => {
    const property = state.createProperty<unknown>('bad');
    await turnOn({}, async (context) => {
      const refusal = { code: 'StateNotJson', message: expect.stringContaining('"bad"') };
      await expect(property.get(context, { run: () => 1 })).rejects.toMatchObject(refusal);
    });
  });
});

describe('scopes', () => {
  test('are kept apart', async () => {
    const turn = new MemoryTurn();
    await runBot(
      async (context) => {
        for (const [name, scope] of Object.entries({
          conversation: new ConversationState(),
          user: new UserState(),
          private: new PrivateConversationState(),
        })) {
          await scope.createProperty('p').set(context, name);
        }
      },
      {},
      turn,
    );
    expect(turn.committed()).toEqual({
      conversation: { p: 'conversation' },
      user: { p: 'user' },
      private: { p: 'private' },
    });
  });

  test('a class of one’s own has a scope', async () => {
    class Own extends BotState {
      constructor() {
        super('user');
      }
    }
    const turn = new MemoryTurn();
    await runBot((context) => new Own().createProperty('p').set(context, 1), {}, turn);
    expect(turn.committed()).toEqual({ user: { p: 1 } });
  });
});

describe('the whole state', () => {
  const stored = { conversation: { a: 1, b: { c: 2 } } };

  test('is a live object once loaded, and undefined before', async () => {
    const result = await turnOn(stored, async (context) => {
      expect(state.get(context)).toBeUndefined();
      const loaded = await state.load(context);
      expect(state.get(context)).toBe(loaded);
      expect(await state.load(context, true)).toBe(loaded);
      expect(loaded.a).toBe(1);
      loaded.a = 5;
      loaded.fresh = true;
      delete loaded.b;
      expect(await state.createProperty('a').get(context)).toBe(5);
    });
    expect(result.stored).toEqual({ conversation: { a: 5, fresh: true } });
  });

  test('is loaded by the first access to a property', async () => {
    await turnOn(stored, async (context) => {
      await state.createProperty('a').get(context);
      expect(state.get(context)).toEqual(stored.conversation);
    });
  });

  test('loading and saving touch nothing, one property touches itself, listing touches all', async () => {
    const touched = async (bot: (context: TurnContext) => Promise<unknown>) => (await turnOn(stored, bot)).touched;
    expect(await touched((context) => state.load(context))).toEqual([]);
    expect(await touched((context) => state.saveChanges(context))).toEqual([]);
    expect(await touched(async (context) => (await state.load(context)).a)).toEqual(['a']);
    expect(await touched(async (context) => 'b' in (await state.load(context)))).toEqual(['b']);
    expect(await touched(async (context) => JSON.stringify(await state.load(context)))).toBe('everything');
    expect(await touched(async (context) => ({ ...(await state.load(context)) }))).toBe('everything');
  });

  test('looks like any object', async () => {
    await turnOn(stored, async (context) => {
      const loaded = await state.load(context);
      expect(Object.keys(loaded)).toEqual(['a', 'b']);
      expect({ ...loaded }).toEqual(stored.conversation);
      expect(JSON.stringify(loaded)).toBe(JSON.stringify(stored.conversation));
      expect(Object.hasOwn(loaded, 'a')).toBe(true);
      expect(Object.hasOwn(loaded, 'toString')).toBe(false);
      expect('a' in loaded && 'toString' in loaded && !('absent' in loaded)).toBe(true);
      Object.assign(loaded, { d: 4 });
      expect(loaded.d).toBe(4);
      expect(loaded[Symbol.iterator as unknown as string]).toBeUndefined();
    });
  });

  test('__proto__ of it is a property, and changes no prototype', async () => {
    await turnOn(JSON.parse('{"conversation":{}}'), async (context) => {
      const loaded = await state.load(context);
      const name = '__proto__';
      loaded[name] = { polluted: 1 };
      expect(loaded.polluted).toBeUndefined();
    });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('clear removes everything that was, and nothing that is set afterwards', async () => {
    const result = await turnOn(stored, async (context) => {
      const loaded = await state.load(context);
      await state.clear(context);
      expect(loaded).toEqual({});
      expect(await state.createProperty('a').get(context)).toBeUndefined();
      await state.createProperty('d').set(context, 4);
    });
    expect(result).toEqual({ stored: { conversation: { d: 4 } }, touched: 'everything' });
  });

  test('delete removes everything, and the next access starts anew', async () => {
    const result = await turnOn(stored, async (context) => {
      await state.load(context);
      await state.delete(context);
      expect(state.get(context)).toBeUndefined();
      expect(await state.createProperty('a').get(context, 9)).toBe(9);
    });
    expect(result.stored).toEqual({ conversation: { a: 9 } });
  });
});

describe('outside a turn', () => {
  test('every access fails with a code', async () => {
    const context = new TurnContext(new TurnAdapter(), incoming());
    const property = state.createProperty('p');
    const attempts = [
      () => property.get(context),
      () => property.set(context, 1),
      () => property.delete(context),
      () => state.load(context),
      () => state.saveChanges(context),
      () => state.clear(context),
      () => state.delete(context),
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ code: 'NoTurn' });
  });
});

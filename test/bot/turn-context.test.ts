import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TurnAdapter } from '../../src/bot/turn-adapter';
import { TurnContext } from '../../src/bot/turn-context';
import type { Activity } from '../../src/schema/activity';
import { MemoryTurn } from '../support/memory-turn';
import { incoming, onTheWire, runBot } from '../support/run-bot';

describe('sending', () => {
  test('a text becomes a message that accepts input, addressed as a reply', async () => {
    const { turn } = await runBot((context) => context.sendActivity('hi'));
    expect(turn.sent).toEqual([
      {
        type: 'message',
        text: 'hi',
        inputHint: 'acceptingInput',
        channelId: 'test',
        serviceUrl: 'https://channel.example/',
        conversation: { id: 'c-1' },
        from: { id: 'bot-1', name: 'Bot' },
        recipient: { id: 'user-1', name: 'User' },
        replyToId: 'a-1',
      },
    ]);
  });

  test('a text can be spoken and hint otherwise', async () => {
    const { turn } = await runBot((context) => context.sendActivity('hi', 'hello', 'expectingInput'));
    expect(turn.sent[0]).toMatchObject({ text: 'hi', speak: 'hello', inputHint: 'expectingInput' });
  });

  test('an activity gets no input hint, a type only if it has none, and no id', async () => {
    const given = { text: 'x', id: 'copied' };
    const { turn } = await runBot(async (context) => {
      await context.sendActivity(given);
      await context.sendActivity({ type: 'event', name: 'e' });
    });
    expect(turn.sent[0]).toMatchObject({ type: 'message', text: 'x' });
    expect(turn.sent[0]).not.toHaveProperty('id');
    expect(turn.sent[0]).not.toHaveProperty('inputHint');
    expect(turn.sent[1]).toMatchObject({ type: 'event', name: 'e' });
    expect(given).toEqual({ text: 'x', id: 'copied' });
    const { context } = await runBot((each) => each.sendActivity(given), { deliveryMode: 'expectReplies' });
    expect(context.bufferedReplyActivities[0]).not.toHaveProperty('id');
  });

  test('the answer has an id per activity', async () => {
    await runBot(async (context) => {
      expect(await context.sendActivity('one')).toEqual({ id: 'turn-1.0' });
      expect(await context.sendActivities([{ text: 'two' }, { text: 'three' }])).toEqual([
        { id: 'turn-1.1' },
        { id: 'turn-1.2' },
      ]);
    });
  });

  test('an empty list throws', async () => {
    await runBot((context) => expect(context.sendActivities([])).rejects.toMatchObject({ code: 'NothingToSend' }));
  });

  test('unknown entities and properties go out untouched', async () => {
    const entities = [{ type: 'https://schema.org/Message', citation: [{ position: 1, appearance: { name: 'n' } }] }];
    const { turn } = await runBot((context) => context.sendActivity({ text: 'x', entities, feedbackLoop: { a: 1 } }));
    expect(turn.sent[0]).toMatchObject({ entities, feedbackLoop: { a: 1 } });
  });

  test('what is changed after the send is not sent', async () => {
    const activity = { text: 'before', channelData: { a: 1 } };
    const { turn } = await runBot(async (context) => {
      await context.sendActivity(activity);
      activity.text = 'after';
      activity.channelData.a = 2;
    });
    expect(turn.sent[0]).toMatchObject({ text: 'before', channelData: { a: 1 } });
  });

  test('the incoming locale is used unless the activity has one', async () => {
    const bot = (context: TurnContext) => context.sendActivities([{ text: 'a' }, { text: 'b', locale: 'fr-FR' }]);
    const { turn } = await runBot(bot, { locale: 'de-DE' });
    expect(turn.sent.map((activity) => activity.locale)).toEqual(['de-DE', 'fr-FR']);
  });

  test('any activity that came in can be sent back, and is what it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), async (json) => {
        const value: unknown = JSON.parse(json);
        fc.pre(!json.includes('__proto__'));
        const posted = { value, timestamp: onTheWire('2026-01-02T03:04:05.1234567Z') };
        const { turn } = await runBot((context) => context.sendActivity({ value: context.activity }), posted);
        expect(turn.sent[0]?.value).toEqual(JSON.parse(JSON.stringify(incoming(posted))));
      }),
      { numRuns: 50 },
    );
  });
});

describe('responded', () => {
  const responded = async (activity: Partial<Activity> | string) =>
    (await runBot((context) => context.sendActivity(activity))).context.responded;

  test('is false until something is sent', async () => {
    expect((await runBot(() => undefined)).context.responded).toBe(false);
  });

  test('turns true with any send but a trace', async () => {
    expect(await responded('x')).toBe(true);
    expect(await responded({ type: 'typing' })).toBe(true);
    expect(await responded({ type: 'event' })).toBe(true);
    expect(await responded({ type: 'trace' })).toBe(false);
  });

  test('stays false when a send fails, or a hook keeps it', async () => {
    const { context } = await runBot(async (each) => {
      await expect(each.sendActivities([])).rejects.toThrow();
      each.onSendActivities(async () => []);
      await each.sendActivity('kept');
    });
    expect(context.responded).toBe(false);
  });

  test('cannot be unset', async () => {
    await runBot((context) => {
      context.responded = true;
      expect(() => {
        context.responded = false;
      }).toThrow("cannot set 'responded' to a value of 'false'");
      expect(context.responded).toBe(true);
    });
  });
});

describe('traces', () => {
  test('reach the emulator and no other channel', async () => {
    const bot = (context: TurnContext) => context.sendTraceActivity('name', { a: 1 }, 'type', 'label');
    const emulator = await runBot(bot, { channelId: 'emulator' });
    expect(emulator.turn.sent[0]).toMatchObject({
      type: 'trace',
      name: 'name',
      value: { a: 1 },
      valueType: 'type',
      label: 'label',
      timestamp: expect.any(String),
    });
    expect((await runBot(bot)).turn.effects).toEqual([]);
  });
});

describe('expectReplies', () => {
  test('collects everything and sends nothing', async () => {
    const { context, turn } = await runBot(
      async (each) => {
        const response = await each.sendActivity('one');
        expect(response?.id).toBeUndefined();
        await each.sendActivities([{ type: 'typing' }, { type: 'delay', value: 5 }, { text: 'two' }]);
      },
      { deliveryMode: 'expectReplies' },
    );
    expect(turn.effects).toEqual([]);
    expect(turn.live).toEqual([]);
    expect(context.bufferedReplyActivities.map(({ type, text }) => text ?? type)).toEqual([
      'one',
      'typing',
      'delay',
      'two',
    ]);
    expect(context.responded).toBe(true);
  });

  test('otherwise nothing is collected', async () => {
    const { context } = await runBot((each) => each.sendActivity('x'));
    expect(context.bufferedReplyActivities).toEqual([]);
  });
});

describe('updating and deleting', () => {
  test('an update is addressed to the conversation, in the object given', async () => {
    const activity: Partial<Activity> = { id: 'sent-1', type: 'message', text: 'new' };
    const { turn } = await runBot(async (context) => {
      expect(await context.updateActivity(activity)).toEqual({ id: 'sent-1' });
    });
    expect(activity.conversation).toEqual({ id: 'c-1' });
    expect(turn.effects).toMatchObject([{ kind: 'update', id: 'sent-1', activity: { text: 'new', id: 'sent-1' } }]);
  });

  test('an update without an id is refused', async () => {
    await runBot((context) =>
      expect(context.updateActivity({ text: 'x' })).rejects.toMatchObject({ code: 'ActivityIdMissing' }),
    );
  });

  test('a deletion takes an id or a reference', async () => {
    const { turn } = await runBot(async (context) => {
      const sent = await context.sendActivity('x');
      await context.deleteActivity('one');
      await context.deleteActivity({ activityId: 'two', conversation: { id: 'c-1' } });
      await context.deleteActivity({ activityId: 'three' });
      await context.deleteActivity(TurnContext.getReplyConversationReference(context.activity, sent ?? { id: '' }));
    });
    const deleted = turn.effects.filter((effect) => effect.kind === 'delete');
    expect(deleted.map((effect) => effect.id)).toEqual(['one', 'two', 'three', 'turn-1.0']);
  });

  test('a deletion in another conversation, or of nothing, is refused', async () => {
    await runBot(async (context) => {
      const elsewhere = { activityId: 'x', conversation: { id: 'c-2' } };
      await expect(context.deleteActivity(elsewhere)).rejects.toMatchObject({ code: 'OtherConversation' });
      await expect(context.deleteActivity({})).rejects.toMatchObject({ code: 'ActivityIdMissing' });
    });
  });
});

describe('hooks', () => {
  test('on sends are nested in the order of registration, and see the ids afterwards', async () => {
    const log: string[] = [];
    await runBot(async (context) => {
      for (const name of ['outer', 'inner']) {
        context.onSendActivities(async (_context, activities, next) => {
          log.push(`${name} before ${activities[0]?.text}`);
          const responses = await next();
          log.push(`${name} after ${activities[0]?.id} ${responses[0]?.id}`);
          return responses;
        });
      }
      await context.sendActivity('x');
    });
    expect(log).toEqual([
      'outer before x',
      'inner before x',
      'inner after turn-1.0 turn-1.0',
      'outer after turn-1.0 turn-1.0',
    ]);
  });

  test('on sends may change, keep and replace', async () => {
    const { turn } = await runBot(async (context) => {
      context.onSendActivities(async (_context, activities, next) => {
        if (activities[0]?.text === 'keep') return [{ id: 'kept' }];
        for (const activity of activities) activity.text = activity.text?.toUpperCase() ?? '';
        return next();
      });
      expect(await context.sendActivity('keep')).toEqual({ id: 'kept' });
      await context.sendActivity('change');
    });
    expect(turn.texts).toEqual(['CHANGE']);
  });

  test('on updates and deletions work alike', async () => {
    const log: string[] = [];
    const { turn } = await runBot(async (context) => {
      context.onUpdateActivity(async (_context, activity, next) => {
        log.push(`update ${activity.id}`);
        return next();
      });
      context.onDeleteActivity(async (_context, reference, next) => {
        log.push(`delete ${reference.activityId}`);
        if (reference.activityId !== 'kept') await next();
      });
      expect(await context.updateActivity({ id: 'u' })).toEqual({ id: 'u' });
      await context.deleteActivity('kept');
      await context.deleteActivity('gone');
    });
    expect(log).toEqual(['update u', 'delete kept', 'delete gone']);
    expect(turn.effects.map(({ kind, id }) => `${kind} ${id}`)).toEqual(['update u', 'delete gone']);
  });

  test('what a hook throws reaches the sender', async () => {
    const error = new Error('no');
    await runBot(async (context) => {
      context.onSendActivities(() => {
        throw error;
      });
      await expect(context.sendActivity('x')).rejects.toBe(error);
    });
  });

  test('for any number of hooks the nesting is that of an onion', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 8 }), async (count) => {
        const log: number[] = [];
        await runBot(async (context) => {
          for (let index = 0; index < count; index++) {
            context.onSendActivities(async (_context, _activities, next) => {
              log.push(index);
              const responses = await next();
              log.push(index);
              return responses;
            });
          }
          await context.sendActivity('x');
        });
        const inwards = Array.from({ length: count }, (_, index) => index);
        expect(log).toEqual([...inwards, ...inwards.toReversed()]);
      }),
      { numRuns: 20 },
    );
  });
});

describe('what the turn offers', () => {
  test('reaches the bot through the context', async () => {
    const deadline = new Date(5);
    const turn = new MemoryTurn({ id: 't', attempt: 3, deadline });
    await runBot(
      async (context) => {
        expect(context.turnId).toBe('t');
        expect(context.attempt).toBe(3);
        expect(context.deadline).toBe(deadline);
        expect(context.signal.aborted).toBe(false);
        turn.abort();
        expect(context.signal.aborted).toBe(true);
        await context.sendActivity('x');
        await context.flush();
        expect(await context.step('s', () => 7)).toBe(7);
        expect(await context.step('s', () => 8)).toBe(7);
      },
      {},
      turn,
    );
    expect(turn.flushes).toEqual([1]);
  });

  test('is refused with a code outside a turn', async () => {
    const context = new TurnContext(new TurnAdapter(), incoming());
    const code = { code: 'NoTurn' };
    expect(() => context.turnId).toThrow(expect.objectContaining(code));
    expect(() => context.attempt).toThrow(expect.objectContaining(code));
    expect(() => context.signal).toThrow(expect.objectContaining(code));
    expect(() => context.deadline).toThrow(expect.objectContaining(code));
    await expect(context.step('s', () => 1)).rejects.toMatchObject(code);
    await expect(context.flush()).rejects.toMatchObject(code);
    await expect(context.sendActivity('x')).rejects.toMatchObject(code);
  });

  test('is refused with a code when the turn is over, sends for the response included', async () => {
    for (const deliveryMode of ['normal', 'expectReplies']) {
      const { context, turn } = await runBot(() => undefined, { deliveryMode });
      const code = { code: 'NoTurn' };
      await expect(context.sendActivity('late')).rejects.toMatchObject(code);
      await expect(context.updateActivity({ id: 'x' })).rejects.toMatchObject(code);
      await expect(context.deleteActivity('x')).rejects.toMatchObject(code);
      expect(() => context.turnId).toThrow(expect.objectContaining(code));
      expect([turn.effects, context.bufferedReplyActivities]).toEqual([[], []]);
    }
  });
});

describe('locale', () => {
  test('is that of the activity until it is set', async () => {
    await runBot(
      (context) => {
        expect(context.locale).toBe('de-DE');
        context.locale = 'en-GB';
        expect(context.locale).toBe('en-GB');
        context.locale = undefined;
        expect(context.locale).toBeUndefined();
      },
      { locale: 'de-DE' },
    );
    expect(new TurnContext(new TurnAdapter(), {}).locale).toBeUndefined();
  });
});

describe('a context made of another', () => {
  test('is the same turn', async () => {
    const { turn } = await runBot(async (context) => {
      const hooked: string[] = [];
      context.turnState.set('k', 'v');
      context.onSendActivities(async (_context, activities, next) => {
        hooked.push(activities[0]?.text ?? '');
        return next();
      });
      class Derived extends TurnContext {}
      const copy = new Derived(context);
      await copy.sendActivity('through the copy');
      copy.locale = 'it-IT';
      expect(hooked).toEqual(['through the copy']);
      expect([context.responded, context.locale, copy.turnState.get('k')]).toEqual([true, 'it-IT', 'v']);
      expect([copy.activity, copy.adapter, copy.turnId]).toEqual([context.activity, context.adapter, context.turnId]);
    });
    expect(turn.texts).toEqual(['through the copy']);
  });
});

describe('the activity of a turn', () => {
  test('is a copy: what a handler changes stays in the turn', async () => {
    const original = incoming({ text: '<at>Bot</at> hi', timestamp: onTheWire('2026-01-02T03:04:05Z') });
    const adapter = new TurnAdapter();
    await adapter.run(adapter.createContext(original), new MemoryTurn(), (context) => {
      context.activity.text = 'changed';
      context.activity.from.id = 'changed';
      expect(context.activity.timestamp).toBeInstanceOf(Date);
    });
    expect(original).toEqual(incoming({ text: '<at>Bot</at> hi', timestamp: onTheWire('2026-01-02T03:04:05Z') }));
  });
});

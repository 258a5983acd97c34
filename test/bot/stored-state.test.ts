import { describe, expect, test } from '@jest/globals';
import * as sdk from 'botbuilder-core';
import * as turnwise from '../../src/index';
import type { Activity } from '../../src/schema/activity';
import { MemoryTurn } from '../support/memory-turn';
import { incoming, runBot } from '../support/run-bot';

/* State on contexts that were made by hand, as unit tests make them, and state with a key of its author's own: both libraries are asked the same. */

type Library = Pick<
  typeof turnwise,
  | 'BotAdapter'
  | 'BotState'
  | 'BotStateSet'
  | 'ConversationState'
  | 'MemoryStorage'
  | 'PrivateConversationState'
  | 'TurnContext'
  | 'UserState'
>;
type Kind = 'ConversationState' | 'PrivateConversationState' | 'UserState';

const KINDS: readonly Kind[] = ['ConversationState', 'PrivateConversationState', 'UserState'];

/** A context that no turn was made for. */
function contextOf(library: Library, different: Partial<Activity> = {}): turnwise.TurnContext {
  class Silent extends library.BotAdapter {
    sendActivities = async () => [];
    updateActivity = async () => undefined;
    deleteActivity = async () => undefined;
  }
  return new library.TurnContext(new Silent(), incoming(different));
}

interface Parts {
  readonly library: Library;
  readonly kind: Kind;
  readonly storage: turnwise.MemoryStorage;
  readonly state: InstanceType<Library[Kind]>;
  readonly context: turnwise.TurnContext;
  /** What the storage has of the state, without its version. */
  stored(): Promise<unknown>;
}

function partsOf(library: Library, kind: Kind, activity: Partial<Activity> = {}): Parts {
  const storage = new library.MemoryStorage();
  const state = new library[kind](storage);
  const context = contextOf(library, activity);
  return {
    ...{ library, kind, storage, state, context },
    async stored() {
      const key = state.getStorageKey(context) ?? '';
      const { eTag: _, ...properties } = ((await storage.read([key]))[key] ?? { absent: true }) as turnwise.StoreItem;
      return properties;
    },
  };
}

const SCENES: Readonly<Record<string, (parts: Parts) => unknown>> = {
  'the key': ({ state, context }) => state.getStorageKey(context),
  'the key in a namespace': ({ library, kind, storage, context }) =>
    new library[kind](storage, 'mine').getStorageKey(context),
  'a property that is saved': async ({ state, context, stored }) => {
    await state.createProperty('x').set(context, { a: 1 });
    const before = await stored();
    await state.saveChanges(context);
    return [before, await stored()];
  },
  'a property that another context reads': async ({ library, state, context }) => {
    await state.createProperty('x').set(context, { a: 1 });
    await state.saveChanges(context);
    return state.createProperty('x').get(contextOf(library));
  },
  'a default that is changed in place': async ({ state, context, stored }) => {
    const counter = state.createProperty<{ n: number }>('x');
    (await counter.get(context, { n: 0 })).n += 1;
    await state.saveChanges(context);
    return [await counter.get(context, { n: 7 }), await stored()];
  },
  'a property that is not there': async ({ state, context }) => [
    await state.createProperty('x').get(context),
    state.get(context),
  ],
  'state that was not loaded': ({ state, context }) => state.get(context),
  'saving what was not loaded': async ({ state, context, stored }) => {
    await state.saveChanges(context);
    return stored();
  },
  'saving it in any case': async ({ state, context, stored }) => {
    await state.saveChanges(context, true);
    return stored();
  },
  'the whole state': async ({ state, context, stored }) => {
    const all = await state.load(context);
    all.a = 1;
    await state.saveChanges(context);
    all.b = 2;
    const { eTag: _, ...again } = await state.load(context, true);
    return [again, await stored()];
  },
  'clearing it': async ({ state, context, stored }) => {
    await state.createProperty('x').set(context, 1);
    await state.saveChanges(context);
    await state.clear(context);
    const before = await stored();
    await state.saveChanges(context);
    return [before, await stored()];
  },
  'deleting it': async ({ state, context, stored }) => {
    await state.createProperty('x').set(context, 1);
    await state.saveChanges(context);
    await state.delete(context);
    return [await stored(), state.get(context)];
  },
  'deleting a property': async ({ state, context, stored }) => {
    await state.createProperty('x').set(context, 1);
    await state.createProperty('y').set(context, 2);
    await state.createProperty('x').delete(context);
    await state.saveChanges(context);
    return stored();
  },
  'two states on one storage': async ({ library, kind, storage, state, context }) => {
    await state.createProperty('x').set(context, 1);
    return new library[kind](storage).createProperty('x').get(context);
  },
  'several together': async ({ library, storage, context }) => {
    const user = new library.UserState(storage);
    const set = new library.BotStateSet(user, new library.ConversationState(storage));
    await set.loadAll(context);
    await user.createProperty('x').set(context, 1);
    await set.saveAllChanges(context);
    return Object.keys(await storage.read(['test/users/user-1/', 'test/conversations/c-1/']));
  },
};

const LACKING: Readonly<Record<string, Partial<Activity>>> = {
  'no channel': { channelId: '' },
  'no conversation': { conversation: undefined as never },
  'no user': { from: undefined as never },
};

async function outcome(scene: (parts: Parts) => unknown, parts: Parts): Promise<unknown> {
  try {
    return await scene(parts);
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

const theirs = sdk as unknown as Library;

describe.each(KINDS)('%s on a context without a turn', (kind) => {
  test.each(Object.entries(SCENES))('%s', async (_name, scene) => {
    expect(await outcome(scene, partsOf(turnwise, kind))).toEqual(await outcome(scene, partsOf(theirs, kind)));
  });

  test.each(Object.entries(LACKING))('of an activity with %s', async (_name, activity) => {
    const load = ({ state, context }: Parts) => state.load(context);
    expect(await outcome(load, partsOf(turnwise, kind, activity))).toEqual(
      await outcome(load, partsOf(theirs, kind, activity)),
    );
  });
});

test('a state with a key of its own is in its storage, with and without a turn', async () => {
  const storage = new turnwise.MemoryStorage();
  const state = new turnwise.BotState(storage, async ({ activity }) => `tenants/${activity.channelId}`);
  const count = state.createProperty<number>('count');
  const bot = async (context: turnwise.TurnContext): Promise<void> => {
    await count.set(context, (await count.get(context, 0)) + 1);
    await state.saveChanges(context);
  };
  await bot(contextOf(turnwise));
  const { turn } = await runBot(bot);
  expect(await storage.read(['tenants/test'])).toMatchObject({ 'tenants/test': { count: 2 } });
  expect(turn.committed()).toEqual({});
});

test('a class that overrides its key has its state in its storage', async () => {
  class PerThread extends turnwise.ConversationState {
    override getStorageKey(context: turnwise.TurnContext): string {
      return `${super.getStorageKey(context)}thread`;
    }
  }
  const storage = new turnwise.MemoryStorage();
  const state = new PerThread(storage);
  await runBot(async (context) => {
    await state.createProperty('x').set(context, 1);
    await state.saveChanges(context);
  });
  const key = 'test/conversations/c-1/thread';
  expect(await storage.read([key])).toMatchObject({ [key]: { x: 1 } });
  class Without extends turnwise.UserState {
    override getStorageKey(): undefined {}
  }
  await expect(new Without(storage).load(contextOf(turnwise))).rejects.toThrow('did not return a key');
});

test('a storage changes nothing for state in a turn, and a namespace keeps states apart', async () => {
  const storage = new turnwise.MemoryStorage();
  const turn = new MemoryTurn();
  await runBot(
    async (context) => {
      const plain = new turnwise.ConversationState(storage);
      const mine = new turnwise.ConversationState(storage, 'mine');
      await plain.createProperty('x').set(context, 1);
      await mine.createProperty('x').set(context, 2);
      await mine.createProperty('gone').set(context, 3);
      await mine.createProperty('gone').delete(context);
      await mine.createProperty('never').delete(context);
      expect([await plain.createProperty('x').get(context), await mine.createProperty('x').get(context)]).toEqual([
        1, 2,
      ]);
      expect(await mine.load(context)).toEqual({ x: 2 });
      const emptied = new turnwise.ConversationState(storage, 'emptied');
      await emptied.createProperty('x').set(context, 4);
      await emptied.clear(context);
    },
    {},
    turn,
  );
  expect(turn.committed()).toEqual({ conversation: { x: 1, mine: { x: 2 } } });
  expect(await storage.read(['test/conversations/c-1/', 'test/conversations/c-1/mine'])).toEqual({});
});

test('a context whose turn is over has no state, in a storage or elsewhere', async () => {
  const state = new turnwise.ConversationState(new turnwise.MemoryStorage());
  const { context } = await runBot(async () => undefined);
  await expect(state.createProperty('x').get(context)).rejects.toMatchObject({ code: 'NoTurn' });
});

import { describe, expect, test } from '@jest/globals';
import type { Bot } from '../../src/bot/bot';
import { ConversationState } from '../../src/bot/conversation-state';
import { PrivateConversationState } from '../../src/bot/private-conversation-state';
import type { TurnContext } from '../../src/bot/turn-context';
import { UserState } from '../../src/bot/user-state';
import type { EarlierPlace, EarlierState } from '../../src/ports/earlier-state';
import { StoreFault } from '../../src/turn/fault';
import { userKey } from '../../src/turn/keys';
import type { StateData } from '../../src/turn/user-state';
import { answerRing, CONVERSATION, createPipeline, type Pipeline } from './pipeline';

const USER = userKey('test', 'user-1');

const nameOf = ({ conversation, user }: EarlierPlace): string =>
  [conversation, user].filter((each) => each !== undefined).join(' ');

/** What an earlier SDK has left, by place; reads are counted. */
function earlierOf(states: Record<string, StateData>): EarlierState & { readonly reads: string[] } {
  const reads: string[] = [];
  return {
    reads,
    async read(place) {
      reads.push(nameOf(place));
      return states[nameOf(place)];
    },
    async *places() {},
    remove: async () => 0,
  };
}

const FULL = {
  [CONVERSATION]: { topic: 'weather', turns: 7 },
  [USER]: { name: 'Ada', visits: 41 },
  [`${CONVERSATION} ${USER}`]: { asked: 2, kept: true },
};

async function runOne(pipeline: Pipeline, earlier: EarlierState, bot: Bot, id: string): Promise<void> {
  await pipeline.accept(id);
  const worker = answerRing({ ...pipeline.worker(bot), earlier });
  await pipeline.pass(5_000);
  expect(await worker.done).toBeUndefined();
}

const conversation = new ConversationState();
const user = new UserState();
const priv = new PrivateConversationState();

/** Raises one counter in each of the states. */
async function raise(context: TurnContext): Promise<void> {
  const counters = [
    conversation.createProperty<number>('turns'),
    user.createProperty<number>('visits'),
    priv.createProperty<number>('asked'),
  ];
  for (const counter of counters) await counter.set(context, (await counter.get(context, 0)) + 1);
}

describe('a bot that moves here', () => {
  test('finds its state at the first touch, changes it, and keeps what it did not touch', async () => {
    const pipeline = createPipeline();
    const earlier = earlierOf(FULL);
    await runOne(pipeline, earlier, raise, 'a');
    const { turns, users } = pipeline.store;
    expect((await turns.readState(CONVERSATION, 'conversation')).data).toEqual({ topic: 'weather', turns: 8 });
    expect((await turns.readState(CONVERSATION, `private:${USER}`)).data).toEqual({ asked: 3, kept: true });
    expect((await users.read(USER)).data).toEqual({ name: 'Ada', visits: 42 });
    expect([...earlier.reads].sort()).toEqual(Object.keys(FULL).sort());
  });

  test('does not ask there again for what is here, whatever it is', async () => {
    const pipeline = createPipeline();
    const earlier = earlierOf(FULL);
    const clear = async (context: TurnContext): Promise<void> => {
      for (const state of [conversation, user, priv]) await state.clear(context);
    };
    await runOne(pipeline, earlier, clear, 'a');
    earlier.reads.length = 0;
    await runOne(pipeline, earlier, raise, 'b');
    expect(earlier.reads).toEqual([]);
    expect((await pipeline.store.users.read(USER)).data).toEqual({ visits: 1 });
  });

  test('that only looks changes nothing; removing a property counts', async () => {
    const pipeline = createPipeline();
    const earlier = earlierOf(FULL);
    const seen: unknown[] = [];
    const look = async (context: TurnContext): Promise<void> => void seen.push(await user.load(context));
    await runOne(pipeline, earlier, look, 'a');
    expect(JSON.parse(JSON.stringify(seen))).toEqual([{ name: 'Ada', visits: 41 }]);
    expect((await pipeline.store.users.read(USER)).version).toBe(0);
    const name = user.createProperty('name');
    await runOne(pipeline, earlier, (context: TurnContext) => name.delete(context), 'b');
    expect((await pipeline.store.users.read(USER)).data).toEqual({ visits: 41 });
  });

  test('starts empty with those of whom nothing is known', async () => {
    const pipeline = createPipeline();
    await runOne(pipeline, earlierOf({}), raise, 'a');
    expect((await pipeline.store.users.read(USER)).data).toEqual({ visits: 1 });
  });

  test('waits for a source that does not answer, and never takes it for an empty one', async () => {
    const pipeline = createPipeline();
    let failures = 12;
    const earlier: EarlierState = {
      ...earlierOf(FULL),
      async read(place) {
        failures -= 1;
        if (failures >= 0) throw new StoreFault('no', 'away');
        return FULL[nameOf(place)];
      },
    };
    await pipeline.accept('a');
    for (let round = 0; round < 10 && (await pipeline.head()).wake !== null; round += 1) {
      const worker = answerRing({ ...pipeline.worker(raise), earlier });
      await pipeline.pass(15_000);
      await worker.done;
    }
    expect((await pipeline.store.users.read(USER)).data).toEqual({ name: 'Ada', visits: 42 });
    expect((await pipeline.store.turns.readState(CONVERSATION, 'conversation')).data).toMatchObject({ turns: 8 });
    expect(await pipeline.store.deadLetters.list(10)).toEqual([]);
  });

  test('loses no change of another turn that takes the same state over meanwhile', async () => {
    const pipeline = createPipeline();
    const { users } = pipeline.store;
    let runs = 0;
    const bot = async (context: TurnContext): Promise<void> => {
      await raise(context);
      runs += 1;
      if (runs > 1) return;
      const intent = { id: 'i', conversation: CONVERSATION, inline: undefined, epoch: 1 };
      const changes = { set: { name: 'Ada', visits: 42, other: true }, remove: [] };
      const { inline: _, ...made } = { ...intent, changes, conversation: 'test/other' as typeof CONVERSATION };
      await users.propose(USER, 0, made);
      await users.settle(USER, 'i', true);
    };
    await runOne(pipeline, earlierOf(FULL), bot, 'a');
    expect(runs).toBe(2);
    expect((await users.read(USER)).data).toEqual({ name: 'Ada', visits: 43, other: true });
  });
});

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Bot } from '../../src/bot/bot';
import { ConversationState } from '../../src/bot/conversation-state';
import type { TurnContext } from '../../src/bot/turn-context';
import { UserState } from '../../src/bot/user-state';
import type { Store } from '../../src/ports/store';
import { DurableStorage } from '../../src/runtime/durable-storage';
import type { Runtime } from '../../src/runtime/runtime';
import { systemClock, systemIds } from '../../src/runtime/system';
import { conversationKey, userKey } from '../../src/turn/keys';
import { answerRing, CONVERSATION, createPipeline, type Pipeline } from '../runtime/pipeline';
import { postTo } from '../runtime/posting';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { cosmosStores } from '../support/cosmos-under-test';

/*
 * Text that was cut within an emoji ends in half of a surrogate pair, which the store refuses. What a bot does with such text has to go the
 * way of all else, with a replacement character in that place.
 */

/** An emoji that was cut, and what becomes of it. */
const CUT = 'hello \u{1f600}'.slice(0, -1);
const REPLACED = 'hello \ufffd';

let gateway: CosmosGateway;
let store: Store;

beforeAll(async () => {
  gateway = await startCosmosGateway();
});
afterAll(() => gateway.close());

/** A worker whose store is Cosmos DB, and the channel that it speaks to. */
function worker(bot: Bot, onTurnError?: (context: TurnContext, error: Error) => Promise<void>) {
  const pipeline: Pipeline = createPipeline({ maxAttempts: 1 });
  store = cosmosStores(gateway.endpoint, systemClock).make();
  const runtime: Runtime = { ...pipeline.worker(bot, onTurnError), store, clock: systemClock };
  return { pipeline, runtime };
}

/** Has the bot take a turn, and tells what was given up. */
async function turnOf(bot: Bot) {
  const { pipeline, runtime } = worker(bot);
  expect(await postTo(runtime, { type: 'message', text: 'hi' })).toEqual({ status: 200 });
  expect(await answerRing(runtime).done).toBeUndefined();
  const dead = await store.deadLetters.list(10);
  await store.close();
  return { pipeline, dead };
}

const conversation = new ConversationState();
const noted = conversation.createProperty<unknown>('noted');
const user = new UserState();
const known = user.createProperty<unknown>('known');

describe('what a bot does with half of a surrogate pair is done, with a replacement in its place:', () => {
  test('a reply, in its text, in a card, and in a name', async () => {
    const { pipeline, dead } = await turnOf(async (context) => {
      await context.sendActivity(CUT);
      await context.sendActivity({
        type: 'message',
        attachments: [{ contentType: 'card', content: { [CUT]: [{ title: CUT }] } }],
      });
    });
    expect(dead).toEqual([]);
    expect(pipeline.calls).toMatchObject([
      { activity: { text: REPLACED } },
      { activity: { attachments: [{ content: { [REPLACED]: [{ title: REPLACED }] } }] } },
    ]);
  });

  test('state of a conversation and of a user, also in names', async () => {
    const { dead } = await turnOf(async (context) => {
      await noted.set(context, { [CUT]: CUT });
      await known.set(context, [CUT]);
      await conversation.createProperty(CUT).set(context, 1);
    });
    expect(dead).toEqual([]);
    await store.open();
    expect((await store.turns.readState(CONVERSATION, 'conversation')).data).toEqual({
      noted: { [REPLACED]: REPLACED },
      [REPLACED]: 1,
    });
    expect((await store.users.read(userKey('test', 'user-1'))).data).toEqual({ known: [REPLACED] });
    await store.close();
  });

  test('a step, whose name is the same name when it is asked for again', async () => {
    const results: unknown[] = [];
    const { dead } = await turnOf(async (context) => {
      results.push(await context.step(CUT, () => ({ text: CUT })));
      results.push(await context.step(CUT, () => 'again'));
      results.push(await context.step(REPLACED, () => 'again'));
    });
    expect(dead).toEqual([]);
    expect(results).toEqual([{ text: REPLACED }, { text: REPLACED }, { text: REPLACED }]);
  });

  test('a message into another conversation', async () => {
    const elsewhere = { ...reference('elsewhere') };
    const { dead } = await turnOf(async (context) => {
      await context.proactive.send(elsewhere, CUT);
      await context.proactive.send(elsewhere, { event: 'happened', value: { text: CUT } });
    });
    expect(dead).toEqual([]);
    await store.open();
    const head = (await store.inspection.conversation(conversationKey('test', 'elsewhere')))?.head;
    expect(JSON.stringify(head?.pend)).toContain(REPLACED);
    expect(head?.pend).toHaveLength(2);
    await store.close();
  });

  test('an item of the storage', async () => {
    const { runtime } = worker(async () => undefined);
    const storage = new DurableStorage({
      items: store.items,
      clock: systemClock,
      ready: async () => undefined,
      ids: systemIds,
    });
    await storage.write({ [CUT]: { text: CUT, [CUT]: 1 } });
    expect(await storage.read([CUT])).toEqual({ [CUT]: expect.objectContaining({ text: REPLACED, [REPLACED]: 1 }) });
    await runtime.store.close();
  });

  test('the answer to an invoke', async () => {
    const { runtime } = worker(async (context) => {
      await noted.set(context, CUT);
      await context.sendActivity({ type: 'invokeResponse', value: { status: 200, body: { text: CUT } } });
    });
    const answer = { status: 200, body: { text: REPLACED } };
    expect(await postTo(runtime, { name: 'test/say' })).toEqual(answer);
    expect(await postTo(runtime, { name: 'test/say' })).toEqual(answer);
    await store.close();
  });

  test('an error, and one of any length', async () => {
    const { dead } = await turnOf(async () => {
      throw new Error(CUT);
    });
    expect(dead).toMatchObject([{ reason: { code: 'Error', message: REPLACED } }]);
    const { dead: long } = await turnOf(async () => {
      throw new Error('x'.repeat(3_000_000));
    });
    expect(long).toMatchObject([{ reason: { code: 'Error', message: expect.stringMatching(/^x{8000}$/) } }]);
  });
});

describe('what nests more deeply than the store can hold is refused where it is said, and the turn may go on:', () => {
  const nested = (levels: number): unknown => (levels === 1 ? [] : [nested(levels - 1)]);
  const codeOf = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => 'nothing was refused',
      (error: { readonly code?: unknown }) => error.code,
    );

  test.each([
    [100, 'nothing was refused'],
    [140, undefined],
  ])('%d levels', async (levels, expected) => {
    const codes: unknown[] = [];
    const deep = nested(levels);
    const { dead } = await turnOf(async (context) => {
      const attachments = [{ contentType: 'card', content: deep }];
      codes.push(
        await codeOf(context.sendActivity({ type: 'message', attachments })),
        await codeOf(context.step('deep', () => deep)),
        await codeOf(context.proactive.send(reference('deep'), { event: 'deep', value: deep })),
      );
    });
    expect(codes).toEqual(
      expected === undefined ? ['ActivityNotJson', 'StepNotJson', 'ActivityNotJson'] : codes.map(() => expected),
    );
    expect(dead).toEqual([]);
  });

  test.each([
    [100, undefined],
    [140, 'StateNotJson'],
  ])('%d levels of state', async (levels, expected) => {
    for (const property of [noted, known]) {
      const { dead } = await turnOf(async (context) => {
        await property.set(context, nested(levels));
      });
      expect(dead.map(({ reason }) => reason.code)).toEqual(expected === undefined ? [] : [expected]);
    }
  });

  test('an answer, and an item of the storage', async () => {
    const { runtime } = worker(async (context) => {
      const body = nested(Number(context.activity.value));
      await context.sendActivity({ type: 'invokeResponse', value: { status: 200, body } });
    });
    expect((await postTo(runtime, { name: 'test/say', value: 100 })).status).toBe(200);
    expect((await postTo(runtime, { name: 'test/say', id: 'i-2', value: 140 })).status).toBe(500);
    const storage = new DurableStorage({
      items: store.items,
      clock: systemClock,
      ready: async () => undefined,
      ids: systemIds,
    });
    await storage.write({ shallow: { value: nested(100) } });
    expect(await codeOf(storage.write({ deep: { value: nested(140) } }))).toBe('ItemNotJson');
    await store.close();
  });
});

function reference(id: string) {
  return {
    channelId: 'test',
    serviceUrl: 'https://channel.example/',
    bot: { id: 'bot-1' },
    conversation: { id },
    user: { id: 'user-2' },
  };
}

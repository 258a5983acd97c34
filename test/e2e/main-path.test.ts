import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { conversationKey, userKey } from '../../src/turn/keys';
import { type Azurite, startAzurite } from '../support/azurite';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { Channel, post } from './support/channel';
import { endAllRunners, type RunnerProcess, startRunner, until } from './support/runner';
import { Workspace } from './support/workspace';

/*
 * The way of a message through real parts: HTTP function, mailbox, storage queue, queue function, middleware, handler, commit, and a
 * Bot Connector that records what it is sent.
 */

const CONVERSATIONS = 50;
const MESSAGES = 20;

let connector: FakeConnector;
let azurite: Azurite;
const workspaces: Workspace[] = [];

function workspace(on: 'disk' | 'memory' = 'memory'): Workspace {
  const made = new Workspace(on);
  workspaces.push(made);
  return made;
}

beforeAll(async () => {
  [connector, azurite] = await Promise.all([startFakeConnector(), startAzurite()]);
});

afterAll(async () => {
  await endAllRunners();
  await Promise.all([connector?.close(), azurite?.stop()]);
  await Promise.all(workspaces.map((made) => made.remove()));
});

const numbers = Array.from({ length: MESSAGES }, (_, index) => index + 1);
const answers = numbers.map((n) => `${n}: you said "message ${n}"`);

/** Every conversation posts its messages one after the other, all conversations at once, each message to the next of the endpoints. */
async function talk(channel: Channel, conversations: readonly string[], endpoints: readonly string[]): Promise<void> {
  await Promise.all(
    conversations.map(async (conversation, offset) => {
      for (const n of numbers) {
        const endpoint = endpoints[(offset + n) % endpoints.length] ?? '';
        await channel.say(endpoint, conversation, `message ${n}`);
      }
    }),
  );
}

const names = (prefix: string, count = CONVERSATIONS): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

/** How many messages the users of these conversations have seen in all. */
const seen = (conversations: readonly string[]): number => {
  const wanted = new Set(conversations);
  return connector.calls.filter((call) => wanted.has(call.conversationId ?? '') && call.body?.type === 'message')
    .length;
};

async function answered(conversations: readonly string[], count: number): Promise<void> {
  await connector.until(() => seen(conversations) >= count, 60_000);
}

describe.each([
  ['sqlite', CONVERSATIONS],
  ['memory', 10],
])('one runner with the store %s', (store, count) => {
  test('every conversation gets its replies, numbered, in order, no more and no fewer', async () => {
    const { env } = workspace();
    const runner = await startRunner('own', { ...env, TURNWISE_STORE: store });
    const channel = new Channel(connector, store);
    const conversations = names(store, count);
    const started = performance.now();
    await talk(channel, conversations, [runner.url]);
    await answered(conversations, count * MESSAGES);
    const ms = performance.now() - started;
    console.log(`${store}: ${count} x ${MESSAGES} messages answered in ${Math.round(ms)} ms by one runner`);
    expect(await runner.stop()).toBe(0);
    for (const conversation of conversations) expect(channel.texts(conversation)).toEqual(answers);
  });
});

describe('several runners on one store and one queue', () => {
  // On the disk, where the runners get in each other's way most.
  const shared = workspace('disk');
  let runners: RunnerProcess[];
  let channel: Channel;

  const start = (app: 'several' | 'scripted', count: number): Promise<RunnerProcess[]> =>
    Promise.all(
      Array.from({ length: count }, () =>
        startRunner(app, {
          E2E_STORE: shared.data,
          E2E_FOLDER: shared.folder,
          TURNWISE_DATA: workspace().data,
          AzureWebJobsStorage: azurite.connectionString,
        }),
      ),
    );
  const endpoints = (): string[] => runners.map(({ url }) => url);
  const nothingLeft = (): Promise<void> =>
    until(async () => (await shared.store.inspection.busy(1)).length === 0, 15_000);

  async function counter(conversation: string, name: string): Promise<unknown> {
    const found = await shared.store.inspection.conversation(conversationKey('test', conversation));
    return found?.states.get('conversation')?.data[name];
  }

  beforeAll(() => {
    channel = new Channel(connector, 'several');
  });

  describe('the app as it is', () => {
    beforeAll(async () => {
      runners = await start('several', 3);
    });
    afterAll(async () => {
      await Promise.all(runners.map((runner) => runner.stop()));
    });

    test('every conversation gets its replies, numbered, in order, and its counter is right', async () => {
      const conversations = names('three');
      const started = performance.now();
      await talk(channel, conversations, endpoints());
      await answered(conversations, CONVERSATIONS * MESSAGES);
      const ms = performance.now() - started;
      console.log(
        `sqlite: ${CONVERSATIONS} x ${MESSAGES} messages answered in ${Math.round(ms)} ms by three runners, ${channel.resent} sent again`,
      );
      await nothingLeft();
      for (const conversation of conversations) {
        expect(channel.texts(conversation)).toEqual(answers);
        expect(await counter(conversation, 'turnCount')).toBe(MESSAGES);
      }
    });

    test('twenty messages at once into one conversation are counted one by one', async () => {
      await Promise.all(numbers.map((n) => channel.say(endpoints()[n % 3] ?? '', 'crowd', `message ${n}`)));
      await answered(['crowd'], MESSAGES);
      await nothingLeft();
      const texts = channel.texts('crowd').map(String);
      expect(texts.map((text) => Number.parseInt(text, 10))).toEqual(numbers);
      // Each of the messages was answered, in whatever order they were accepted.
      const quoted = texts.map((text) => text.replace(/^\d+: /, ''));
      expect(quoted.sort()).toEqual(numbers.map((n) => `you said "message ${n}"`).sort());
      expect(await counter('crowd', 'turnCount')).toBe(MESSAGES);
    });

    test('the same activity posted five times at once, and again one after the other, runs once', async () => {
      const activity = channel.message('again', { text: 'once' });
      const endpoint = (index: number): string => endpoints()[index % 3] ?? '';
      const together = await Promise.all(numbers.slice(0, 5).map((n) => post(endpoint(n), activity)));
      await answered(['again'], 1);
      const later = [];
      for (const n of numbers.slice(0, 5)) later.push(await post(endpoint(n), activity));
      expect([...together, ...later].map(({ status }) => status)).toEqual(Array(10).fill(200));
      await channel.say(endpoint(0), 'again', 'twice');
      await answered(['again'], 2);
      await nothingLeft();
      expect(channel.texts('again')).toEqual(['1: you said "once"', '2: you said "twice"']);
      expect(await counter('again', 'turnCount')).toBe(2);
    });
  });

  describe('a user in ten conversations', () => {
    beforeAll(async () => {
      runners = await start('scripted', 2);
    });
    afterAll(async () => {
      await Promise.all(runners.map((runner) => runner.stop()));
    });

    test('changes to the state of the user from all of them are counted, each once', async () => {
      const conversations = names('user', 10);
      const from = { id: 'the-same-user' };
      const each = numbers.slice(0, 10);
      await Promise.all(
        conversations.flatMap((conversation, index) =>
          each.map((n) =>
            channel.script(endpoints()[(index + n) % 2] ?? '', conversation, [['countUser'], ['count']], { from }),
          ),
        ),
      );
      await answered(conversations, 100);
      await nothingLeft();
      for (const conversation of conversations) {
        expect(channel.texts(conversation)).toEqual(each.map(String));
        expect(await counter(conversation, 'count')).toBe(10);
      }
      const { data, intents } = await shared.store.users.read(userKey('test', 'the-same-user'));
      expect({ data, intents }).toEqual({ data: { userCount: 100 }, intents: [] });
    });
  });
});

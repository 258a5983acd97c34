import { describe, expect, test } from '@jest/globals';
import * as theirs from 'botbuilder-core';
import type { TurnContext } from '../../src/bot/turn-context';
import type { Activity } from '../../src/schema/activity';
import { TestAdapter } from '../../src/testing/index';

/* Every flow here is run by both adapters, and has to end in the same way. */

type Logic = (context: TurnContext) => Promise<void>;

/** What became of a flow: what is left of the replies, and the error if there was one. */
interface Outcome {
  readonly replies: readonly unknown[];
  readonly error: string | undefined;
}

interface Played {
  readonly logic: Logic;
  readonly template?: Partial<Activity>;
  readonly traces?: boolean;
  readonly onTurnError?: TestAdapter['onTurnError'];
  readonly play: (adapter: TestAdapter) => unknown;
}

/** What does not depend on who made the activity. */
const shown = ({ type, text, value, name, from, recipient, conversation, channelId, inputHint }: Partial<Activity>) => {
  return { type, text, value, name, from, recipient, conversation, channelId, inputHint };
};

async function outcome(adapter: TestAdapter, { onTurnError, play }: Played): Promise<Outcome> {
  adapter.onTurnError = onTurnError;
  let error: string | undefined;
  try {
    await play(adapter);
  } catch (thrown) {
    const [line = ''] = (thrown as Error).message.split('\n');
    error = line.replace(/\d+ms.*$/, 'some time').replace(/^\{.*\} is/, 'A reply is');
  }
  return { replies: adapter.activeQueue.map(shown), error };
}

const echo: Logic = async (context) => {
  await context.sendActivity(`echo ${context.activity.text}`);
};

const FLOWS: Readonly<Record<string, Played>> = {
  'a reply that is expected': { logic: echo, play: (adapter) => adapter.test('a', 'echo a').test('b', 'echo b') },
  'a reply that is not': { logic: echo, play: (adapter) => adapter.test('a', 'echo b').test('b', 'echo b') },
  'a reply that is an object': {
    logic: echo,
    play: (adapter) => adapter.test('a', { type: 'message', text: 'echo a' }),
  },
  'a reply that is another object': {
    logic: echo,
    play: (adapter) => adapter.test('a', { type: 'message', text: 'b' }),
  },
  'a reply that is missing': {
    logic: async () => undefined,
    play: (adapter) => adapter.send('a').assertReply('x', 'y', 20),
  },
  'a reply too many, with time': { logic: echo, play: (adapter) => adapter.send('a').assertNoReply('quiet', 20) },
  'no reply, with time': {
    logic: async () => undefined,
    play: (adapter) => adapter.send('a').assertNoReply('quiet', 20),
  },
  'one of several': { logic: echo, play: (adapter) => adapter.send('a').assertReplyOneOf(['b', 'echo a']) },
  'an inspection': {
    logic: echo,
    play: (adapter) =>
      adapter.send('a').assertReply(({ text }) => {
        if (text !== 'other') throw new Error(`inspected ${text}`);
      }),
  },
  'replies of all kinds': {
    logic: async (context) => {
      await context.sendActivity({ type: 'typing' });
      await context.sendTraceActivity('trace', { a: 1 });
      await context.sendActivities([
        { text: '1' },
        { type: 'delay', value: 5 },
        { type: 'event', name: 'e', value: [1] },
      ]);
      await context.sendActivity('2', 'two', 'expectingInput');
      await context.sendActivity({ type: 'invokeResponse', value: { status: 200 } });
      await context.sendActivity({ type: 'endOfConversation' });
    },
    play: (adapter) => adapter.send('a'),
  },
  'traces, for who wants them': {
    logic: async (context) => void (await context.sendTraceActivity('trace', { a: 1 })),
    traces: true,
    play: (adapter) => adapter.send('a'),
  },
  'an activity with an address of its own': {
    logic: echo,
    play: (adapter) =>
      adapter.send({
        text: 'a',
        channelId: 'other',
        conversation: { id: 'c' },
        from: { id: 'f' },
        recipient: { id: 'r' },
      }),
  },
  'a template that is echoed': {
    logic: echo,
    template: { text: 'from the template', channelId: 'msteams', from: { id: 'bert', name: 'Bert' } },
    play: (adapter) => adapter.send('a'),
  },
  'a recorded conversation': {
    logic: echo,
    play: (adapter) =>
      adapter.testActivities([
        { type: 'message', text: 'a', from: { id: 'u', role: 'user' } },
        { type: 'message', text: 'echo a', from: { id: 'b', role: 'bot' } },
        { type: 'message', text: 'b', from: { id: 'u', role: 'user' } },
        { type: 'message', text: 'other', from: { id: 'b', role: 'bot' } },
      ]),
  },
  'somebody who joins': {
    logic: async (context) => void (await context.sendActivity(`hi ${context.activity.membersAdded?.[0]?.id}`)),
    play: (adapter) => adapter.send('a').sendConversationUpdate(),
  },
  'an error': {
    logic: async (context) => {
      if (context.activity.text === 'b') throw new Error('of the bot');
      await echo(context);
    },
    play: (adapter) => adapter.send('a').send('b').send('c'),
  },
  'an error that is dealt with': {
    logic: async () => {
      throw new Error('of the bot');
    },
    onTurnError: async (context, { message }) => void (await context.sendActivity(`sorry ${message}`)),
    play: (adapter) => adapter.send('a').send('b'),
  },
  'an error that is caught in the flow': {
    logic: async () => {
      throw new Error('of the bot');
    },
    play: (adapter) =>
      adapter
        .send('a')
        .catch((error) => {
          throw new Error(`caught: ${(error as Error).message}`);
        })
        .send('b'),
  },
  'middleware that lets nothing through': {
    logic: echo,
    play: (adapter) => adapter.use(async () => undefined).send('a'),
  },
  'hooks around the sends': {
    logic: async (context) => {
      context.onSendActivities(async (_context, activities, next) => {
        for (const activity of activities) activity.text = `${activity.text}!`;
        return next();
      });
      await echo(context);
    },
    play: (adapter) => adapter.send('a'),
  },
};

describe.each(Object.entries(FLOWS))('%s', (_name, played) => {
  test('ends as with the TestAdapter of the Bot Framework SDK', async () => {
    const { logic, template = {}, traces = false } = played;
    const ours = new TestAdapter(logic, { ...template }, traces);
    const adapter: unknown = new theirs.TestAdapter(logic as never, { ...template } as never, traces);
    expect(await outcome(ours, played)).toEqual(await outcome(adapter as TestAdapter, played));
  });
});

test('a conversation reference is made in the same way', () => {
  expect(TestAdapter.createConversation('c')).toEqual(theirs.TestAdapter.createConversation('c'));
  expect(TestAdapter.createConversation('c', 'Ada', 'Robo')).toEqual(
    theirs.TestAdapter.createConversation('c', 'Ada', 'Robo'),
  );
});

test('tokens are given out in the same way', async () => {
  const ours = new TestAdapter();
  const both = [ours, new theirs.TestAdapter() as unknown as TestAdapter];
  const answers: unknown[][] = [[], []];
  for (const [index, adapter] of both.entries()) {
    const told = answers[index] ?? [];
    const context = { activity: { channelId: 'test', from: { id: 'u' } } } as unknown as TurnContext;
    adapter.addUserToken('a', 'test', 'u', 'A');
    adapter.addUserToken('b', 'test', 'u', 'B', '42');
    adapter.addExchangeableToken('a', 'test', 'u', 'item', 'EXCHANGED');
    adapter.throwOnExchangeRequest('a', 'test', 'u', 'broken');
    const token = async (name: string, code?: string) => (await adapter.getUserToken(context, name, code))?.token;
    told.push(await token('a'), await token('b'), await token('b', '41'), await token('b', '42'), await token('b'));
    told.push(await adapter.getSignInLink(context, 'a'));
    told.push((await adapter.getSignInResource(context, 'a', 'u')).signInLink);
    told.push((await adapter.exchangeToken(context, 'a', 'u', { token: 'item' }))?.token);
    told.push((await adapter.exchangeToken(context, 'a', 'u', { uri: 'item' }))?.token);
    told.push((await adapter.exchangeToken(context, 'a', 'other', { token: 'item' }))?.token);
    told.push(await adapter.exchangeToken(context, 'a', 'u', { token: 'broken' }).catch(({ message }) => message));
    await adapter.signOutUser(context, 'a');
    told.push(await token('a'), await token('b'));
    await adapter.signOutUser(context);
    told.push(await token('b'));
  }
  expect(answers[0]).toEqual(answers[1]);
  const context = { activity: { channelId: 'test' } } as unknown as TurnContext;
  expect(await ours.getTokenStatus(context, 'u')).toEqual([]);
});

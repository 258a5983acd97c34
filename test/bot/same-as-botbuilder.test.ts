import { describe, expect, test } from '@jest/globals';
import * as sdk from 'botbuilder';
import * as turnwise from '../../src/index';
import type { Activity } from '../../src/schema/activity';
import { incoming } from '../support/run-bot';

/* The same is done with both libraries, on an adapter that notes what reaches it, and has to end in the same way. */

type Library = Pick<
  typeof turnwise,
  'ActivityHandler' | 'BotAdapter' | 'MiddlewareSet' | 'TeamsActivityHandler' | 'TurnContext'
>;
type Context = turnwise.TurnContext;

const libraries: Readonly<Record<'ours' | 'theirs', Library>> = { ours: turnwise, theirs: sdk as unknown as Library };

interface Noting extends turnwise.BotAdapter {
  readonly log: unknown[];
  run(activity: Partial<Activity>, logic: (context: Context) => Promise<void>): Promise<Context>;
}

function notingAdapter({ BotAdapter, TurnContext }: Library): Noting {
  class NotingAdapter extends BotAdapter {
    readonly log: unknown[] = [];
    async sendActivities(_context: Context, activities: Partial<Activity>[]) {
      this.log.push(['send', structuredClone(activities)]);
      return activities.map((_, index) => ({ id: `sent-${index}` }));
    }
    async updateActivity(_context: Context, activity: Partial<Activity>) {
      this.log.push(['update', structuredClone(activity)]);
      return { id: 'updated' };
    }
    async deleteActivity(_context: Context, reference: Partial<turnwise.ConversationReference>) {
      this.log.push(['delete', structuredClone(reference)]);
    }
    async run(activity: Partial<Activity>, logic: (context: Context) => Promise<void>) {
      const context = new TurnContext(this, activity);
      await this.runMiddleware(context, logic);
      return context;
    }
  }
  return new NotingAdapter();
}

/** What it came to, in a form that can be compared: errors by what they say, and the time at which something was done left out. */
async function settled(run: () => unknown): Promise<unknown> {
  try {
    const text = JSON.stringify({ value: await run() });
    return JSON.parse(text.replaceAll(/"timestamp":"[^"]+"/g, '"timestamp":"then"'));
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

async function both(run: (library: Library) => unknown): Promise<{ ours: unknown; theirs: unknown }> {
  return { ours: await settled(() => run(libraries.ours)), theirs: await settled(() => run(libraries.theirs)) };
}

interface Scene {
  readonly activity?: Partial<Activity>;
  readonly run: (context: Context, library: Library) => unknown;
}

const swallowed = async (): Promise<never[]> => [];

const SCENES: Readonly<Record<string, Scene>> = {
  'a text': { run: (context) => context.sendActivity('x') },
  'a text that is spoken': { run: (context) => context.sendActivity('x', 'y', 'ignoringInput') },
  'an empty text': { run: (context) => context.sendActivity('') },
  'an empty activity': { run: (context) => context.sendActivity({}) },
  'attachments alone': { run: (context) => context.sendActivity({ attachments: [{ contentType: 'x' }] }) },
  'an activity with an id, and what nobody knows': {
    run: (context) => context.sendActivity({ id: 'mine', text: 'x', unknown: { deep: 1 } }),
  },
  'an activity with another address': {
    run: (context) => context.sendActivity({ text: 'x', conversation: { id: 'other' }, channelId: 'o', locale: 'fr' }),
  },
  'what is sent stays as it is': {
    run: async (context) => {
      const activity = { text: 'x' };
      await context.sendActivity(activity);
      return activity;
    },
  },
  'a locale that replies take over': { activity: { locale: 'nl-NL' }, run: (context) => context.sendActivity('x') },
  'several at once': { run: (context) => context.sendActivities([{ text: '1' }, { text: '2', type: 'event' }]) },
  'a trace': { run: (context) => context.sendTraceActivity('n', { a: 1 }, 't', 'l') },
  typing: { run: (context) => context.sendActivity({ type: 'typing' }) },
  'replies that are expected': {
    activity: { deliveryMode: 'expectReplies' },
    run: (context) =>
      context.sendActivities([{ text: '1' }, { type: 'trace' }, { type: 'invokeResponse', value: { status: 200 } }]),
  },
  'hooks around sends, in order': {
    run: async (context) => {
      const log: unknown[] = [];
      context
        .onSendActivities(async (_context, activities, next) => {
          log.push('first', activities.length);
          const responses = await next();
          log.push(
            'first again',
            responses,
            activities.map(({ id }) => id),
          );
          return responses;
        })
        .onSendActivities(async (_context, activities, next) => {
          log.push('second');
          activities.push({ type: 'message', text: 'more' });
          return next();
        });
      return [await context.sendActivity('x'), log];
    },
  },
  'a hook that sends nothing': {
    run: (context) => context.onSendActivities(swallowed).sendActivity('x'),
  },
  'a hook that sends twice': {
    run: (context) =>
      context
        .onSendActivities(async (_context, _activities, next) => {
          await next();
          return next();
        })
        .sendActivity('x'),
  },
  'an update': {
    run: async (context) => {
      const log: unknown[] = [];
      context.onUpdateActivity(async (_context, activity, next) => {
        log.push(activity.text);
        return next();
      });
      const update = { id: 'u', text: 'x' };
      return [await context.updateActivity(update), update, log];
    },
  },
  'a deletion': {
    run: async (context) => {
      const log: unknown[] = [];
      context.onDeleteActivity(async (_context, reference, next) => {
        log.push(reference.activityId);
        await next();
      });
      await context.deleteActivity('d');
      await context.deleteActivity({ activityId: 'e', conversation: { id: 'c-1' } });
      return log;
    },
  },
  'responded, which cannot be taken back': {
    run: (context) => {
      context.responded = true;
      context.responded = false;
    },
  },
  'a copy': {
    run: async (context, { TurnContext }) => {
      const copy = new TurnContext(context);
      copy.onSendActivities(async (_context, activities, next) => {
        for (const activity of activities) activity.text += '!';
        return next();
      });
      await context.sendActivity('x');
      return [copy.responded, copy.activity === context.activity, copy.adapter === context.adapter];
    },
  },
  'values that hide one another': {
    run: ({ turnState }) => {
      turnState.set('k', 1);
      turnState.push('k', 2);
      turnState.push('k');
      return [turnState.get('k'), turnState.pop('k'), turnState.get('k'), turnState.pop('k'), turnState.get('k')];
    },
  },
  references: {
    activity: { locale: 'de-DE' },
    run: ({ activity }, { TurnContext }) => {
      const reference = TurnContext.getConversationReference(activity);
      return [
        reference,
        TurnContext.getReplyConversationReference(activity, { id: 'r' }),
        TurnContext.applyConversationReference({ text: 'x' }, reference),
        TurnContext.applyConversationReference({ text: 'x', locale: 'fr' }, reference, true),
      ];
    },
  },
  'a reference to what cannot be replied to': {
    activity: { type: 'conversationUpdate', channelId: 'directline' },
    run: ({ activity }, { TurnContext }) => TurnContext.getConversationReference(activity),
  },
};

const mention = (id: string, text: string, type = 'mention') => ({ type, mentioned: { id }, text });
const MENTIONS: readonly Partial<Activity>[] = [
  { text: '<at>Bot</at> hello', entities: [mention('bot-1', '<at>Bot</at>')] },
  {
    text: '<at>Bot</at> <at>Q</at> hi <at>Bot</at>',
    entities: [mention('bot-1', '<at>Bot</at>'), mention('q', '<at>Q</at>')],
  },
  { text: 'Bot hi', entities: [mention('bot-1', 'Bot'), mention('bot-1', 'hi')] },
  { text: '@Bot (v1.0) hi', entities: [mention('bot-1', '@Bot (v1.0)')] },
  { text: ' x ', entities: [mention('bot-1', 'x', 'Mention')] },
  { text: 'x', entities: [] },
];

describe('a turn context', () => {
  test.each(Object.entries(SCENES))('%s', async (_name, { activity, run }) => {
    const { ours, theirs } = await both(async (library) => {
      const adapter = notingAdapter(library);
      const context = new library.TurnContext(adapter, incoming(activity));
      const value = await settled(() => run(context, library));
      return { value, log: adapter.log, responded: context.responded, buffered: context.bufferedReplyActivities };
    });
    expect(ours).toEqual(theirs);
  });

  test.each(MENTIONS)('takes mentions out: %j', async (activity) => {
    const { ours, theirs } = await both(({ TurnContext }) => {
      const [one, other, third] = [incoming(activity), incoming(activity), incoming(activity)];
      return [
        ...[TurnContext.removeRecipientMention(one), one.text],
        ...[TurnContext.removeMentionText(other, 'q'), other.text],
        TurnContext.getMentions(third),
      ];
    });
    expect(ours).toEqual(theirs);
  });
});

describe('an adapter', () => {
  const ADAPTERS: Readonly<Record<string, (adapter: Noting, library: Library, log: unknown[]) => unknown>> = {
    'nests its middleware': (adapter, { MiddlewareSet }, log) => {
      const noting = (name: string) => async (_context: Context, next: () => Promise<void>) => {
        log.push(name);
        await next();
        log.push(`/${name}`);
      };
      adapter.use(noting('a'), { onTurn: noting('b') }).use(new MiddlewareSet(noting('c'), { onTurn: noting('d') }));
      return adapter.run(incoming(), async () => void log.push('bot'));
    },
    'ends a turn where middleware does not go on': (adapter, _library, log) => {
      adapter.use(async () => undefined);
      return adapter.run(incoming(), async () => void log.push('bot'));
    },
    'throws an error that nobody handles': (adapter) =>
      adapter.run(incoming(), async () => {
        throw new RangeError('boom');
      }),
    'hands an error to its handler': (adapter, _library, log) => {
      adapter.onTurnError = async (context, error) => {
        log.push(error.message);
        await context.sendActivity('sorry');
      };
      return adapter.run(incoming(), async () => {
        throw new RangeError('boom');
      });
    },
    'sets the locale': async (adapter, _library, log) => {
      log.push((await adapter.run(incoming({ locale: 'nl-NL' }), async () => undefined)).locale);
    },
  };

  test.each(Object.entries(ADAPTERS))('%s', async (_name, run) => {
    const { ours, theirs } = await both(async (library) => {
      const adapter = notingAdapter(library);
      const log: unknown[] = [];
      const outcome = await settled(async () => void (await run(adapter, library, log)));
      return { outcome, log, sent: adapter.log };
    });
    expect(ours).toEqual(theirs);
  });
});

const HANDLERS = [
  ...['onTurn', 'onMessage', 'onMessageUpdate', 'onMessageDelete', 'onConversationUpdate', 'onMembersAdded'],
  ...['onMembersRemoved', 'onMessageReaction', 'onReactionsAdded', 'onReactionsRemoved', 'onEvent'],
  ...['onTokenResponseEvent', 'onEndOfConversation', 'onTyping', 'onInstallationUpdate', 'onInstallationUpdateAdd'],
  ...['onInstallationUpdateRemove', 'onCommand', 'onCommandResult', 'onUnrecognizedActivityType', 'onDialog'],
];

const invoke = (name: string, value?: unknown): Partial<Activity> => ({ type: 'invoke', name, value });

const ACTIVITIES: Readonly<Record<string, Partial<Activity>>> = {
  'a message': {},
  'a message in other letters': { type: 'Message' },
  'an update of a message': { type: 'messageUpdate' },
  'a deletion of a message': { type: 'messageDelete' },
  'somebody joins': { type: 'conversationUpdate', membersAdded: [{ id: 'u' }] },
  'the bot joins': { type: 'conversationUpdate', membersAdded: [{ id: 'bot-1' }] },
  'some join, some leave': { type: 'conversationUpdate', membersAdded: [{ id: 'u' }], membersRemoved: [{ id: 'v' }] },
  'somebody leaves': { type: 'conversationUpdate', membersRemoved: [{ id: 'u' }] },
  'nobody joins': { type: 'conversationUpdate', membersAdded: [] },
  'reactions, both ways': {
    type: 'messageReaction',
    reactionsAdded: [{ type: 'like' }],
    reactionsRemoved: [{ type: 'sad' }],
  },
  'an event': { type: 'event', name: 'x' },
  'a token': { type: 'event', name: 'tokens/response' },
  'a token in other letters': { type: 'event', name: 'Tokens/Response' },
  'an end': { type: 'endOfConversation' },
  typing: { type: 'typing' },
  'an installation': { type: 'installationUpdate', action: 'add' },
  'an upgrade': { type: 'installationUpdate', action: 'add-upgrade' },
  'a removal': { type: 'installationUpdate', action: 'remove' },
  'an upgrade that removes': { type: 'installationUpdate', action: 'remove-upgrade' },
  'a command': { type: 'command', name: 'x' },
  'a result of a command': { type: 'commandResult', name: 'x' },
  'something else': { type: 'foo' },
  'an invoke': invoke('foo'),
  'a sign-in': invoke('signin/verifyState', {}),
  'an exchange': invoke('signin/tokenExchange', {}),
  'an action of a card': invoke('adaptiveCard/action', { action: { type: 'Action.Execute', verb: 'v' } }),
  'an action of another kind': invoke('adaptiveCard/action', { action: { type: 'X' } }),
  'an action without a value': invoke('adaptiveCard/action'),
  'a search': invoke('application/search', { kind: 'search', queryText: 'x', queryOptions: { skip: 0, top: 5 } }),
  'a search for nothing': invoke('application/search', { kind: 'search' }),
  'a search without a kind': invoke('application/search', { queryText: 'x' }),
};

describe.each(['ActivityHandler', 'TeamsActivityHandler'] as const)('%s', (kind) => {
  test.each(Object.entries(ACTIVITIES))(
    'runs the same handlers in the same order, and answers the same, for %s',
    async (_name, activity) => {
      for (const goesOn of [true, false]) {
        const { ours, theirs } = await both(async (library) => {
          const log: string[] = [];
          const bot = new library[kind]();
          const registrations = bot as unknown as Record<string, (handler: turnwise.BotHandler) => unknown>;
          for (const name of HANDLERS) {
            for (const which of [1, 2]) {
              registrations[name]?.call(bot, async (_context, next) => {
                log.push(`${name} ${which}`);
                if (goesOn) await next();
              });
            }
          }
          const adapter = notingAdapter(library);
          const outcome = await settled(() => bot.run(new library.TurnContext(adapter, incoming(activity))));
          // Their dialog handlers of an invoke run on after it is answered.
          await new Promise((resolve) => setImmediate(resolve));
          return { outcome, log, sent: adapter.log };
        });
        expect(ours).toEqual(theirs);
      }
    },
  );

  test.each<[what: string, context: unknown]>([
    ['without a context', undefined],
    ['without an activity', {}],
    ['without a type', { activity: {} }],
  ])('refuses to run %s', async (_what, context) => {
    const { ours, theirs } = await both((library) => new library[kind]().run(context as Context));
    expect(ours).toEqual(theirs);
  });
});

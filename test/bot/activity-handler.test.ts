import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ActivityHandler, type BotHandler } from '../../src/bot/activity-handler';
import { ActivityHandlerBase } from '../../src/bot/activity-handler-base';
import { TurnAdapter } from '../../src/bot/turn-adapter';
import { TurnContext } from '../../src/bot/turn-context';
import type { ChannelAccount } from '../../src/schema/accounts';
import type { Activity, MessageReaction } from '../../src/schema/activity';
import { incoming, runBot } from '../support/run-bot';

const REGISTRATIONS = [
  'onTurn',
  'onMessage',
  'onMessageUpdate',
  'onMessageDelete',
  'onConversationUpdate',
  'onMembersAdded',
  'onMembersRemoved',
  'onMessageReaction',
  'onReactionsAdded',
  'onReactionsRemoved',
  'onEvent',
  'onTokenResponseEvent',
  'onEndOfConversation',
  'onTyping',
  'onInstallationUpdate',
  'onInstallationUpdateAdd',
  'onInstallationUpdateRemove',
  'onCommand',
  'onCommandResult',
  'onUnrecognizedActivityType',
  'onDialog',
] as const;

type Registration = (typeof REGISTRATIONS)[number];

const BOT = { id: 'bot-1' };
const USER = { id: 'user-2' };

/** Every route: an activity, and the handlers that run for it, from outside to inside. */
const ROUTES: [name: string, activity: Partial<Activity>, handlers: Registration[]][] = [
  ['a message', { type: 'message' }, ['onTurn', 'onMessage', 'onDialog']],
  ['an edited message', { type: 'messageUpdate' }, ['onTurn', 'onMessageUpdate', 'onDialog']],
  ['a deleted message', { type: 'messageDelete' }, ['onTurn', 'onMessageDelete', 'onDialog']],
  ['a changed conversation', { type: 'conversationUpdate' }, ['onTurn', 'onConversationUpdate', 'onDialog']],
  [
    'members added',
    { type: 'conversationUpdate', membersAdded: [USER] },
    ['onTurn', 'onConversationUpdate', 'onMembersAdded', 'onDialog'],
  ],
  [
    'the bot itself added',
    { type: 'conversationUpdate', membersAdded: [BOT] },
    ['onTurn', 'onConversationUpdate', 'onMembersAdded', 'onDialog'],
  ],
  [
    'members removed',
    { type: 'conversationUpdate', membersRemoved: [USER], membersAdded: [] },
    ['onTurn', 'onConversationUpdate', 'onMembersRemoved', 'onDialog'],
  ],
  [
    'members added and removed',
    { type: 'conversationUpdate', membersAdded: [USER], membersRemoved: [USER] },
    ['onTurn', 'onConversationUpdate', 'onMembersAdded', 'onDialog'],
  ],
  ['a reaction to nothing', { type: 'messageReaction' }, ['onTurn', 'onMessageReaction', 'onDialog']],
  ['no reactions', { type: 'messageReaction', reactionsAdded: [] }, ['onTurn', 'onMessageReaction']],
  [
    'reactions added',
    { type: 'messageReaction', reactionsAdded: [{ type: 'like' }] },
    ['onTurn', 'onMessageReaction', 'onReactionsAdded', 'onDialog'],
  ],
  [
    'reactions removed',
    { type: 'messageReaction', reactionsRemoved: [{ type: 'like' }] },
    ['onTurn', 'onMessageReaction', 'onReactionsRemoved', 'onDialog'],
  ],
  [
    'reactions added and removed',
    { type: 'messageReaction', reactionsAdded: [{ type: 'like' }], reactionsRemoved: [{ type: 'plusOne' }] },
    ['onTurn', 'onMessageReaction', 'onReactionsAdded', 'onDialog', 'onReactionsRemoved', 'onDialog'],
  ],
  ['an event', { type: 'event', name: 'x' }, ['onTurn', 'onEvent', 'onDialog']],
  ['a token', { type: 'event', name: 'tokens/response' }, ['onTurn', 'onEvent', 'onTokenResponseEvent', 'onDialog']],
  ['the end of a conversation', { type: 'endOfConversation' }, ['onTurn', 'onEndOfConversation', 'onDialog']],
  ['typing', { type: 'typing' }, ['onTurn', 'onTyping', 'onDialog']],
  ['an odd installation', { type: 'installationUpdate' }, ['onTurn', 'onInstallationUpdate', 'onDialog']],
  [
    'an installation',
    { type: 'installationUpdate', action: 'add' },
    ['onTurn', 'onInstallationUpdate', 'onInstallationUpdateAdd', 'onDialog'],
  ],
  [
    'an upgrade',
    { type: 'installationUpdate', action: 'add-upgrade' },
    ['onTurn', 'onInstallationUpdate', 'onInstallationUpdateAdd', 'onDialog'],
  ],
  [
    'a removal',
    { type: 'installationUpdate', action: 'remove' },
    ['onTurn', 'onInstallationUpdate', 'onInstallationUpdateRemove', 'onDialog'],
  ],
  [
    'a removal for an upgrade',
    { type: 'installationUpdate', action: 'remove-upgrade' },
    ['onTurn', 'onInstallationUpdate', 'onInstallationUpdateRemove', 'onDialog'],
  ],
  ['a command', { type: 'command' }, ['onTurn', 'onCommand', 'onDialog']],
  ['a result of a command', { type: 'commandResult' }, ['onTurn', 'onCommandResult', 'onDialog']],
  ['an unknown type', { type: 'somethingNew' }, ['onTurn', 'onUnrecognizedActivityType', 'onDialog']],
  ['a handoff', { type: 'handoff' }, ['onTurn', 'onUnrecognizedActivityType', 'onDialog']],
  ['an invoke', { type: 'invoke', name: 'x' }, ['onTurn', 'onDialog']],
];

function logging(log: string[], name: string): BotHandler {
  return async (_context, next) => {
    log.push(name);
    await next();
  };
}

function loggingEverything(log: string[], times = 1): ActivityHandler {
  const bot = new ActivityHandler();
  for (const registration of REGISTRATIONS) {
    for (let each = 1; each <= times; each++)
      bot[registration](logging(log, times === 1 ? registration : `${registration} ${each}`));
  }
  return bot;
}

describe('the order of handlers', () => {
  test.each(ROUTES)('for %s', async (_name, activity, handlers) => {
    const log: string[] = [];
    await runBot(loggingEverything(log), activity);
    expect(log).toEqual(handlers);
  });

  test('is that of registration within one kind, for any number of them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ROUTES),
        fc.integer({ min: 2, max: 4 }),
        async ([, activity, handlers], times) => {
          const log: string[] = [];
          await runBot(loggingEverything(log, times), activity);
          const numbers = Array.from({ length: times }, (_, index) => index + 1);
          expect(log).toEqual(handlers.flatMap((handler) => numbers.map((number) => `${handler} ${number}`)));
        },
      ),
    );
  });

  test('without handlers nothing happens', async () => {
    for (const [, activity] of ROUTES) {
      const { turn } = await runBot(new ActivityHandler(), activity);
      expect(turn.effects).toEqual([]);
    }
  });
});

describe('next()', () => {
  test('is the only way on: whoever does not call it ends the turn, wherever it stands', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...ROUTES), fc.nat(5), async ([, activity, handlers], position) => {
        const ends = handlers[position % handlers.length];
        const log: string[] = [];
        const bot = new ActivityHandler();
        for (const registration of REGISTRATIONS) {
          const handler = logging(log, registration);
          bot[registration](
            registration === ends ? async (context) => handler(context, async () => undefined) : handler,
          );
        }
        await runBot(bot, activity);
        // Reactions added and removed are two branches: ending one does not end the other.
        const branches = handlers.includes('onReactionsAdded') && handlers.includes('onReactionsRemoved');
        if (!branches) expect(log).toEqual(handlers.slice(0, handlers.indexOf(ends ?? 'onTurn') + 1));
        else expect(log).toContain(ends);
      }),
    );
  });

  test('comes back when everything inside is done', async () => {
    const log: string[] = [];
    const bot = new ActivityHandler()
      .onTurn(async (_context, next) => {
        log.push('turn in');
        await next();
        log.push('turn out');
      })
      .onMessage(async (_context, next) => {
        await next();
        log.push('message out');
      })
      .onDialog(async () => {
        log.push('dialog');
      });
    await runBot(bot);
    expect(log).toEqual(['turn in', 'dialog', 'message out', 'turn out']);
  });

  test('passes on what a handler throws', async () => {
    const error = new Error('from a handler');
    const bot = new ActivityHandler().onTurn((_context, next) => next()).onMessage(() => Promise.reject(error));
    await expect(runBot(bot)).rejects.toBe(error);
  });

  test('called twice runs what follows twice, as in the Bot Framework SDK', async () => {
    const log: string[] = [];
    const bot = new ActivityHandler()
      .onMessage(async (_context, next) => {
        await next();
        await next();
      })
      .onDialog(logging(log, 'dialog'));
    await runBot(bot);
    expect(log).toEqual(['dialog', 'dialog']);
  });
});

describe('values that handlers return', () => {
  class Probe extends ActivityHandler {
    register(handler: BotHandler): this {
      return this.on('Custom', handler);
    }
    async custom(onNext: () => Promise<unknown> = async () => undefined): Promise<unknown> {
      return this.handle(new TurnContext(new TurnAdapter(), incoming()), 'Custom', onNext);
    }
  }
  const returning =
    (value: unknown): BotHandler =>
    async (_context, next) => {
      await next();
      return value;
    };

  test('are null when nobody returns any', async () => {
    expect(await new Probe().custom()).toBeNull();
    expect(await new Probe().register(returning(undefined)).custom()).toBeNull();
  });

  test('the innermost one counts, being the first to end', async () => {
    const probe = new Probe().register(returning('outer')).register(returning('inner'));
    expect(await probe.custom()).toBe('inner');
    expect(await probe.custom(async () => 'next')).toBe('next');
    expect(await new Probe().register(returning('only')).register(returning(undefined)).custom()).toBe('only');
  });
});

describe('ActivityHandler as a class to extend', () => {
  test('methods can be overridden, and go on with super', async () => {
    const log: string[] = [];
    class Derived extends ActivityHandler {
      protected override async onMessageActivity(context: TurnContext): Promise<void> {
        log.push('override in');
        await super.onMessageActivity(context);
        log.push('override out');
      }
    }
    await runBot(new Derived().onMessage(logging(log, 'registered')));
    expect(log).toEqual(['override in', 'registered', 'override out']);
  });

  test('handlers can be registered in the constructor', async () => {
    class Derived extends ActivityHandler {
      constructor() {
        super();
        this.onMessage(async (context, next) => {
          await context.sendActivity('from the constructor');
          await next();
        });
      }
    }
    expect((await runBot(new Derived())).turn.texts).toEqual(['from the constructor']);
  });

  test('run says what is missing', async () => {
    const bot = new ActivityHandler();
    await expect(bot.run(undefined as unknown as TurnContext)).rejects.toThrow('Missing TurnContext parameter');
    await expect(bot.run({} as TurnContext)).rejects.toThrow('TurnContext does not include an activity');
    await expect(bot.run(new TurnContext(new TurnAdapter(), {}))).rejects.toThrow('Activity is missing its type');
  });
});

describe('ActivityHandlerBase', () => {
  class Routes extends ActivityHandlerBase {
    readonly log: string[] = [];
    protected override async onMembersAddedActivity(members: ChannelAccount[]): Promise<void> {
      this.log.push(`added ${members.map(({ id }) => id)}`);
    }
    protected override async onMembersRemovedActivity(members: ChannelAccount[]): Promise<void> {
      this.log.push(`removed ${members.map(({ id }) => id)}`);
    }
    protected override async onReactionsAddedActivity(reactions: MessageReaction[]): Promise<void> {
      this.log.push(`+${reactions.map(({ type }) => type)}`);
    }
    protected override async onReactionsRemovedActivity(reactions: MessageReaction[]): Promise<void> {
      this.log.push(`-${reactions.map(({ type }) => type)}`);
    }
    protected override async onInstallationUpdateAddActivity(): Promise<void> {
      this.log.push('installed');
    }
    protected override async onInstallationUpdateRemoveActivity(): Promise<void> {
      this.log.push('uninstalled');
    }
  }
  const log = async (activity: Partial<Activity>) => {
    const bot = new Routes();
    await runBot(bot, activity);
    return bot.log;
  };

  test('members count unless the bot is the only one', async () => {
    const type = 'conversationUpdate';
    expect(await log({ type, membersAdded: [BOT] })).toEqual([]);
    expect(await log({ type, membersAdded: [BOT, USER] })).toEqual(['added bot-1,user-2']);
    expect(await log({ type, membersRemoved: [USER] })).toEqual(['removed user-2']);
    expect(await log({ type, membersAdded: [BOT], membersRemoved: [USER] })).toEqual([]);
    expect(await log({ type })).toEqual([]);
  });

  test('reactions and installations are told apart', async () => {
    const reactions = { reactionsAdded: [{ type: 'like' }], reactionsRemoved: [{ type: 'plusOne' }] };
    expect(await log({ type: 'messageReaction', ...reactions })).toEqual(['+like', '-plusOne']);
    expect(await log({ type: 'messageReaction' })).toEqual([]);
    expect(await log({ type: 'installationUpdate', action: 'add-upgrade' })).toEqual(['installed']);
    expect(await log({ type: 'installationUpdate', action: 'remove' })).toEqual(['uninstalled']);
    expect(await log({ type: 'installationUpdate', action: 'other' })).toEqual([]);
  });

  test('every type has a method of its own, which does nothing', async () => {
    for (const [, activity] of ROUTES) {
      const { turn } = await runBot(new ActivityHandlerBase(), activity);
      expect(turn.effects).toEqual([]);
    }
  });
});

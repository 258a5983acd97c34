import { describe, expect, test } from '@jest/globals';
import * as published from 'botbuilder';
import fc from 'fast-check';
import { turnAnswer } from '../../src/bot/turn-answer';
import type { Activity } from '../../src/schema/activity';
import { TeamsActivityHandler } from '../../src/teams/teams-activity-handler';
import { incoming, runBot } from '../support/run-bot';
import { CHANNEL, EVENT_ROUTES, INVOKE_ROUTES, TEAM } from './teams-routes';

/** What both handlers have, seen from outside. */
type Registrations = Record<string, (handler: (...given: unknown[]) => Promise<void>) => unknown>;
type Methods = Record<string, (context: unknown, value: unknown) => Promise<unknown>>;

const REGISTRATIONS = [
  'onTurn',
  'onMessage',
  'onConversationUpdate',
  'onMembersAdded',
  'onMembersRemoved',
  'onMessageUpdate',
  'onMessageDelete',
  'onEvent',
  'onTokenResponseEvent',
  'onDialog',
  ...EVENT_ROUTES.map(({ name }) => `on${name}Event`),
];

const METHODS = [...new Set(INVOKE_ROUTES.map(([method]) => method))].filter(
  // Overriding these two would keep those behind them from being seen.
  (method) => !['handleTeamsFileConsent', 'handleTeamsMessagingExtensionSubmitActionDispatch'].includes(method),
);

/** What a bot did: which handlers ran with what, and how it answered or failed. */
interface Seen {
  readonly log: unknown[];
  readonly answer: unknown;
}

function watch(bot: unknown, log: unknown[], overridden: string | undefined, returned: unknown): void {
  for (const name of REGISTRATIONS) {
    (bot as Registrations)[name]?.call(bot, async (...all) => {
      const next = all.at(-1) as () => Promise<void>;
      log.push([name, structuredClone(all.slice(0, -2))]);
      await next();
    });
  }
  if (overridden === undefined) return;
  (bot as Methods)[overridden] = async (_context, value) => {
    log.push([overridden, structuredClone(value)]);
    if (returned instanceof Error) throw returned;
    return returned;
  };
}

class Publisher extends published.BotAdapter {
  async sendActivities(context: published.TurnContext, activities: Partial<published.Activity>[]) {
    for (const activity of activities) {
      if (activity.type === 'invokeResponse') context.turnState.set('answer', activity.value);
    }
    return activities.map(() => ({ id: '' }));
  }
  async updateActivity(): Promise<void> {}
  async deleteActivity(): Promise<void> {}
  async continueConversation(): Promise<void> {}
}

async function theirs(activity: Activity, overridden?: string, returned?: unknown): Promise<Seen> {
  const log: unknown[] = [];
  const bot = new published.TeamsActivityHandler();
  watch(bot, log, overridden, returned);
  const context = new published.TurnContext(new Publisher(), structuredClone(activity) as published.Activity);
  const failure = await bot.run(context).then(
    () => undefined,
    (error: Error) => `failed: ${error.message}`,
  );
  // The dialog handlers of an invoke are not waited for there.
  await new Promise((resolve) => setImmediate(resolve));
  return { log, answer: failure ?? context.turnState.get('answer') };
}

async function ours(activity: Activity, overridden?: string, returned?: unknown): Promise<Seen> {
  const log: unknown[] = [];
  const bot = new TeamsActivityHandler();
  watch(bot, log, overridden, returned);
  try {
    const { context } = await runBot(bot, activity);
    return { log, answer: turnAnswer(context) };
  } catch (error) {
    return { log, answer: `failed: ${(error as Error).message}` };
  }
}

const json = (seen: Seen): unknown => JSON.parse(JSON.stringify(seen));

describe('does what the handler of the Bot Framework SDK does', () => {
  const eventTypes = [
    ...EVENT_ROUTES.flatMap(({ activity }) => (activity.channelData as { eventType?: string })?.eventType ?? []),
    'somethingNew',
    '',
  ];
  const members = fc.option(
    fc.array(fc.constantFrom({ id: 'u', email: 'u@example.org' }, { id: 'bot-1' }), { maxLength: 2 }),
    {
      nil: undefined,
    },
  );

  test('for events, whatever they combine', async () => {
    const events = fc.record({
      type: fc.constantFrom('conversationUpdate', 'messageUpdate', 'messageDelete', 'event', 'message'),
      channelId: fc.constantFrom('msteams', 'test'),
      // Without any channel data the SDK fails on updates and deletions of messages, which is not what its authors meant.
      channelData: fc.record(
        { eventType: fc.constantFrom(...eventTypes), team: fc.constant(TEAM), channel: fc.constant(CHANNEL) },
        { requiredKeys: [] },
      ),
      membersAdded: members,
      membersRemoved: members,
      name: fc.constantFrom(...EVENT_ROUTES.map(({ activity }) => activity.name), 'tokens/response', 'x', undefined),
      value: fc.constantFrom(...EVENT_ROUTES.flatMap(({ activity }) => activity.value ?? [])),
    });
    await fc.assert(
      fc.asyncProperty(events, async (event) => {
        const activity = JSON.parse(JSON.stringify(incoming(event as Partial<Activity>))) as Activity;
        const [expected, actual] = [await theirs(activity), await ours(activity)];
        // A meeting that lacks something fails in both, in words of their own.
        if (String(expected.answer).startsWith('failed')) expect(String(actual.answer)).toMatch(/^failed/);
        else expect(json(actual)).toEqual(json(expected));
      }),
      { numRuns: 500 },
    );
  });

  test('for invokes, whichever method is overridden and whatever it returns', async () => {
    const names = [...new Set(INVOKE_ROUTES.map(([, name]) => name)), 'something/new'];
    const values = INVOKE_ROUTES.map(([, , , value]) => value ?? { some: 'value' });
    const returned = [
      undefined,
      null,
      { the: 'answer' },
      { status: 299, body: 'b' },
      new Error('NotImplemented'),
      new Error('BadRequest'),
      new Error('broken'),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.constantFrom(...values, { action: 'maybe' }, { botMessagePreviewAction: 'burn' }),
        fc.constantFrom('msteams', 'test'),
        fc.constantFrom(...METHODS, undefined),
        fc.constantFrom(...returned),
        async (name, value, channelId, method, result) => {
          // This one returns the whole answer; one without a status would be no HTTP response, which is refused here.
          fc.pre(
            method !== 'handleTeamsCardActionInvoke' ||
              !(result !== null && typeof result === 'object' && 'the' in result),
          );
          const invoke: Partial<Activity> = { type: 'invoke', channelId, value };
          const activity = incoming(name === undefined ? invoke : { ...invoke, name });
          const [expected, actual] = [await theirs(activity, method, result), await ours(activity, method, result)];
          // What is not answered there is answered with 501 by the adapter, which ours has behind it here.
          expect(json(actual)).toEqual(json({ ...expected, answer: expected.answer ?? { status: 501 } }));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

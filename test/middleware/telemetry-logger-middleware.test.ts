import { describe, expect, test } from '@jest/globals';
import * as published from 'botbuilder';
import { TurnAdapter } from '../../src/bot/turn-adapter';
import { NullTelemetryClient, Severity, type TelemetryEvent } from '../../src/middleware/bot-telemetry-client';
import { TelemetryLoggerMiddleware } from '../../src/middleware/telemetry-logger-middleware';
import type { Activity } from '../../src/schema/activity';
import { MemoryTurn } from '../support/memory-turn';
import { incoming, runBot } from '../support/run-bot';

class Recording extends NullTelemetryClient {
  readonly events: TelemetryEvent[] = [];
  override trackEvent(event: TelemetryEvent): void {
    this.events.push(event);
  }
}

const INCOMING: Partial<Activity> = { text: ' hello ', speak: 'hello', locale: 'de-DE' };
const REPLY: Partial<Activity> = {
  type: 'message',
  text: 'spoken ',
  speak: 'spoken',
  attachments: [{ contentType: 'x' }],
};

async function tracked(personal: boolean, different: Partial<Activity> = INCOMING): Promise<TelemetryEvent[]> {
  const client = new Recording();
  const adapter = new TurnAdapter().use(new TelemetryLoggerMiddleware(client, personal));
  await runBot(
    async (context) => {
      expect(context.turnState.get('telemetryClient')).toBe(client);
      await context.sendActivity(REPLY);
      await context.updateActivity({ ...REPLY, id: 'u-1' });
      await context.deleteActivity('d-1');
    },
    different,
    new MemoryTurn(),
    adapter,
  );
  return client.events;
}

async function trackedThere(personal: boolean, different: Partial<Activity> = INCOMING): Promise<TelemetryEvent[]> {
  const client = new Recording();
  class Ids extends published.BotAdapter {
    async sendActivities() {
      return [{ id: 'turn-1.0' }];
    }
    async updateActivity(): Promise<void> {}
    async deleteActivity(): Promise<void> {}
    async continueConversation(): Promise<void> {}
  }
  const context = new published.TurnContext(new Ids(), incoming(different) as published.Activity);
  const middleware = new published.TelemetryLoggerMiddleware(client, personal);
  await middleware.onTurn(context, async () => {
    await context.sendActivity(REPLY as published.Activity);
    await context.updateActivity({ ...REPLY, id: 'u-1' } as published.Activity);
    await context.deleteActivity('d-1');
  });
  await new Promise((resolve) => setImmediate(resolve));
  return client.events;
}

describe('events are those of the Bot Framework SDK', () => {
  const TEAMS: Partial<Activity> = {
    ...INCOMING,
    channelId: 'msteams',
    from: { id: 'u', name: 'User', aadObjectId: 'o' },
    channelData: { tenant: { id: 't' }, team: { id: 'team' } },
  };
  const INCOMINGS: [string, Partial<Activity>][] = [
    ['a message', INCOMING],
    ['a message of Teams', TEAMS],
    ['a message of Teams without a team', { ...TEAMS, channelData: {} }],
    ['a message of Teams without channel data', { ...TEAMS, channelData: undefined }],
  ];
  test.each(INCOMINGS)('for %s', async (_name, different) => {
    for (const personal of [false, true]) {
      const events = await tracked(personal, different);
      expect(events).toEqual(await trackedThere(personal, different));
      expect(events.map(({ name }) => name)).toEqual([
        'BotMessageReceived',
        'BotMessageSend',
        'BotMessageUpdate',
        'BotMessageDelete',
      ]);
    }
  });

  test('and so are their names, and the severities', () => {
    for (const [name, value] of Object.entries(Severity)) {
      expect(published.Severity[name as keyof typeof published.Severity]).toBe(value);
    }
    const names = ['botMsgReceiveEvent', 'botMsgSendEvent', 'botMsgUpdateEvent', 'botMsgDeleteEvent'] as const;
    for (const name of names) expect(TelemetryLoggerMiddleware[name]).toBe(published.TelemetryLoggerMiddleware[name]);
  });
});

test('without being asked for, nobody is named and nothing is quoted', async () => {
  const text = JSON.stringify(await tracked(false, { ...INCOMING, from: { id: 'u', name: 'A Name' } }));
  expect(text).not.toMatch(/hello|spoken|A Name/);
});

test('a derived one can add properties', async () => {
  const client = new Recording();
  class Derived extends TelemetryLoggerMiddleware {
    protected override async onReceiveActivity(activity: Activity): Promise<void> {
      const properties = await this.fillReceiveEventProperties(activity, { added: 'yes', locale: 'mine' });
      this.telemetryClient.trackEvent({ name: 'Derived', properties });
    }
  }
  await runBot(() => undefined, INCOMING, new MemoryTurn(), new TurnAdapter().use(new Derived(client)));
  expect(client.events).toMatchObject([
    { name: 'Derived', properties: { added: 'yes', locale: 'mine', fromId: 'user-1' } },
  ]);
});

test('without a client, everything is dropped', async () => {
  const middleware = new TelemetryLoggerMiddleware(undefined, true);
  expect([middleware.telemetryClient, middleware.logPersonalInformation]).toEqual([new NullTelemetryClient(), true]);
  await runBot((context) => context.sendActivity('x'), {}, new MemoryTurn(), new TurnAdapter().use(middleware));
});

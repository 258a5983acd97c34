import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { turnAnswer } from '../../src/bot/turn-answer';
import type { TurnContext } from '../../src/bot/turn-context';
import type { Activity } from '../../src/schema/activity';
import { ReadReceiptInfo } from '../../src/teams/read-receipt-info';
import { TeamsActivityHandler } from '../../src/teams/teams-activity-handler';
import { runBot } from '../support/run-bot';
import { CHANNEL, EVENT_ROUTES, type EventRoute, TEAM } from './teams-routes';

type Registered = (...given: unknown[]) => Promise<void>;
type Register = (handler: Registered) => TeamsActivityHandler;

/** Registers by name, because the tables name what they test. */
function register(bot: TeamsActivityHandler, registration: string, handler: Registered): void {
  const registrations = bot as unknown as Record<string, Register>;
  const register = registrations[registration];
  if (register === undefined) throw new Error(`There is no ${registration}.`);
  register.call(bot, handler);
}

const AROUND = [
  'onTurn',
  'onConversationUpdate',
  'onMembersAdded',
  'onMembersRemoved',
  'onMessageUpdate',
  'onMessageDelete',
  'onEvent',
  'onDialog',
];

const registrationOf = ({ name }: EventRoute) => `on${name}Event`;

interface Logged {
  readonly log: string[];
  /** What the handlers of Teams were given, without context and next. */
  readonly given: unknown[][];
}

async function run(activity: Partial<Activity>, ends?: string): Promise<Logged> {
  const logged: Logged = { log: [], given: [] };
  const bot = new TeamsActivityHandler();
  const names = [...AROUND, ...EVENT_ROUTES.map(registrationOf)];
  for (const name of names) {
    register(bot, name, async (...all) => {
      const next = all.at(-1) as () => Promise<void>;
      logged.log.push(name);
      if (name.endsWith('Event') && name !== 'onEvent') logged.given.push(all.slice(0, -2));
      if (name !== ends) await next();
    });
  }
  await runBot(bot, activity);
  return logged;
}

describe('the order of handlers', () => {
  test.each(EVENT_ROUTES.map((route) => [registrationOf(route), route] as const))('%s', async (registration, route) => {
    expect((await run(route.activity)).log).toEqual([...route.around, registration, 'onDialog']);
  });

  test('next() is the only way on, wherever a handler stands', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...EVENT_ROUTES), fc.nat(3), async (route, position) => {
        const order = [...route.around, registrationOf(route), 'onDialog'];
        const ends = order[position];
        expect((await run(route.activity, ends)).log).toEqual(order.slice(0, position + 1));
      }),
    );
  });

  test.each(EVENT_ROUTES.map((route) => [route.name, route] as const))(
    'the method on%s can be overridden',
    async (name, { activity, around }) => {
      const log: string[] = [];
      const bot = new TeamsActivityHandler();
      (bot as unknown as Record<string, (context: TurnContext) => Promise<void>>)[`on${name}`] = async (context) => {
        log.push(context.activity.type);
      };
      await runBot(bot, activity);
      expect([log, around.length]).toEqual([[activity.type], 2]);
    },
  );

  test('without handlers nothing happens', async () => {
    for (const { activity } of EVENT_ROUTES) {
      const { turn } = await runBot(new TeamsActivityHandler(), activity);
      expect(turn.effects).toEqual([]);
    }
  });
});

describe('what handlers are given', () => {
  const given = async (name: string) => {
    const route = EVENT_ROUTES.find((each) => each.name === name);
    return (await run(route?.activity ?? {})).given[0];
  };

  test.each(['Created', 'Deleted', 'Renamed', 'Restored'])('TeamsChannel%s: the channel and its team', async (what) => {
    expect(await given(`TeamsChannel${what}`)).toEqual([CHANNEL, TEAM]);
  });

  test.each(['Archived', 'Deleted', 'HardDeleted', 'Renamed', 'Restored', 'Unarchived'])(
    'TeamsTeam%s: the team',
    async (what) => {
      expect(await given(`TeamsTeam${what}`)).toEqual([TEAM]);
    },
  );

  test('a meeting, with its time as a date', async () => {
    const meeting = { id: 'm-1', joinUrl: 'https://join.example/', meetingType: 'Scheduled', title: 'Weekly' };
    expect(await given('TeamsMeetingStart')).toEqual([{ ...meeting, startTime: new Date('2031-05-06T07:08:09Z') }]);
    expect(await given('TeamsMeetingEnd')).toEqual([{ ...meeting, endTime: new Date('2031-05-06T08:08:09Z') }]);
  });

  test('participants', async () => {
    expect(await given('TeamsMeetingParticipantsJoin')).toEqual([{ members: [{ user: { id: 'u' } }] }]);
    expect(await given('TeamsMeetingParticipantsLeave')).toEqual([{ members: [{ user: { id: 'u' } }] }]);
  });

  test('a read receipt', async () => {
    const [receipt] = (await given('TeamsReadReceipt')) as [ReadReceiptInfo];
    expect(receipt).toBeInstanceOf(ReadReceiptInfo);
    expect([receipt.isMessageRead('999'), receipt.isMessageRead('1000'), receipt.isMessageRead('1001')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('members removed, and their team', async () => {
    expect(await given('TeamsMembersRemoved')).toEqual([[{ id: 'u' }], TEAM]);
  });
});

describe('messages that were edited or deleted need nothing else', () => {
  test.each(['TeamsMessageUndelete', 'TeamsMessageEdit', 'TeamsMessageSoftDelete'])('%s', async (name) => {
    const route = EVENT_ROUTES.find((each) => each.name === name);
    expect((await run(route?.activity ?? {})).given).toEqual([[]]);
  });
});

describe('what Teams did not say properly', () => {
  const ODD_DATA: unknown[] = [undefined, null, 'text', 7, [], {}, { eventType: 'somethingNew' }, { eventType: 7 }];
  const names = ['__proto__', 'constructor', 'toString'];

  test.each(['conversationUpdate', 'messageUpdate', 'messageDelete'])('a %s goes the common way', async (type) => {
    for (const channelData of [...ODD_DATA, ...names.map((eventType) => ({ eventType }))]) {
      const { log, given } = await run({ type, channelId: 'msteams', channelData });
      expect(given).toEqual([]);
      expect([log[0], log.at(-1), log.length]).toEqual(['onTurn', 'onDialog', 3]);
    }
  });

  test.each(names)('an event named %s goes the common way', async (name) => {
    expect((await run({ type: 'event', channelId: 'msteams', name })).log).toEqual(['onTurn', 'onEvent', 'onDialog']);
  });

  test('an event of Teams on another channel goes the common way', async () => {
    for (const route of EVENT_ROUTES.filter(({ name }) => name !== 'TeamsMembersRemoved')) {
      const { log } = await run({ ...route.activity, channelId: 'test' });
      expect(log).toEqual([...route.around, 'onDialog']);
    }
  });

  test('a team that is missing is undefined', async () => {
    const activity = { type: 'conversationUpdate', channelId: 'msteams', membersRemoved: [{ id: 'u' }] };
    expect((await run(activity)).given).toEqual([[[{ id: 'u' }], undefined]]);
    const created = { ...activity, membersRemoved: [], channelData: { eventType: 'channelCreated' } };
    expect((await run(created)).given).toEqual([[undefined, undefined]]);
  });

  test('a meeting that lacks something fails for good: another attempt would read the same', async () => {
    for (const value of [
      undefined,
      null,
      'x',
      {},
      { Id: 1, JoinUrl: 'u', MeetingType: 't', Title: 't', StartTime: 's' },
    ]) {
      const activity = { type: 'event', channelId: 'msteams', name: 'application/vnd.microsoft.meetingStart', value };
      await expect(run(activity)).rejects.toMatchObject({ name: 'TerminalError', retry: false });
    }
  });

  test('participants and receipts that lack something are empty', async () => {
    for (const name of ['meetingParticipantJoin', 'readReceipt']) {
      const activity = { type: 'event', channelId: 'msteams', name: `application/vnd.microsoft.${name}` };
      expect((await run(activity)).given).toMatchObject([[{}]]);
    }
  });
});

describe('members come before everything else that an update says', () => {
  const update = { type: 'conversationUpdate', channelId: 'msteams', channelData: { eventType: 'channelCreated' } };

  test('removed', async () => {
    const { log } = await run({ ...update, membersAdded: [], membersRemoved: [{ id: 'u' }] });
    expect(log).toEqual(['onTurn', 'onConversationUpdate', 'onTeamsMembersRemovedEvent', 'onDialog']);
  });

  test('without handlers of Teams, those of every channel run', async () => {
    const log: string[] = [];
    const bot = new TeamsActivityHandler()
      .onMembersAdded(async (_context, next) => {
        log.push('added');
        await next();
      })
      .onMembersRemoved(async (_context, next) => {
        log.push('removed');
        await next();
      });
    await runBot(bot, { ...update, membersAdded: [{ id: 'u' }], membersRemoved: [{ id: 'v' }] });
    await runBot(bot, { ...update, membersRemoved: [{ id: 'v' }] });
    expect(log).toEqual(['added', 'removed']);
  });
});

describe('read receipts', () => {
  test('compare as numbers, and say no to everything else', () => {
    expect(ReadReceiptInfo.isMessageRead('9', '10')).toBe(true);
    expect(ReadReceiptInfo.isMessageRead('10', '9')).toBe(false);
    for (const odd of [undefined, '', ' ', 'x', '0']) {
      expect(ReadReceiptInfo.isMessageRead(odd, '9')).toBe(false);
      expect(ReadReceiptInfo.isMessageRead('9', odd)).toBe(false);
    }
  });
});

test('an event is answered with nothing', async () => {
  const { context } = await runBot(new TeamsActivityHandler(), EVENT_ROUTES[0]?.activity);
  expect(turnAnswer(context)).toBeUndefined();
});

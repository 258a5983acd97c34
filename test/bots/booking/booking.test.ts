import { describe, expect, test } from '@jest/globals';
import * as botbuilder from 'botbuilder-core';
import { fromBotBuilder } from '../../../src/botbuilder/index';
import * as turnwise from '../../../src/index';
import { type CrashPoint, TestAdapter, type TestFlow } from '../../../src/testing/index';

/** A reservation system that counts how often it was asked. */
class Reservations {
  asked = 0;
  readonly made = new Map<string, string>();

  /** As a system does that takes an idempotency key. */
  reserve(key: string, destination: string): string {
    this.asked += 1;
    const reference = this.made.get(key) ?? `${destination.slice(0, 3).toUpperCase()}-${this.made.size + 1}`;
    this.made.set(key, reference);
    return reference;
  }
}

interface Values {
  readonly destination: string;
}

type Reserve = (context: turnwise.TurnContext, values: Values) => Promise<string>;

interface Ported {
  readonly bot: turnwise.ActivityHandler;
  readonly state: botbuilder.BotState[];
}

const { bookingBot } = require('./bot.js') as { bookingBot(framework: object, reserve: Reserve): Ported };

/** The bot on Turnwise's classes, as after a change of import. */
function moved(): { adapter: TestAdapter; reservations: Reservations } {
  const reservations = new Reservations();
  const { bot } = bookingBot(turnwise, async (context, { destination }) =>
    context.step('reserve', () => reservations.reserve(context.turnId, destination)),
  );
  return { adapter: new TestAdapter(bot), reservations };
}

/** The bot on the Bot Framework SDK's classes, as it was. */
function bridged(): { adapter: TestAdapter; reservations: Reservations } {
  const reservations = new Reservations();
  const { bot, state } = bookingBot(botbuilder, async ({ activity }, { destination }) =>
    reservations.reserve(activity.id ?? '', destination),
  );
  return { adapter: new TestAdapter(fromBotBuilder(bot as never, { state })), reservations };
}

const CONFIRMATION = '3 to Lisbon on 2031-05-20, Business. Shall I book? (1) Yes or (2) No';

const QUESTIONS: readonly (readonly [says: string, asked: string])[] = [
  ['hello', 'Where to?'],
  ['Lisbon', 'How many travellers?'],
  ['three', 'When?'],
  ['2031-05-20', 'Which fare? (1) Economy or (2) Business'],
  ['business', CONFIRMATION],
];

/** The conversation up to the confirmation. */
function asked(adapter: TestAdapter, around: (flow: TestFlow) => TestFlow = (flow) => flow): TestFlow {
  return QUESTIONS.reduce(
    (flow, [says, question]) => around(flow).send(says).assertReply(question),
    adapter.send({ type: 'event', name: 'ignored' }),
  );
}

describe.each([
  ['on Turnwise', moved],
  ['as it was written, over the bridge', bridged],
])('the booking bot %s', (_how, create) => {
  test('books', async () => {
    const { adapter, reservations } = create();
    await asked(adapter).test('yes', 'Booked: LIS-1.').test('bookings', 'LIS-1').assertNoReply();
    expect(reservations.asked).toBe(1);
  });

  test('asks again for what it cannot use', async () => {
    const { adapter } = create();
    await adapter
      .test('hello', 'Where to?')
      .test('x', 'Three letters at least. Where to?')
      .test('Lisbon', 'How many travellers?')
      .test('eleven', 'One to nine, please.')
      .test('none', 'One to nine, please.')
      .test('1', 'When?')
      .test('what', 'That is no date. When?')
      .test('2031-05-20', 'Which fare? (1) Economy or (2) Business')
      .test('the best', 'One of these, please. (1) Economy or (2) Business')
      .test('1', '1 to Lisbon on 2031-05-20, Economy. Shall I book? (1) Yes or (2) No')
      .test('no', 'Nothing was booked.')
      .test('bookings', 'None yet.');
  });

  test('helps, and can be left', async () => {
    const { adapter } = create();
    await adapter
      .test('hello', 'Where to?')
      .test('help', 'Answer the question, or say "cancel".')
      .assertReply('Where to?')
      .test('cancel', 'Cancelled.')
      .test('hello', 'Where to?');
  });

  test('keeps the bookings with the user, and each conversation its own dialog', async () => {
    const { adapter } = create();
    const elsewhere = { conversation: { id: 'elsewhere' } };
    await asked(adapter).test('yes', 'Booked: LIS-1.');
    await adapter
      .test({ text: 'bookings', ...elsewhere }, 'LIS-1')
      .test({ text: 'hello', ...elsewhere }, 'Where to?')
      .test('bookings', 'LIS-1')
      .test({ text: 'Lisbon', ...elsewhere }, 'How many travellers?')
      .test('hello', 'Where to?');
  });

  test('does nothing for an activity that is delivered again', async () => {
    const { adapter, reservations } = create();
    await asked(adapter).redeliver().assertNoReply().test('yes', 'Booked: LIS-1.').redeliver().assertNoReply();
    expect(reservations.asked).toBe(1);
  });

  test.each<CrashPoint>(['run', 'commit', 'deliver'])(
    'goes on where it was when every worker dies before %s',
    async (point) => {
      const { adapter, reservations } = create();
      const flow = asked(adapter, (each) => each.crashBefore(point));
      await flow.crashBefore(point).test('yes', 'Booked: LIS-1.').test('bookings', 'LIS-1').assertNoReply();
      expect(reservations.made.size).toBe(1);
    },
  );

  test('asks each question once although every turn meets a conflict', async () => {
    const { adapter, reservations } = create();
    const flow = asked(adapter, (each) => each.conflict());
    await flow.conflict().test('yes', 'Booked: LIS-1.').test('bookings', 'LIS-1').assertNoReply();
    expect(reservations.made.size).toBe(1);
  });
});

test('a reservation made as a step is made once, whatever dies around it', async () => {
  const { adapter, reservations } = moved();
  await asked(adapter).crashBefore('commit').test('yes', 'Booked: LIS-1.').assertNoReply();
  expect(reservations.asked).toBe(1);
});

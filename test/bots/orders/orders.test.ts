import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as botbuilder from 'botbuilder';
import { fromBotBuilder } from '../../../src/botbuilder/index';
import * as turnwise from '../../../src/index';
import { TestAdapter } from '../../../src/testing/index';
import { Channel } from '../../e2e/support/channel';
import { endAllRunners, type RunnerProcess, startRunner } from '../../e2e/support/runner';
import { Workspace } from '../../e2e/support/workspace';
import { type FakeConnector, type RecordedCall, startFakeConnector } from '../../support/fake-connector';

/* A bot whose buttons change the card that is there already. */

interface Ported {
  readonly bot: turnwise.ActivityHandler;
  readonly state: botbuilder.BotState[];
}

const { ordersBot } = require('./bot.js') as { ordersBot(framework: object): Ported };

/** What stands on an order card, line by line. */
const lines = ({ attachments }: Partial<turnwise.Activity>): string[] =>
  attachments?.[0]?.content.body.map(({ text }: { text: string }) => text);

const add = (name: string) => ({ type: 'message', value: { add: name } });

describe.each([
  ['on Turnwise', () => new TestAdapter(ordersBot(turnwise).bot)],
  [
    'as it was written, over the bridge',
    () => {
      const { bot, state } = ordersBot(botbuilder);
      return new TestAdapter(fromBotBuilder(bot as never, { state }));
    },
  ],
])('the orders bot %s', (_how, create) => {
  test('keeps one card up to date', async () => {
    const adapter = create();
    await adapter.send('order');
    const [card] = adapter.activeQueue;
    expect(lines(card ?? {})).toEqual(['Total: 0']);
    await adapter.send(add('tea')).send(add('tea')).send(add('cake'));
    expect(adapter.activeQueue).toHaveLength(1);
    expect(adapter.activeQueue[0]?.id).toBe(card?.id);
    expect(lines(adapter.activeQueue[0] ?? {})).toEqual(['2 × tea', '1 × cake', 'Total: 11']);
  });

  test('a worker that dies, and a button that is delivered twice, order nothing twice', async () => {
    const adapter = create();
    await adapter.send('order');
    await adapter.crashBefore('commit').send(add('tea'));
    await adapter.conflict().send(add('cake')).redeliver();
    expect(lines(adapter.activeQueue[0] ?? {})).toEqual(['1 × tea', '1 × cake', 'Total: 8']);
  });

  test('forgets an order together with its card', async () => {
    const adapter = create();
    await adapter.send('order').send('forget');
    expect(adapter.activeQueue.map(({ text }) => text)).toEqual(['Forgotten.']);
    await adapter.send(add('tea'));
    expect(adapter.activeQueue.map(({ text }) => text)).toEqual(['Forgotten.', 'That order is closed.']);
  });
});

describe('as a deployed app', () => {
  const workspace = new Workspace();
  let connector: FakeConnector;
  let channel: Channel;
  let runner: RunnerProcess;

  beforeAll(async () => {
    connector = await startFakeConnector();
    channel = new Channel(connector, 'orders');
    runner = await startRunner({ folder: __dirname }, workspace.env);
  });

  afterAll(async () => {
    await runner?.stop();
    await endAllRunners();
    await connector?.close();
    await workspace.remove();
  });

  async function calls(conversation: string, count: number): Promise<RecordedCall[]> {
    await connector.until(() => connector.callsOf(conversation).length >= count);
    return connector.callsOf(conversation);
  }

  test('updates the card under the id that the channel gave it, also after a restart', async () => {
    await channel.say(runner.url, 'table-1', 'order');
    const [sent] = await calls('table-1', 1);
    await channel.say(runner.url, 'table-1', '', { text: undefined, value: { add: 'tea' } });
    await calls('table-1', 2);
    await runner.stop();
    runner = await startRunner({ folder: __dirname }, workspace.env);
    await channel.say(runner.url, 'table-1', '', { text: undefined, value: { add: 'cake' } });
    const [, first, second] = await calls('table-1', 3);
    for (const update of [first, second]) expect([update?.op, update?.activityId]).toEqual(['update', sent?.id]);
    expect(lines((second?.body ?? {}) as Partial<turnwise.Activity>)).toEqual(['1 × tea', '1 × cake', 'Total: 8']);

    await channel.say(runner.url, 'table-1', '', {
      ...{ text: undefined, type: 'messageReaction', reactionsAdded: [{ type: 'like' }] },
      replyToId: sent?.id,
    });
    expect(await channel.texted('table-1', 2)).toContain('Glad you like the order.');

    await channel.say(runner.url, 'table-1', 'pay');
    const paid = (await calls('table-1', 7)).slice(4);
    expect(paid.map(({ op }) => op)).toEqual(['update', 'reply', 'reply']);
    expect(paid[0]?.activityId).toBe(sent?.id);
    expect(paid[1]?.body).toMatchObject({ attachments: [{ content: { title: 'Receipt', total: '8' } }] });
    expect(paid[2]?.body).toMatchObject({ attachmentLayout: 'carousel', text: 'Next time?' });
  });

  test('deletes the card that it is to forget', async () => {
    await channel.say(runner.url, 'table-2', 'order');
    const [sent] = await calls('table-2', 1);
    await channel.say(runner.url, 'table-2', 'forget');
    const [, deleted] = await calls('table-2', 3);
    expect([deleted?.op, deleted?.activityId]).toEqual(['delete', sent?.id]);
  });
});

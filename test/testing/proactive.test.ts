import { expect, test } from '@jest/globals';
import { ActivityHandler } from '../../src/bot/activity-handler';
import { TurnContext } from '../../src/bot/turn-context';
import { TestAdapter } from '../../src/testing/index';

/* What authors can test of a bot that speaks first. */

const reminding = new ActivityHandler()
  .onMessage(async (context, next) => {
    const here = TurnContext.getConversationReference(context.activity);
    if (context.activity.text === 'later') await context.proactive.schedule(here, 'much later', Date.now() + 1e12);
    else await context.proactive.run(here, 'remind', { about: context.activity.text });
    await context.sendActivity('Noted.');
    await next();
  })
  .onEvent(async (context, next) => {
    await context.sendActivity(`Do not forget: ${context.activity.value.about}.`);
    await next();
  });

test('what a turn posts runs as a turn of its own, after it', async () => {
  const adapter = new TestAdapter(reminding);
  await adapter.send('tea').assertReply('Noted.').assertReply('Do not forget: tea.').startTest();
});

test('what a turn has posted that fails is not posted', async () => {
  const told: unknown[] = [];
  const adapter = new TestAdapter(async (context) => {
    if (context.activity.type === 'event') return void told.push(context.activity.value);
    await context.proactive.run({ user: 'user1', channelId: 'test' }, 'told', context.activity.text);
    if (context.activity.text === 'fail') throw new Error('not yet');
  });
  await expect(adapter.send('fail').startTest()).rejects.toThrow('not yet');
  await adapter.send('succeed').startTest();
  expect(told).toEqual(['succeed']);
});

test('a message to somebody is what they get, and no bot is asked', async () => {
  const adapter = new TestAdapter(async (context) => {
    await context.proactive.send({ user: 'user1', channelId: 'test' }, 'Your tea is ready.');
  });
  await adapter.send('tea').assertReply('Your tea is ready.').assertNoReply().startTest();
});

test('what is scheduled waits, and a test does not wait for it', async () => {
  const adapter = new TestAdapter(reminding);
  await adapter.send('later').assertReply('Noted.').assertNoReply().startTest();
});

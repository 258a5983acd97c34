import { test } from 'node:test';
import { TestAdapter } from 'turnwise/testing';
import { bot } from '../src/bot';

test('repeats what is said, in order', async () => {
  await new TestAdapter(bot).test('one', 'Echo: one').test('two', 'Echo: two').startTest();
});

test('answers once, though the channel posts twice', async () => {
  await new TestAdapter(bot).test('one', 'Echo: one').redeliver().assertNoReply().startTest();
});

test('welcomes people', async () => {
  await new TestAdapter(bot)
    .send({ type: 'conversationUpdate', membersAdded: [{ id: 'somebody', name: 'Somebody' }] })
    .assertReply('Hello and welcome!')
    .startTest();
});

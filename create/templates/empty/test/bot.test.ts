import { test } from 'node:test';
import { TestAdapter } from 'turnwise/testing';
import { bot } from '../src/bot';

test('says hello when somebody joins', async () => {
  await new TestAdapter(bot)
    .send({ type: 'conversationUpdate', membersAdded: [{ id: 'somebody', name: 'Somebody' }] })
    .assertReply('Hello world!')
    .startTest();
});

test('says nothing when it joins itself', async () => {
  const adapter = new TestAdapter(bot);
  const itself = adapter.conversation.bot;
  await adapter
    .send({ type: 'conversationUpdate', membersAdded: [itself] })
    .assertNoReply()
    .startTest();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Activity } from 'turnwise';
import { TestAdapter } from 'turnwise/testing';
import { bot, createBot } from '../src/bot';

/** Expects a card that says something. */
const card =
  (text: string) =>
  (reply: Partial<Activity>): void => {
    assert.match(JSON.stringify(reply.attachments?.[0]?.content), new RegExp(text));
  };

test('welcomes people with a card', async () => {
  await new TestAdapter(bot)
    .send({ type: 'conversationUpdate', membersAdded: [{ id: 'somebody', name: 'Somebody' }] })
    .assertReply(card('Welcome!'))
    .startTest();
});

test('books a flight, one question after the other', async () => {
  await new TestAdapter(bot)
    .test('book a flight', 'Where do you want to go?')
    .test('Paris', 'When?')
    .test('2030-05-01', 'To Paris on 2030-05-01, is that right? (1) Yes or (2) No')
    .send('yes')
    .assertReply(card('Paris'))
    .startTest();
});

test('does not ask for what it was told, and books nothing without a yes', async () => {
  await new TestAdapter(bot)
    .test('I want to travel to Rome', 'When?')
    .test('2030-05-01', 'To Rome on 2030-05-01, is that right? (1) Yes or (2) No')
    .test('no', 'Then I book nothing.')
    .startTest();
});

test('the button of a card is as good as a message', async () => {
  await new TestAdapter(bot)
    .send({ type: 'message', value: { says: 'book a flight' } })
    .assertReply('Where do you want to go?')
    .startTest();
});

test('schedules a reminder', async () => {
  await new TestAdapter(bot)
    .test('remind me', 'What shall I remind you of?')
    .test('tea', 'In how many minutes?')
    .test('none', 'A number above zero, please.')
    .test('5', 'I will remind you in 5 minutes.')
    .startTest();
});

test('remembers a name', async () => {
  await new TestAdapter(bot)
    .test('introduce', 'What is your name?')
    .test('Ada', 'Nice to meet you, Ada.')
    .send('help')
    .assertReply(card('Welcome, Ada!'))
    .startTest();
});

test('is in the right place of the dialog after its worker has died', async () => {
  await new TestAdapter(bot)
    .test('book a flight', 'Where do you want to go?')
    .crashBefore('commit')
    .test('Paris', 'When?')
    .startTest();
});

test('takes another recognizer', async () => {
  const recognizer = { recognize: async () => ({ kind: 'book', destination: 'the moon' }) as const };
  await new TestAdapter(createBot(recognizer)).test('anything', 'When?').startTest();
});

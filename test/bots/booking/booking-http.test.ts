import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Channel, post } from '../../e2e/support/channel';
import { endAllRunners, type RunnerProcess, startRunner } from '../../e2e/support/runner';
import { Workspace } from '../../e2e/support/workspace';
import { type FakeConnector, startFakeConnector } from '../../support/fake-connector';

/* The booking bot as a deployed app: over HTTP, a real queue and a durable store. */

const workspace = new Workspace();
let connector: FakeConnector;
let channel: Channel;
let runner: RunnerProcess;

beforeAll(async () => {
  connector = await startFakeConnector();
  channel = new Channel(connector, 'booking');
  runner = await startRunner('booking', workspace.env);
});

afterAll(async () => {
  await runner?.stop();
  await endAllRunners();
  await connector?.close();
  await workspace.remove();
});

const QUESTIONS = ['Where to?', 'How many travellers?', 'When?', 'Which fare?', '2 to Porto on 2031-05-20, Economy.'];

async function say(text: string, count: number): Promise<unknown[]> {
  await channel.say(runner.url, 'journey', text);
  return channel.texted('journey', count);
}

test('books a journey, restarted in the middle, with a message that comes twice', async () => {
  await say('hello', 1);
  await say('Porto', 2);
  await runner.stop();
  runner = await startRunner('booking', workspace.env);
  const twice = channel.message('journey', { text: 'two' });
  expect((await post(runner.url, twice)).status).toBe(200);
  expect((await post(runner.url, twice)).status).toBe(200);
  await channel.texted('journey', 3);
  await say('2031-05-20', 4);
  await say('economy', 5);
  await say('yes', 6);
  const texts = await say('bookings', 7);
  expect(texts.slice(0, 5).every((text, index) => String(text).startsWith(QUESTIONS[index] ?? ''))).toBe(true);
  expect(texts.slice(5)).toEqual(['Booked: POR-1.', 'POR-1']);
});

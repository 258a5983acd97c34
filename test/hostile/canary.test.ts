import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '../e2e/support/runner';
import { SECRET, World } from './world';

/*
 * A mark in everything that is nobody's business, through success, failure, dead letter and crash: it must turn up in nothing that the
 * app, its host or the operator's command print, and in no answer but the bot's own.
 */

const MARK = 'CANARY';
const CLI = path.join(__dirname, '../../dist/src/cli/main.js');

/** Shorter than what bots get: four attempts, three deliveries, and a crash have to fit into seconds. */
const OPTIONS = {
  attemptBackoffMs: [50],
  deliveryBackoffMs: [50],
  maxDeliveries: 2,
  renewMs: 1_000,
  deliveryLimitMs: 2_000,
};

const world = new World();
const answers: string[] = [];
const tokens: string[] = [];
/** What runners have printed that have died since. */
let printedBefore = '';

beforeAll(() => world.start(OPTIONS, { E2E_LEASE_MS: '3000', E2E_SWEEP: '*/2 * * * * *' }));

afterAll(() => world.stop());

/** An activity with the mark wherever people write, or are written about. */
function marked(conversation: string, script: readonly unknown[], changes: object = {}): Record<string, unknown> {
  return world.activity({
    conversation: { id: conversation, name: `${MARK}-conversation`, tenantId: 'tenant', properties: { topic: MARK } },
    from: { id: `user-of-${conversation}`, name: `${MARK}-name`, properties: { mail: `${MARK}@example.com` } },
    recipient: { id: 'bot', name: `${MARK}-bot` },
    text: `${MARK}-text`,
    speak: `${MARK}-speak`,
    summary: `${MARK}-summary`,
    topicName: `${MARK}-topic`,
    attachments: [{ contentType: 'text/plain', name: `${MARK}.txt`, content: `${MARK}-content` }],
    entities: [{ type: 'mention', text: `${MARK}-mention`, mentioned: { id: 'x', name: `${MARK}-mentioned` } }],
    suggestedActions: { actions: [{ title: `${MARK}-action` }] },
    channelData: { secret: `${MARK}-data` },
    value: script,
    ...changes,
  });
}

async function post(body: object | string, authorization = world.login.authorization()): Promise<number> {
  tokens.push(authorization);
  const { status, text } = await world.send({ body, headers: { authorization } });
  answers.push(text);
  return status;
}

const deadIn = async (conversation: string): Promise<string[]> =>
  (await world.workspace.store.deadLetters.list(100))
    .filter((letter) => letter.conversation === `test/${conversation}`)
    .map(({ reason }) => reason.message);

function operator(...command: string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, [CLI, ...command], {
    encoding: 'utf8',
    env: { ...process.env, TURNWISE_DATA: world.workspace.data, NO_COLOR: '1' },
  });
  return stdout + stderr;
}

test('success: a reply, state, a stream, an answer', async () => {
  await post(
    marked('success', [
      ['reply', `${MARK}-reply`],
      ['keep', `${MARK}-state`],
      ['append', `${MARK}-streamed`],
    ]),
  );
  await world.channel.texted('success', 2);
  expect(await post(marked('success', [['keep', `${MARK}-state`]], { type: 'invoke', name: 'test' }))).toBe(501);
  expect(world.connector.callsOf('success')[0]?.rawBody).toContain(`${MARK}-reply`);
  expect(world.connector.callsOf('success')[0]?.headers.authorization).toContain(SECRET);
});

test('failure: refused tokens and bodies, a handler that throws, a channel that quotes', async () => {
  const { login } = world;
  await post(marked('refused', []), login.authorization({ aud: `${MARK}-audience` }));
  await post(marked('refused', []), login.authorization({}, { kid: `${MARK}-key` }));
  await post(marked('refused', [], { serviceUrl: `https://${MARK}.example/` }));
  await post(marked('refused', [], { [`${MARK}-field`]: 1, attachments: [MARK] }));
  await post(`{"text":"${MARK}`);
  expect(answers.filter((text) => text.includes('"error"'))).toHaveLength(5);
  expect(await post(marked('inline', [['failWith', `${MARK} text`]], { type: 'invoke', name: MARK }))).toBe(500);
  world.connector.onCall(({ conversationId }) =>
    conversationId === 'quoting'
      ? { kind: 'answer', status: 400, body: { error: { code: `${MARK} code`, message: `"${MARK}" cannot be sent.` } } }
      : undefined,
  );
  await post(marked('quoting', [['reply', `${MARK}-reply`]]));
  await until(async () => (await deadIn('quoting')).length === 1, 15_000);
});

test('dead letter: a handler that always throws, a channel that is never there', async () => {
  await post(marked('dead', [['failWith', `${MARK} text`]]));
  world.connector.onCall(({ conversationId }) =>
    conversationId === 'away' ? { kind: 'html', status: 503 } : undefined,
  );
  await post(marked('away', [['reply', `${MARK}-reply`]]));
  await until(async () => (await deadIn('dead')).length + (await deadIn('away')).length === 2, 20_000);
  // The letter has it: that is what the letter is for.
  expect(await deadIn('dead')).toEqual([`${MARK} text`]);
  for (const command of [['status'], ['dead', 'list']]) expect(operator(...command)).toMatch(/dead/i);
});

test('crash: a handler that kills its process, and runs again in the next', async () => {
  await post(
    marked('crash', [
      ['dieUntilAttempt', 2],
      ['reply', `${MARK}-reply`],
    ]),
  );
  await world.runner.ended;
  printedBefore = world.runner.output();
  await world.restart();
  await world.channel.texted('crash', 1, 25_000);
}, 60_000);

test('without a token for the channel: what the login service says', async () => {
  printedBefore += world.runner.output();
  await world.runner.stop();
  world.directory.mood = 'failing';
  await world.restart();
  await post(marked('tokenless', [['reply', `${MARK}-reply`]]));
  await until(async () => (await deadIn('tokenless')).length === 1, 20_000);
  await until(() => world.runner.output().includes('AADSTS7000215'), 5_000);
});

test('the mark is in nothing that was printed', async () => {
  await world.runner.stop();
  const printed = printedBefore + world.runner.output();
  const operated = [operator('status'), operator('dead', 'list'), operator('conversation', 'show', 'test/success')];
  // There was something to print.
  for (const event of ['committed', 'attemptFailed', 'deadLettered', 'refused', 'deliveryFailed', 'deliveryDead']) {
    expect(printed).toContain(`turnwise ${event}`);
  }
  for (const text of [printed, ...operated, ...answers]) expect(linesWith(text, MARK)).toEqual([]);
  for (const token of tokens) {
    for (const part of token.replace('Bearer ', '').split('.')) expect(printed).not.toContain(part);
  }
});

const linesWith = (text: string, mark: string): string[] => text.split('\n').filter((line) => line.includes(mark));

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../e2e/support/runner';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { describeUnless } from '../support/skip';
import { resultTable } from './result-table';
import type { Answer, ConnectorRow, Group, RequestRow, RingRow } from './rows';
import { BODY_GROUPS, LARGE_ROW } from './rows-bodies';
import { CLAIM_GROUPS } from './rows-claims';
import { CONNECTOR_GROUPS } from './rows-connector';
import { HTTP_GROUPS, SLOW_ROWS } from './rows-http';
import { NOTIFY_GROUPS } from './rows-notify';
import { ODD_IDS, ODD_ROWS } from './rows-odd';
import { RING_GROUPS } from './rows-rings';
import { hostileTokens } from './rows-tokens';
import { SECRET, World } from './world';

/*
 * What strangers, channels and broken services try on the running endpoint. Each has its answer, leaves nothing behind, and the next good
 * request is served. The rows are data: see `rows.ts`.
 */

const world = new World();

const TOKEN_GROUPS: readonly Group<RequestRow>[] = Object.entries(hostileTokens(world)).map(([name, rows]) => ({
  name: `tokens: ${name}`,
  rows: rows.flatMap(({ what, authorization, status, code, overHttp }) => {
    // Blanks around a value are not part of it, and a client sends no line breaks.
    if (overHttp === 'accepted' || overHttp === 'cannot be sent') return [];
    const answer: Answer = overHttp ?? [status, code];
    return [{ what, answer, request: () => ({ headers: { authorization: authorization() } }) }];
  }),
}));

const REQUEST_GROUPS = [...TOKEN_GROUPS, ...CLAIM_GROUPS, ...BODY_GROUPS, ...HTTP_GROUPS, ...NOTIFY_GROUPS];
const SLOW_GROUP: Group<RequestRow> = { name: 'slow connections', rows: SLOW_ROWS };

/** Shorter pauses than bots get, for the connector's rows. */
const OPTIONS = { deliveryBackoffMs: [200], maxDeliveries: 3 };

beforeAll(() => world.start(OPTIONS));

afterAll(() => world.stop());

/** Runs something that must leave no trace, and then sees that a good request is served. */
async function unimpressed<T>(attack: () => Promise<T>): Promise<T> {
  const before = await world.traces();
  const result = await attack();
  expect(await world.traces()).toEqual(before);
  await world.served();
  return result;
}

async function turnedAway(row: RequestRow): Promise<void> {
  const { status, code = '', text } = await world.attack(row.request(world));
  const answers = (typeof row.answer[0] === 'number' ? [row.answer] : row.answer) as readonly Answer[];
  expect(answers).toContainEqual([status, code]);
  // Nothing of what was sent comes back: no token, no address, no text.
  for (const sent of ['evil', 'hello', 'eyJ', 'never', world.connector.url, SECRET]) expect(text).not.toContain(sent);
}

test('there are enough of them, and no two are the same', () => {
  const all = [...REQUEST_GROUPS, SLOW_GROUP, ...RING_GROUPS, ...CONNECTOR_GROUPS];
  const names = all.flatMap(({ name, rows }) => rows.map(({ what }) => `${name}: ${what}`));
  expect(names.length).toBeGreaterThanOrEqual(300);
  expect(new Set(names).size).toBe(names.length);
});

describe.each(REQUEST_GROUPS.map(({ name, rows }) => [name, rows] as const))('%s', (_name, rows) => {
  test.each(rows.map((row) => [row.what, row] as const))('%s', (_what, row) => unimpressed(() => turnedAway(row)));
});

/** Bytes that the app's process has read so far, from files and connections. */
function bytesRead(): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${world.runner.pid}/io`, 'utf8'))?.[1]);
}

const proc = existsSync('/proc/self/io') ? undefined : 'this system does not count what a process reads';

describeUnless(proc)('large bodies of strangers', () => {
  test('four at once are refused, and most of them is not read', () =>
    unimpressed(async () => {
      const before = bytesRead();
      await Promise.all(Array.from({ length: 4 }, () => turnedAway(LARGE_ROW)));
      // Each has 60 MB.
      expect(bytesRead() - before).toBeLessThan(8 * 1_048_576);
    }));
});

describe('what looks dangerous and is not', () => {
  test.each(ODD_ROWS.map((row) => [row.what, row] as const))('%s is served', async (_what, { request }) => {
    await world.served((good) => request(world, good));
    await world.served();
  });

  test('ids are told apart, and answered where they came from', async () => {
    for (const id of ODD_IDS) {
      await world.say(id, [['count']]);
      await world.say(id, [['count']]);
    }
    for (const id of ODD_IDS) expect(await world.channel.texted(id, 2)).toEqual(['1', '2']);
    await until(async () => (await world.traces()).messages === 0, 10_000);
  });
});

/** Rings, and waits until none is left. Returns how many were set aside. */
async function rung(rows: readonly RingRow[]): Promise<number> {
  const setAside = async (): Promise<number> => {
    const poison = world.queue('turns-poison');
    await poison.createIfNotExists();
    return (await poison.getProperties()).approximateMessagesCount ?? 0;
  };
  const before = await setAside();
  await unimpressed(async () => {
    for (const { message } of rows) await world.queue().sendMessage(message(world));
    // A message that fails is tried again every five seconds, five times.
    await until(async () => (await world.traces()).messages === 0, 40_000);
  });
  return (await setAside()) - before;
}

describe.each(RING_GROUPS.map(({ name, rows }) => [name, rows] as const))('%s', (_name, rows) => {
  const ignored = rows.filter(({ ends }) => ends === 'ignored');
  test.each(ignored.map((row) => [row.what, row] as const))('%s', async (_what, row) =>
    expect(await rung([row])).toBe(0),
  );

  test('what the app is not called with is set aside', async () => {
    const others = rows.filter(({ ends }) => ends === 'set aside');
    expect(await rung(others)).toBe(others.length);
  }, 60_000);
});

describe('answers of a channel, and slow connections', () => {
  const rows = CONNECTOR_GROUPS.flatMap((group) => group.rows);
  const results = new Map<string, { calls: number; ends: string }>();
  const failures: unknown[] = [];
  /** Where redirects point: nobody may call. */
  let elsewhere: FakeConnector;

  // All at once, each at a channel of its own: some take ten seconds, and one circuit must not open for another's failures.
  beforeAll(async () => {
    elsewhere = await startFakeConnector();
    const slow = SLOW_ROWS.map(async (row) => turnedAway(row).catch((error: unknown) => failures.push(error)));
    await Promise.all([
      ...slow,
      ...rows.map(async (row, index) => results.set(row.what, await answered(row, `answer-${index}`))),
    ]);
  }, 60_000);

  test('connections that take their time end, beside them', () => {
    expect(failures).toEqual([]);
  });

  afterAll(() => elsewhere?.close());

  async function answered({ answers }: ConnectorRow, conversation: string) {
    const channel = await startFakeConnector();
    try {
      channel.next(...answers(elsewhere.url));
      const script = [['reply', 'first']];
      await world.say(conversation, script, channel);
      let ends: string | undefined;
      await until(async () => {
        ends = await endOf(conversation, channel);
        return ends !== undefined;
      }, 45_000);
      return { calls: channel.callsOf(conversation).length, ends: ends ?? '' };
    } finally {
      await channel.close();
    }
  }

  /** What has become of the one message of a conversation, once nothing waits there any more. */
  async function endOf(conversation: string, channel: FakeConnector): Promise<string | undefined> {
    const found = await world.workspace.store.inspection.conversation(`test/${conversation}` as never);
    if (found === undefined || found.head.n === 0 || found.head.out.length > 0) return undefined;
    if (channel.callsOf(conversation).length === 0) return undefined;
    const letters = await world.workspace.store.deadLetters.list(1_000);
    return letters.find((letter) => letter.conversation === `test/${conversation}`)?.reason.code ?? 'delivered';
  }

  test.each(rows.map((row) => [row.what, row] as const))('%s', (what, { calls, ends }) => {
    expect(results.get(what)).toEqual({ calls, ends });
  });

  test('have nobody called to whom they point', async () => {
    expect(elsewhere.calls).toEqual([]);
    await world.served();
  });
});

test('the page has the result of each', () => {
  const page = path.join(__dirname, '../../docs/security.md');
  const [before = '', , after = ''] = readFileSync(page, 'utf8').split(/<!-- \/?hostile-input -->/);
  const table = resultTable({
    requests: [...REQUEST_GROUPS, SLOW_GROUP],
    rings: RING_GROUPS,
    answers: CONNECTOR_GROUPS,
  });
  const expected = `${before}<!-- hostile-input -->\n\n${table}\n<!-- /hostile-input -->${after}`;
  if (process.env.UPDATE_DOCS === '1') writeFileSync(page, expected);
  expect(readFileSync(page, 'utf8')).toBe(expected);
});

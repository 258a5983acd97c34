import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BotConnector } from '../../src/azure/bot-connector';
import { createInboundAuth } from '../../src/azure/inbound-auth';
import { MAX_WAIT_MS } from '../../src/azure/inbound-keys';
import { LOAD_LIMIT_MS } from '../../src/azure/inbound-metadata';
import { createTokenSource } from '../../src/azure/token-source';
import { attend } from '../../src/runtime/processor';
import { CONVERSATION, createPipeline } from '../runtime/pipeline';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { FakeLogin, fakeKey } from '../support/fake-login';
import { createManualClock } from '../support/manual-clock';

/* What surrounds the bot is away for an hour, on a clock that a test moves. */

const APP_ID = '11111111-2222-3333-4444-555555555555';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function gate() {
  const clock = createManualClock();
  const login = new FakeLogin({ appId: APP_ID, now: clock.now });
  const auth = createInboundAuth({ appId: APP_ID, development: false, clock, fetch: login.fetch });
  const post = async (authorization = login.authorization({ jti: clock.now() })): Promise<string> => {
    const result = await auth.authenticate({ headers: { authorization } });
    return result.ok ? 'ok' : `${result.status} ${result.code}`;
  };
  return { clock, login, post };
}

describe.each(['failing', 'hanging'] as const)('the key server is %s for an hour', (mood) => {
  test('channels with keys that are known are served all the time', async () => {
    const { clock, login, post } = gate();
    expect(await post()).toBe('ok');
    login.mood = mood;
    for (let minute = 0; minute < 60; minute += 1) {
      await clock.advance(MINUTE);
      expect(await post()).toBe('ok');
    }
    // Nothing was due, and nobody asked for another key.
    expect(login.requests.metadata).toBe(1);
  });

  test('a channel with a new key is asked to come again, and served within a minute of its end', async () => {
    const { clock, login, post } = gate();
    await post();
    login.mood = mood;
    const rotated = fakeKey();
    const asked = login.requests.metadata;
    for (let minute = 0; minute < 60; minute += 1) {
      await clock.advance(MINUTE);
      const posted = post(`Bearer ${login.token({ jti: minute }, { kid: rotated.kid }, rotated)}`);
      // Nobody waits longer for a server that hangs.
      await clock.advance(MAX_WAIT_MS);
      expect(await posted).toBe('503 KeysUnavailable');
      expect(await post()).toBe('ok');
    }
    expect(login.requests.metadata - asked).toBeLessThanOrEqual(66);
    login.mood = 'working';
    login.keys.push(rotated);
    await clock.advance(MINUTE);
    expect(await post(`Bearer ${login.token({}, { kid: rotated.kid }, rotated)}`)).toBe('ok');
  });

  test('an instance that starts in it serves nobody, and everybody soon after its end', async () => {
    const { clock, login, post } = gate();
    login.mood = mood;
    const token = login.authorization({ exp: clock.now() / 1_000 + 7_200 });
    for (let passed = 0; passed < HOUR; passed += 2 * MAX_WAIT_MS) {
      const posted = Promise.all([post(token), post(token), post(token)]);
      await clock.advance(MAX_WAIT_MS);
      expect(new Set(await posted)).toEqual(new Set(['503 KeysUnavailable']));
      await clock.advance(MAX_WAIT_MS);
    }
    login.mood = 'working';
    await clock.advance(LOAD_LIMIT_MS);
    expect(await post()).toBe('ok');
  });
});

describe('keys are rotated', () => {
  test('every hour for a morning: old tokens and new ones are served, and taken-back keys are not once that is known', async () => {
    const { clock, login, post } = gate();
    for (let hour = 0; hour < 5; hour += 1) {
      const old = login.key;
      login.rotate();
      await clock.advance(HOUR);
      // The new one first, which has the keys fetched.
      expect(await post()).toBe('ok');
      expect(await post(`Bearer ${login.token({ jti: hour }, { kid: old.kid }, old)}`)).toBe('ok');
      login.keys = login.keys.filter(({ kid }) => kid !== old.kid);
    }
    const stale = login.key;
    login.rotate({ keepOld: false });
    await clock.advance(HOUR);
    expect(await post()).toBe('ok');
    expect(await post(`Bearer ${login.token({}, { kid: stale.kid }, stale)}`)).toBe('401 TokenKeyUnknown');
  });
});

describe('the login service gives no token for an hour', () => {
  let channel: FakeConnector;

  beforeAll(async () => {
    channel = await startFakeConnector();
  });

  afterAll(() => channel.close());

  test('replies wait, no handler runs again, and all of them arrive, once and in order', async () => {
    const pipeline = createPipeline();
    let away = true;
    let requests = 0;
    const tokens = createTokenSource(
      async () => {
        requests += 1;
        if (away) throw new Error('AADSTS90033: a transient error');
        return { token: `token-${requests}`, expiresAt: pipeline.clock.now() + HOUR };
      },
      { clock: pipeline.clock },
    );
    const connector = new BotConnector({ tokens, trust: { development: true }, clock: pipeline.clock });
    let handled = 0;
    const runtime = {
      ...pipeline.worker(async (context) => {
        handled += 1;
        await context.sendActivity(`reply ${handled}`);
      }),
      connector,
    };
    const serviceUrl = channel.url;
    for (let minute = 0; minute < 60; minute += 1) {
      if (minute < 10) await pipeline.accept(`m-${minute}`, { serviceUrl });
      const ring = attend(runtime, CONVERSATION);
      for (let second = 0; second < 60; second += 1) await pipeline.clock.advance(1_000);
      await ring;
    }
    // The first turn has committed; its reply is what everything waits for.
    expect([handled, channel.calls.length]).toEqual([1, 0]);
    // At least a second between two requests, and a minute after a few.
    expect(requests).toBeLessThanOrEqual(66);
    away = false;
    await pipeline.clock.advance(HOUR);
    for (let ring = 0; ring < 5; ring += 1) await attend(runtime, CONVERSATION);
    expect(channel.shown('c-1').map(({ text }) => text)).toEqual(
      Array.from({ length: 10 }, (_, n) => `reply ${n + 1}`),
    );
    expect(handled).toBe(10);
    expect((await pipeline.head()).out).toEqual([]);
    expect(new Set(channel.calls.map(({ headers }) => headers.authorization)).size).toBe(1);
    connector.close();
  }, 60_000);
});

import { beforeAll, describe, expect, test } from '@jest/globals';
import { createInboundAuth } from '../../src/azure/inbound-auth';
import type { InboundAuth } from '../../src/ports/inbound-auth';
import { hostileTokens } from '../hostile/rows-tokens';
import { APP_ID, TENANT, TokenBench } from '../hostile/token-bench';
import { createManualClock } from '../support/manual-clock';

/* The gate alone, by a clock that stands still. `test/hostile` has the same tokens over HTTP. */

const clock = createManualClock();
const bench = new TokenBench(clock.now);
const { login, now } = bench;
let auth: InboundAuth;

beforeAll(() => {
  auth = createInboundAuth({ appId: APP_ID, development: false, clock, fetch: login.fetch });
});

const cases = Object.entries(hostileTokens(bench)).flatMap(([group, rows]) => rows.map((row) => ({ group, ...row })));

const activity = {
  type: 'message',
  channelId: 'msteams',
  serviceUrl: login.serviceUrl,
  from: { id: 'user' },
  recipient: { id: 'bot' },
  conversation: { id: 'c' },
  text: 'hello',
};

describe('a token that is wrong', () => {
  test('there are enough ways to be wrong', () => {
    expect(cases.length).toBeGreaterThanOrEqual(100);
    expect(new Set(cases.map(({ group, what }) => `${group}: ${what}`)).size).toBe(cases.length);
  });

  test.each(cases)('$group: $what', async ({ authorization, code, status }) => {
    const value = authorization();
    const refused = await auth.authenticate({ headers: { authorization: value } });
    expect(refused).toMatchObject({ ok: false, status, code });
    // Nothing that the caller sent comes back.
    if (refused.ok || value === undefined) return;
    for (const sent of ['evil', 'example', APP_ID, TENANT, login.issuer, login.serviceUrl, ...value.split('.')]) {
      if (sent.length > 3 && sent !== 'Bearer ') expect(refused.message).not.toContain(sent);
    }
    const next = await auth.authenticate({ headers: { authorization: login.authorization() } });
    expect(next.ok && next.admit(activity)).toMatchObject({ ok: true });
  });

  test('they all together had the keys fetched once', () => {
    expect(login.requests.keys).toBe(1);
  });
});

describe('a token that is right', () => {
  test.each<readonly [string, () => string]>([
    ['as channels send it', () => login.authorization()],
    ['signed by RS384', () => bench.header({ alg: 'RS384' })],
    ['signed by RS512', () => bench.header({ alg: 'RS512' })],
    ['without a type', () => bench.header({ typ: undefined })],
    ['with other header fields', () => bench.header({ x5t: 'abc', x5c: ['abc'], nonce: 'n' })],
    ['by another published key', () => `Bearer ${login.token({}, { kid: login.keys[0]?.kid }, login.keys[0])}`],
    ['just expired, within the skew', () => bench.claims({ exp: now - 299 })],
    ['just not valid, within the skew', () => bench.claims({ nbf: now + 300 })],
    ['with an expiry that is no integer', () => bench.claims({ exp: now + 0.5 })],
    [
      'with claims nobody needs',
      () => bench.claims({ tid: TENANT, nested: { aud: 'x', 'a:"b': [{}] }, text: '{":"}', ver: '1.0' }),
    ],
    ['made for the bot itself', () => bench.claims({ appid: APP_ID, azp: APP_ID })],
  ])('%s', async (_name, authorization) => {
    const value = authorization();
    for (let repeat = 0; repeat < 2; repeat += 1) {
      const admitted = await auth.authenticate({ headers: { authorization: value } });
      expect(admitted.ok && admitted.admit(activity)).toMatchObject({ ok: true });
    }
  });
});

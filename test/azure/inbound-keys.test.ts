import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { createInboundAuth } from '../../src/azure/inbound-auth';
import { MAX_WAIT_MS } from '../../src/azure/inbound-keys';
import {
  type FetchKeys,
  LOAD_LIMIT_MS,
  loadSigningKeys,
  MAX_KEYS,
  MAX_KEYS_BYTES,
} from '../../src/azure/inbound-metadata';
import type { InboundAuth } from '../../src/ports/inbound-auth';
import { FakeLogin, fakeKey, type LoginMood, startFakeLogin } from '../support/fake-login';
import { realSizedKeys } from '../support/key-sets';
import { createManualClock } from '../support/manual-clock';

const APP_ID = '11111111-2222-3333-4444-555555555555';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function setUp(fetch?: FetchKeys) {
  const clock = createManualClock();
  const login = new FakeLogin({ appId: APP_ID, now: clock.now });
  const auth = createInboundAuth({ appId: APP_ID, development: false, clock, fetch: fetch ?? login.fetch });
  return { clock, login, auth, outcome: (authorization = login.authorization()) => outcomeOf(auth, authorization) };
}

async function outcomeOf(auth: InboundAuth, authorization: string): Promise<string> {
  const result = await auth.authenticate({ headers: { authorization } });
  return result.ok ? 'ok' : `${result.status} ${result.code}`;
}

describe('the keys of an issuer', () => {
  test('are fetched with the first token, once, however many wait for them', async () => {
    const { login, auth, outcome } = setUp();
    expect(login.requests).toEqual({ metadata: 0, keys: 0 });
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () => outcome(`Bearer ${login.token({ jti: Math.random() })}`)),
    );
    expect(new Set(outcomes)).toEqual(new Set(['ok']));
    expect(login.requests).toEqual({ metadata: 1, keys: 1 });
    expect(auth.mode).toBe('bot-service');
  });

  test('are ready when they are at hand, or can be had', async () => {
    const { clock, login, auth } = setUp();
    login.mood = 'failing';
    expect(await auth.ready?.()).toBe(false);
    // Asking again at once asks nobody.
    expect(await auth.ready?.()).toBe(false);
    expect(login.requests.metadata).toBe(1);
    login.mood = 'working';
    await clock.advance(5_000);
    expect(await auth.ready?.()).toBe(true);
    login.mood = 'failing';
    expect(await auth.ready?.()).toBe(true);
    expect(login.requests.keys).toBe(1);
  });

  test('are not fetched for a token that is wrong in a way that shows before', async () => {
    const { login, outcome } = setUp();
    expect(await outcome(login.authorization({ aud: 'other' }))).toBe('401 TokenAudienceRefused');
    expect(login.requests.metadata).toBe(0);
  });

  test('are refreshed once a day, in the background', async () => {
    const { clock, login, outcome } = setUp();
    await outcome();
    await clock.advance(23 * HOUR);
    expect(await outcome()).toBe('ok');
    expect(login.requests.keys).toBe(1);
    await clock.advance(HOUR);
    login.mood = 'hanging';
    // Nobody waits for the refresh.
    expect(await outcome()).toBe('ok');
    expect(login.requests.metadata).toBe(2);
    await clock.advance(LOAD_LIMIT_MS);
    login.mood = 'working';
    await clock.advance(MINUTE);
    expect(await outcome()).toBe('ok');
    await clock.settle();
    expect(login.requests).toEqual({ metadata: 3, keys: 2 });
    await clock.advance(DAY - 1);
    expect(await outcome()).toBe('ok');
    expect(login.requests.metadata).toBe(3);
  });

  test('are refreshed by tokens that were verified before, too', async () => {
    const { clock, login, outcome } = setUp();
    const longLived = login.authorization({ exp: clock.now() / 1000 + 3 * 24 * 3600 });
    expect(await outcome(longLived)).toBe('ok');
    await clock.advance(25 * HOUR);
    expect(await outcome(longLived)).toBe('ok');
    await clock.settle();
    expect(login.requests.keys).toBe(2);
  });

  test('are asked for before use when nobody needed them for two days', async () => {
    const { clock, login, outcome } = setUp();
    await outcome();
    const retired = login.key;
    login.rotate({ keepOld: false });
    await clock.advance(2 * DAY);
    expect(await outcome(`Bearer ${login.token({}, { kid: retired.kid }, retired)}`)).toBe('401 TokenKeyUnknown');
    expect(await outcome()).toBe('ok');
    expect(login.requests.keys).toBe(2);
  });
});

describe('a rotation', () => {
  test('serves a new key with its first token', async () => {
    const { clock, login, outcome } = setUp();
    await outcome();
    await clock.advance(MINUTE);
    login.rotate();
    const tokens = Array.from({ length: 20 }, (_, jti) => `Bearer ${login.token({ jti })}`);
    expect(new Set(await Promise.all(tokens.map(outcome)))).toEqual(new Set(['ok']));
    expect(login.requests.keys).toBe(2);
  });

  test('ends tokens of a key that was taken back, verified before or not', async () => {
    const { clock, login, outcome } = setUp();
    const verified = login.authorization({ exp: clock.now() / 1000 + 3 * 24 * 3600 });
    expect(await outcome(verified)).toBe('ok');
    login.rotate({ keepOld: false });
    await clock.advance(MINUTE);
    expect(await outcome()).toBe('ok');
    expect(await outcome(verified)).toBe('401 TokenKeyUnknown');
  });

  test('takes endorsements over at once', async () => {
    const { clock, login, auth } = setUp();
    const authorization = login.authorization({ exp: clock.now() / 1000 + 3 * 24 * 3600 });
    const activity = {
      type: 'message',
      channelId: 'msteams',
      serviceUrl: login.serviceUrl,
      from: { id: 'u' },
      recipient: { id: 'b' },
      conversation: { id: 'c' },
      text: 'hello',
    };
    const admitted = async () => {
      const caller = await auth.authenticate({ headers: { authorization } });
      return caller.ok && caller.admit(activity).ok;
    };
    expect(await admitted()).toBe(true);
    const { jwk, ...key } = login.key;
    login.keys = [{ ...key, jwk: { ...jwk, endorsements: ['webchat'] } }];
    await clock.advance(DAY);
    await admitted();
    await clock.settle();
    expect(await admitted()).toBe(false);
  });
});

describe('a key id that nobody knows', () => {
  test('has the keys fetched at most once a minute, however many such tokens come', async () => {
    const { clock, login, outcome } = setUp();
    await outcome();
    const stranger = fakeKey();
    for (let second = 0; second < 600; second += 1) {
      await clock.advance(1_000);
      const flood = Array.from(
        { length: 5 },
        (_, n) => `Bearer ${login.token({}, { kid: `${second}-${n}` }, stranger)}`,
      );
      for (const refused of await Promise.all(flood.map(outcome))) expect(refused).toBe('401 TokenKeyUnknown');
      expect(login.requests.keys).toBeLessThanOrEqual(1 + Math.ceil((second + 1) / 60));
    }
    expect(login.requests.keys).toBe(11);
    expect(await outcome()).toBe('ok');
  });

  test('is 503 while it cannot be told whether there is such a key', async () => {
    const { clock, login, outcome } = setUp();
    await outcome();
    await clock.advance(MINUTE);
    login.mood = 'failing';
    login.rotate();
    expect(await outcome()).toBe('503 KeysUnavailable');
    login.mood = 'working';
    await clock.advance(MINUTE);
    expect(await outcome()).toBe('ok');
  });
});

describe('the key server being down', () => {
  const MOODS: readonly LoginMood[] = ['failing', 'html', 'huge', 'redirecting', 'noKeys', 'hanging'];

  test.each(MOODS)('for an hour (%s): known keys go on serving', async (mood) => {
    const { clock, login, outcome } = setUp();
    await outcome();
    await clock.advance(DAY);
    login.mood = mood;
    for (let minute = 0; minute < 60; minute += 1) {
      expect(await outcome()).toBe('ok');
      await clock.advance(MINUTE);
    }
    expect(login.requests.metadata).toBeLessThanOrEqual(62);
    login.mood = 'working';
    expect(await outcome()).toBe('ok');
    await clock.settle();
    expect(await outcome()).toBe('ok');
  });

  test('for five days: known keys serve until then, and no longer', async () => {
    const { clock, login, outcome } = setUp();
    await outcome();
    login.mood = 'failing';
    for (let hour = 1; hour < 120; hour += 1) {
      await clock.advance(HOUR);
      expect(await outcome()).toBe('ok');
    }
    await clock.advance(HOUR);
    expect(await outcome()).toBe('503 KeysUnavailable');
    login.mood = 'working';
    await clock.advance(5_000);
    expect(await outcome()).toBe('ok');
  });

  test.each(MOODS)('from the start (%s): 503, and served as soon as it is back', async (mood) => {
    const { clock, login, outcome } = setUp();
    login.mood = mood;
    const first = outcome();
    await clock.settle();
    await clock.advance(LOAD_LIMIT_MS);
    expect(await first).toBe('503 KeysUnavailable');
    const asked = login.requests.metadata;
    const second = outcome();
    await clock.settle();
    await clock.advance(LOAD_LIMIT_MS);
    expect(await second).toBe('503 KeysUnavailable');
    expect(login.requests.metadata - asked).toBeLessThanOrEqual(1);
    login.mood = 'working';
    await clock.advance(5_000);
    expect(await outcome()).toBe('ok');
  });

  test('is asked at most once in five seconds while there are no keys', async () => {
    const { clock, login, outcome } = setUp();
    login.mood = 'failing';
    const outcomes: Promise<string>[] = [];
    for (let second = 0; second < 60; second += 1) {
      for (let jti = 0; jti < 10; jti += 1) outcomes.push(outcome(`Bearer ${login.token({ jti })}`));
      await clock.advance(1_000);
    }
    await clock.advance(MAX_WAIT_MS);
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['503 KeysUnavailable']));
    expect(login.requests.metadata).toBe(13);
  });

  test('for a moment at the start: the first message waits until it may be asked again', async () => {
    const { auth, clock, login, outcome } = setUp();
    login.mood = 'failing';
    expect(await auth.ready?.()).toBe(false);
    login.mood = 'working';
    await clock.advance(1_000);
    const messages = [outcome(), outcome(`Bearer ${login.token({ jti: 2 })}`)];
    await clock.advance(4_000);
    expect(await Promise.all(messages)).toEqual(['ok', 'ok']);
    expect(login.requests.metadata).toBe(2);
  });

  test('a fetch that throws, or answers nonsense, is a failure like others', async () => {
    for (const fetch of [
      () => {
        throw new Error('no network');
      },
      async () => new Response('{"jwks_uri":1}'),
      async () => new Response('null'),
      async () => new Response('[]'),
      async () => new Response(null, { status: 204 }),
    ] satisfies FetchKeys[]) {
      expect(await setUp(fetch).outcome()).toBe('503 KeysUnavailable');
    }
  });
});

describe('the size of a key set', () => {
  test.each([
    ['300 keys of real size', 300, 870_000],
    ['4 MB of them', 1_400, 4_000_000],
  ])('%s is taken, and little of it is kept', async (_what, count, atLeast) => {
    const { login, outcome } = setUp();
    login.others = realSizedKeys(count);
    expect(JSON.stringify(login.others).length).toBeGreaterThan(atLeast);
    expect(await outcome()).toBe('ok');
    expect(login.requests).toEqual({ metadata: 1, keys: 1 });
  });

  test('what is kept of a key has neither its certificate nor a list of its own', async () => {
    const published = { keys: realSizedKeys(30) };
    const answers = [{ jwks_uri: 'https://login.botframework.com/v1/keys' }, published];
    const keys = await loadSigningKeys({
      metadataUrl: 'https://login.botframework.com/v1/.well-known/openidconfiguration',
      development: false,
      clock: createManualClock(),
      fetch: async () => new Response(JSON.stringify(answers.shift())),
    });
    expect(keys.size).toBe(30);
    const certificates = published.keys.flatMap(({ x5c }) => x5c as string[]);
    const kept = inspect([...keys.values()], { depth: 10, showHidden: true, maxStringLength: Infinity });
    for (const certificate of certificates) expect(kept).not.toContain(certificate.slice(0, 40));
    const lists = new Set([...keys.values()].map(({ endorsements }) => endorsements));
    expect(lists.size).toBe(2);
  });

  test(`more than ${MAX_KEYS} keys are no key set`, async () => {
    const { login, outcome } = setUp();
    const [one] = realSizedKeys(1);
    login.others = Array.from({ length: MAX_KEYS }, (_, n) => ({ ...one, kid: `k${n}`, x5c: [] }));
    expect(await outcome()).toBe('503 KeysUnavailable');
  });

  test(`more than ${MAX_KEYS_BYTES} bytes are not read to their end`, async () => {
    const { login, outcome } = setUp();
    login.others = [{ filler: 'x'.repeat(MAX_KEYS_BYTES) }];
    expect(await outcome()).toBe('503 KeysUnavailable');
  });
});

describe('a key server that is slow', () => {
  test('keeps a caller waiting for eight seconds, and serves the next one when it has answered', async () => {
    let answer = (): void => undefined;
    const clock = createManualClock();
    const login = new FakeLogin({ appId: APP_ID, now: clock.now });
    const slow: FetchKeys = async (url, init) => {
      if (url.endsWith('/keys')) await new Promise<void>((resolve) => (answer = resolve));
      return login.fetch(url, init);
    };
    const auth = createInboundAuth({ appId: APP_ID, development: false, clock, fetch: slow });
    const first = outcomeOf(auth, login.authorization());
    await clock.settle();
    await clock.advance(MAX_WAIT_MS);
    expect(await first).toBe('503 KeysUnavailable');
    const second = outcomeOf(auth, login.authorization());
    await clock.advance(1_000);
    answer();
    expect(await second).toBe('ok');
    expect(login.requests).toEqual({ metadata: 1, keys: 1 });
  });

  test('is given up when its time is over, so that it can be asked again', async () => {
    const { clock, login, outcome } = setUp();
    login.mood = 'hanging';
    const waiting = outcome();
    await clock.settle();
    await clock.advance(LOAD_LIMIT_MS);
    expect(await waiting).toBe('503 KeysUnavailable');
    login.mood = 'working';
    expect(await outcome()).toBe('ok');
    expect(login.requests.metadata).toBe(2);
  });
});

describe('where keys may come from', () => {
  test.each([
    ['https://login.botframework.com/other/keys', 'ok'],
    ['https://keys.login.botframework.com/v1/keys', 'ok'],
    ['https://evil.example/keys', '503 KeysUnavailable'],
    ['http://login.botframework.com/v1/.well-known/keys', '503 KeysUnavailable'],
    ['https://user@login.botframework.com/v1/.well-known/keys', '503 KeysUnavailable'],
    ['https://login.botframework.com.evil.example/keys', '503 KeysUnavailable'],
    ['http://127.0.0.1/keys', '503 KeysUnavailable'],
    ['file:///keys', '503 KeysUnavailable'],
    ['/v1/keys', '503 KeysUnavailable'],
    ['', '503 KeysUnavailable'],
  ])('%s: %s', async (address, expected) => {
    const { login, outcome } = setUp();
    login.keysUrl = address;
    expect(await outcome()).toBe(expected);
    expect(login.requests.keys).toBe(expected === 'ok' ? 1 : 0);
  });

  test('keys that are unusable are left out, and of two with one id the first counts', async () => {
    const { login, outcome } = setUp();
    const { jwk } = login.key;
    const good = login.key;
    const other = fakeKey();
    const broken = [
      { kty: 'EC', kid: 'a' },
      { ...jwk, kid: 'b', use: 'enc' },
      { ...jwk, kid: 'c', n: 1 },
      { ...jwk, kid: 'd', n: '' },
    ];
    login.keys = [
      ...broken.map((each) => ({ ...good, jwk: each })),
      good,
      { ...other, jwk: { ...other.jwk, kid: good.kid } },
    ];
    for (const kid of ['a', 'b', 'c'])
      expect(await outcome(login.authorization({}, { kid }))).toBe('401 TokenKeyUnknown');
    const sign = (kid: string) => `Bearer ${login.token({}, { kid }, good)}`;
    expect(await outcome(sign('d'))).toBe('401 TokenSignatureRefused');
    expect(await outcome(sign(good.kid))).toBe('ok');
    expect(await outcome(`Bearer ${login.token({}, { kid: good.kid }, other)}`)).toBe('401 TokenSignatureRefused');
  });

  test('over a socket, from loopback, in development', async () => {
    const clock = createManualClock();
    const { login, close } = await startFakeLogin({ appId: APP_ID, now: clock.now });
    try {
      const options = { appId: APP_ID, channelMetadataUrl: login.metadataUrl, clock };
      const auth = createInboundAuth({ ...options, development: true });
      expect(await outcomeOf(auth, login.authorization())).toBe('ok');
      expect(() => createInboundAuth({ ...options, development: false })).toThrow('https');
      login.mood = 'redirecting';
      expect(await outcomeOf(createInboundAuth({ ...options, development: true }), login.authorization())).toBe(
        '503 KeysUnavailable',
      );
    } finally {
      await close();
    }
  });
});

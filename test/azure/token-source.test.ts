import { describe, expect, test } from '@jest/globals';
import { createTokenSource, type FetchedToken, type TokenSourceOptions } from '../../src/azure/token-source';

const HOUR = 3_600_000;
const CANARY = 'canary-secret';

/** A clock that stands still, and an identity service that answers when it is told to. */
function setUp(options: Partial<TokenSourceOptions> = {}) {
  let now = 1_000_000;
  const waiting: { resolve(token: FetchedToken): void; reject(error: unknown): void }[] = [];
  const source = createTokenSource(() => new Promise((resolve, reject) => waiting.push({ resolve, reject })), {
    clock: { now: () => now + 5_000_000_000, monotonic: () => now },
    timeoutMs: 1_000,
    ...options,
  });
  return {
    source,
    asked: () => waiting.length,
    pass: (ms: number) => {
      now += ms;
    },
    async give(token: string, lifetimeMs = HOUR) {
      waiting.at(-1)?.resolve({ token, expiresAt: now + 5_000_000_000 + lifetimeMs });
      await settle();
    },
    async fail(error: unknown = new Error(`AADSTS7000215: Invalid client secret ${CANARY}`)) {
      waiting.at(-1)?.reject(error);
      await settle();
    },
  };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a token source', () => {
  test('asks once, however many wait, and keeps the answer', async () => {
    const { source, asked, give, pass } = setUp();
    const all = Promise.all(Array.from({ length: 20 }, () => source.token()));
    await give('t1');
    expect(new Set(await all)).toEqual(new Set(['t1']));
    pass(HOUR - 300_000);
    expect(await source.token()).toBe('t1');
    expect(asked()).toBe(1);
  });

  test('asks for nothing before it is asked', () => {
    expect(setUp().asked()).toBe(0);
  });

  test('replaces the token ahead of its expiry, while the old one is handed out', async () => {
    const { source, asked, give, pass } = setUp();
    source.token();
    await give('t1');
    pass(HOUR - 200_000);
    expect(await Promise.all([source.token(), source.token()])).toEqual(['t1', 't1']);
    expect(asked()).toBe(2);
    await give('t2');
    expect(await source.token()).toBe('t2');
    expect(asked()).toBe(2);
  });

  test("a failed early replacement is not the caller's, and is not repeated at once", async () => {
    const { source, asked, fail, give, pass } = setUp();
    source.token();
    await give('t1');
    pass(HOUR - 200_000);
    await source.token();
    await fail();
    expect(await source.token()).toBe('t1');
    expect(asked()).toBe(2);
    pass(1_000);
    expect(await source.token()).toBe('t1');
    expect(asked()).toBe(3);
  });

  test('waits for a new one once the old one is about to run out', async () => {
    const { source, give, pass } = setUp();
    source.token();
    await give('t1');
    pass(HOUR - 20_000);
    const next = source.token();
    await give('t2');
    expect(await next).toBe('t2');
  });

  test('a token with a short life is used for most of it', async () => {
    const { source, asked, give, pass } = setUp();
    source.token();
    await give('t1', 60_000);
    pass(29_000);
    expect(await source.token()).toBe('t1');
    expect(asked()).toBe(1);
  });

  test('backs off after failures, longer each time, up to a minute, without asking', async () => {
    const { source, asked, fail, pass } = setUp();
    const waits: number[] = [];
    for (let i = 1; i <= 9; i++) {
      const attempt = source.token().catch((error: unknown) => error);
      await fail();
      expect(await attempt).toMatchObject({ code: 'TokenUnavailable' });
      expect(asked()).toBe(i);
      const error = await source.token().catch((reason: { retryAfterMs: number }) => reason);
      const { retryAfterMs } = error as { retryAfterMs: number };
      expect(asked()).toBe(i);
      waits.push(retryAfterMs);
      pass(retryAfterMs);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((s) => s * 1000));
  });

  test('a success ends the back-off', async () => {
    const { source, fail, give, pass } = setUp();
    source.token().catch(() => undefined);
    await fail();
    pass(1_000);
    source.token();
    await give('t1');
    pass(HOUR);
    const attempt = source.token().catch((error: unknown) => error);
    await fail();
    expect(await attempt).toMatchObject({ retryAfterMs: 1_000 });
  });

  test('a hanging identity service is a failure', async () => {
    const { source } = setUp({ timeoutMs: 30 });
    await expect(source.token()).rejects.toMatchObject({
      code: 'TokenUnavailable',
      message: expect.stringContaining('timeout'),
    });
  });

  test('a token that was turned down is not handed out again, and is asked for at most every five seconds', async () => {
    const { source, asked, give, pass } = setUp();
    source.token();
    await give('t1');
    source.invalidate('t1');
    await expect(source.token()).rejects.toMatchObject({ code: 'TokenUnavailable', retryAfterMs: 5_000 });
    expect(asked()).toBe(1);
    pass(5_000);
    const next = source.token();
    await give('t2');
    expect(await next).toBe('t2');
    // A late refusal of the old one does not touch the new one.
    source.invalidate('t1');
    expect(await source.token()).toBe('t2');
    expect(asked()).toBe(2);
  });

  test('a token turned down long after it was fetched is replaced at once', async () => {
    const { source, give, pass } = setUp();
    source.token();
    await give('t1');
    pass(60_000);
    source.invalidate('t1');
    const next = source.token();
    await give('t2');
    expect(await next).toBe('t2');
  });

  test.each<[string, FetchedToken]>([
    ['empty', { token: '', expiresAt: Number.MAX_SAFE_INTEGER }],
    ['a header of its own', { token: 'a\r\nb: c', expiresAt: Number.MAX_SAFE_INTEGER }],
    ['expired', { token: CANARY, expiresAt: 1 }],
    ['without an end', { token: CANARY, expiresAt: Number.NaN }],
  ])('an answer that is %s is a failure', async (_what, fetched) => {
    const source = createTokenSource(async () => fetched, { clock: { now: () => 1_000, monotonic: () => 0 } });
    const error = await source.token().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'TokenUnavailable' });
    expect(`${error}${JSON.stringify(error)}`).not.toContain(CANARY);
  });

  test.each<[unknown, string]>([
    [new Error(`AADSTS7000215: Invalid client secret provided: ${CANARY}`), 'AADSTS7000215'],
    [Object.assign(new Error(CANARY), { name: 'CredentialUnavailableError' }), 'CredentialUnavailableError'],
    [Object.assign(new Error(CANARY), { name: `${CANARY} ${CANARY}` }), 'unknown'],
    [CANARY, 'unknown'],
    [undefined, 'unknown'],
  ])('a failure says no more than it may (%#)', async (thrown, reason) => {
    const source = createTokenSource(() => Promise.reject(thrown), { clock: { now: () => 0, monotonic: () => 0 } });
    const error = (await source.token().catch((failure: unknown) => failure)) as Error;
    expect(error.message).toContain(`(${reason})`);
    expect(`${error.stack}${JSON.stringify(error)}${error.cause}`).not.toContain(CANARY);
  });
});

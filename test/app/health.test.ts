import { describe, expect, test } from '@jest/globals';
import { healthOf, type Probes, probesOf } from '../../src/app-health';
import { createMemoryStore } from '../../src/memory/memory-store';
import type { Store } from '../../src/ports/store';
import { TurnwiseError } from '../../src/schema/errors';
import { createManualClock } from '../support/manual-clock';

const ABOUT = { environment: 'production', auth: 'bot-service', store: 'cosmos' };
const fine = async (): Promise<void> => undefined;

function health(probes: Probes) {
  const clock = createManualClock();
  return { clock, ask: healthOf(probes, clock, ABOUT) };
}

test('everything is to be had', async () => {
  const { ask } = health({ store: fine, queue: fine, credentials: fine, keys: fine });
  const checks = { store: 'ok', queue: 'ok', credentials: 'ok', keys: 'ok' };
  expect(await ask()).toEqual({ status: 200, jsonBody: { status: 'ok', ...ABOUT, checks } });
});

test.each(['store', 'queue', 'credentials', 'keys'] as const)(
  'without %s it is not ready, and says a code and no more',
  async (name) => {
    const secret = 'https://account.documents.azure.com AccountKey=abc';
    const { ask } = health({
      store: fine,
      queue: fine,
      credentials: fine,
      keys: fine,
      [name]: () => Promise.reject(new Error(secret)),
    });
    const answer = await ask();
    expect(answer.status).toBe(503);
    expect(answer.jsonBody).toMatchObject({
      status: 'unavailable',
      checks: { [name]: 'Unavailable' },
      error: { code: 'Unavailable' },
    });
    expect(JSON.stringify(answer)).not.toMatch(/account|Key/);
  },
);

test('a coded error is told by its code', async () => {
  const { ask } = health({ queue: () => Promise.reject(new TurnwiseError('QueueMissing', 'Its name is "turns".')) });
  expect((await ask()).jsonBody).toMatchObject({ checks: { queue: 'QueueMissing' }, error: { code: 'QueueMissing' } });
});

describe('asking is cheap', () => {
  test('many who ask at once are one look, and so are all within five seconds', async () => {
    let looks = 0;
    let finish: () => void = () => undefined;
    const { ask, clock } = health({
      store: () => {
        looks += 1;
        return new Promise<void>((resolve) => {
          finish = resolve;
        });
      },
    });
    const asked = Array.from({ length: 50 }, () => ask());
    await clock.advance(3_000);
    asked.push(ask());
    finish();
    expect(new Set((await Promise.all(asked)).map(({ status }) => status))).toEqual(new Set([200]));
    await clock.advance(4_900);
    await ask();
    expect(looks).toBe(1);
    await clock.advance(200);
    const again = ask();
    finish();
    await again;
    expect(looks).toBe(2);
  });
});

test('what is asked changes nothing', async () => {
  const clock = createManualClock();
  const store: Store = createMemoryStore(clock);
  const auth = { mode: 'test', authenticate: () => Promise.reject(new Error('Not asked.')), ready: async () => false };
  const rings: unknown[] = [];
  const doorbell = { ring: async (key: unknown) => void rings.push(key), ready: fine };
  const probes = probesOf({ store, doorbell, auth, tokens: undefined, open: () => store.open() });
  await probes.store?.();
  await probes.queue?.();
  await expect(probes.keys?.()).rejects.toMatchObject({ code: 'KeysUnavailable' });
  expect(probes.credentials).toBeUndefined();
  expect(await store.inspection.busy(10)).toEqual([]);
  expect(rings).toEqual([]);
});

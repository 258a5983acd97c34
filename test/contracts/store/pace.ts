import { expect, test } from '@jest/globals';
import { activityKey, conversationKey } from '../../../src/turn/keys';
import { type OpenStore, SLACK_MS } from '../store-under-test';

const LIMIT = { perSecond: 10, burst: 1 };

export function paceContract(open: OpenStore): void {
  test('tokens are earned one after the other, whoever takes them', async () => {
    const { store, other, pass } = await open();
    expect(await store.pace.take('a', 1, LIMIT, 1e6)).toEqual({ taken: true, waitMs: 0 });
    const all = await Promise.all([store, other, store, other].map(({ pace }) => pace.take('a', 100, LIMIT, 1e6)));
    const waits = all.map(({ waitMs }) => waitMs).sort((a, b) => a - b);
    for (const [index, wait] of waits.entries()) {
      expect(Math.abs(wait - (index + 1) * 10_000)).toBeLessThanOrEqual(SLACK_MS);
    }
    expect(await other.pace.take('b', 1, LIMIT, 1e6)).toEqual({ taken: true, waitMs: 0 });
    pass(60_000);
    expect(await store.pace.take('a', 1, LIMIT, 1e6)).toEqual({ taken: true, waitMs: 0 });
  });

  test('tokens may take any time to be earned', async () => {
    const { store, other } = await open();
    await store.pace.take('a', 100, { perSecond: 30, burst: 1 }, 1e6);
    const { taken, waitMs } = await other.pace.take('a', 1, { perSecond: 30, burst: 1 }, 1e6);
    expect(taken).toBe(true);
    expect(Math.abs(waitMs - 3_334)).toBeLessThanOrEqual(SLACK_MS);
  });

  test('what would take too long is not taken', async () => {
    const { store } = await open();
    await store.pace.take('a', 101, LIMIT, 1e6);
    expect(await store.pace.take('a', 1, LIMIT, 1_000)).toMatchObject({ taken: false });
    const { taken, waitMs } = await store.pace.take('a', 1, LIMIT, 1e6);
    expect(taken).toBe(true);
    expect(waitMs).toBeLessThanOrEqual(10_200);
  });

  test('a pause holds everybody up, and a shorter one does not end it', async () => {
    const { store, other, pass } = await open();
    await store.pace.pause('a', 60_000);
    await other.pace.pause('a', 1_000);
    const { waitMs } = await other.pace.take('a', 1, LIMIT, 1e6);
    expect(Math.abs(waitMs - 60_000)).toBeLessThanOrEqual(SLACK_MS);
    pass(70_000);
    expect(await other.pace.take('a', 1, LIMIT, 1e6)).toEqual({ taken: true, waitMs: 0 });
  });

  test.each(['msteams a", "b', 'a\\', 'b\n', 'Zürich', '東京', '\u007f'])(
    'whatever a channel calls a tenant, here %j, it has a bucket of its own',
    async (name) => {
      const { store, other } = await open();
      await store.pace.take(name, 11, LIMIT, 1e6);
      expect((await other.pace.take(name, 1, LIMIT, 1e6)).waitMs).toBeGreaterThan(500);
    },
  );

  test.each([
    ['5,000 characters', 'x'.repeat(5_000)],
    ['5,000 characters of three bytes', '漢'.repeat(5_000)],
  ])('a name of %s is as good as any', async (_what, name) => {
    const { store, other } = await open();
    await store.pace.pause(`${name}a`, 60_000);
    await store.pace.take(`${name}a`, 1, LIMIT, 1e6);
    expect((await other.pace.take(`${name}a`, 1, LIMIT, 1e6)).waitMs).toBeGreaterThan(50_000);
    expect(await other.pace.take(`${name}b`, 1, LIMIT, 1e6)).toEqual({ taken: true, waitMs: 0 });
  });

  test('a notification may be of a caller, and for a conversation, with long names', async () => {
    const { store, other } = await open();
    const id = activityKey('fedcba9876543210fedcba9876543210');
    const asked = { id, to: conversationKey('test', 'c'.repeat(5_000)), by: 'b'.repeat(5_000), digest: 'one' };
    await store.notifications.begin(asked);
    expect(await other.notifications.get(id)).toMatchObject(asked);
  });

  test('a notification is begun once, noted as accepted, and gone after seven days', async () => {
    const { store, other, pass } = await open();
    const id = activityKey('0123456789abcdef0123456789abcdef');
    const asked = { id, to: conversationKey('test', 'c1'), by: 'app', digest: 'one' };
    expect(await store.notifications.get(id)).toBeUndefined();
    await store.notifications.accepted(id);
    expect(await store.notifications.begin(asked)).toMatchObject({ ...asked, accepted: false });
    expect(await other.notifications.begin({ ...asked, digest: 'two' })).toMatchObject(asked);
    await other.notifications.accepted(id);
    expect(await store.notifications.get(id)).toMatchObject({ ...asked, accepted: true });
    pass(7 * 24 * 3_600_000 + SLACK_MS);
    expect(await store.notifications.get(id)).toBeUndefined();
  });

  test('a notification for later is known until seven days after its time, and as cancelled once that was noted', async () => {
    const { store, other, pass } = await open();
    const day = 24 * 3_600_000;
    const id = activityKey('0123456789abcdef0123456789abcdee');
    const { at } = await store.notifications.begin({ id, to: conversationKey('test', 'c1'), by: 'app', digest: 'one' });
    const later = activityKey('1123456789abcdef0123456789abcdee');
    const asked = { id: later, to: conversationKey('test', 'c1'), by: 'app', digest: 'one', due: at + 30 * day };
    await store.notifications.begin(asked);
    await other.notifications.accepted(later);
    pass(36 * day);
    expect(await store.notifications.get(id)).toBeUndefined();
    await other.notifications.cancelled(later);
    await store.notifications.cancelled(later);
    expect(await store.notifications.get(later)).toMatchObject({ ...asked, accepted: true, cancelled: true });
    pass(day + SLACK_MS);
    expect(await store.notifications.get(later)).toBeUndefined();
    await store.notifications.cancelled(later);
    expect(await store.notifications.get(later)).toBeUndefined();
  });
}

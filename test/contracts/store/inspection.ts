import { expect, test } from '@jest/globals';
import type { Store } from '../../../src/ports/store';
import type { Activity } from '../../../src/schema/activity';
import { activityKey, type ConversationKey, conversationKey } from '../../../src/turn/keys';
import type { OpenStore } from '../store-under-test';

export function inspectionContract(open: OpenStore): void {
  test('a conversation in which nothing was ever accepted is not there', async () => {
    const { store } = await open();
    expect(await store.inspection.conversation(keyOf('a'))).toBeUndefined();
    expect(await store.inspection.busy(10)).toEqual([]);
  });

  test('a conversation with work is busy until nothing is left to do', async () => {
    const { store } = await open();
    await accept(store, 'a', 1);
    expect((await store.inspection.busy(10)).map(({ key }) => key)).toEqual([keyOf('a')]);
    await finishOne(store, 'a', {});
    expect(await store.inspection.busy(10)).toEqual([]);
  });

  test('the busy ones come with their records, the soonest to be looked at first, and no more than asked for', async () => {
    const { store } = await open();
    for (const name of ['a', 'b', 'c']) await accept(store, name, 1);
    await store.turns.acquire(keyOf('a'), 'worker'); // Held for a lease, so it is looked at last.
    const busy = await store.inspection.busy(10);
    expect(busy.at(-1)?.key).toBe(keyOf('a'));
    expect(busy.map(({ head }) => head.wake)).toEqual(busy.map(({ head }) => head.wake).sort(ascending));
    expect(busy.map(({ head }) => head.pend.length)).toEqual([1, 1, 1]);
    expect(await store.inspection.busy(2)).toHaveLength(2);
  });

  test('a conversation is shown with what waits in it and all its state', async () => {
    const { store } = await open();
    await accept(store, 'a', 1);
    await accept(store, 'a', 2);
    await accept(store, 'b', 1);
    await finishOne(store, 'b', { conversation: { count: 100 }, 'private:test/u%2F2': { seen: true } });
    await finishOne(store, 'a', { conversation: { count: 1 }, 'private:test/u%2F1': { seen: true } });
    const shown = await store.inspection.conversation(keyOf('a'));
    expect(shown?.head.pend).toHaveLength(1);
    expect(shown?.head.n).toBe(1);
    expect(Object.fromEntries([...(shown?.states ?? [])].map(([id, { data }]) => [id, data]))).toEqual({
      conversation: { count: 1 },
      'private:test/u%2F1': { seen: true },
    });
  });

  test('looking changes nothing', async () => {
    const { store } = await open();
    await accept(store, 'a', 1);
    const before = await store.inspection.conversation(keyOf('a'));
    await store.inspection.busy(10);
    expect(await store.inspection.conversation(keyOf('a'))).toEqual(before);
  });
}

const ascending = (a: number | null, b: number | null): number => (a ?? 0) - (b ?? 0);

const keyOf = (name: string): ConversationKey => conversationKey('test', name);

async function accept(store: Store, conversation: string, activity: number): Promise<void> {
  const key = activityKey(String(activity).padStart(32, '0'));
  const inline = { type: 'message', id: String(activity), channelId: 'test', text: 'hello' } as Activity;
  await store.mailbox.accept(keyOf(conversation), { key, body: { inline, bytes: 100 } }, [], 10);
}

/** Runs the first activity of a conversation as a turn that sends nothing, and lets go. */
async function finishOne(store: Store, conversation: string, states: Record<string, object>): Promise<void> {
  const acquired = await store.turns.acquire(keyOf(conversation), `owner-${conversation}`);
  if (acquired.outcome !== 'acquired') throw new Error(`It was ${acquired.outcome}.`);
  const { held } = acquired;
  const writes = Object.entries(states).map(([id, data]) => ({ id: id as 'conversation', data: { ...data } }));
  const turn = held.head.pend[0]?.key ?? '';
  const committed = await store.turns.commit(held, { turn, effects: [], bodies: [], reads: [], writes });
  if (committed.outcome !== 'held') return;
  const next = { ...held, head: committed.head };
  await store.turns.handBack(next, { delayMs: 0, uncountAttempt: true });
}

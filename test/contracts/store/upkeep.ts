import { expect, test } from '@jest/globals';
import type { Store } from '../../../src/ports/store';
import { userKey } from '../../../src/turn/keys';
import {
  accept,
  acquired,
  conversation,
  giveUp,
  holding,
  keyOf,
  message,
  type OpenStore,
  turnOf,
} from '../store-under-test';

const KEY = conversation();
const DAY = 24 * 3_600_000;
const NOTHING = { deadLetters: 0, conversations: 0 };

/** Runs a turn that leaves state. */
async function turn(store: Store, name: string, key = KEY): Promise<void> {
  await accept(store, name, key);
  const held = acquired(await store.turns.acquire(key, `worker-${name}`));
  await store.turns.commit(held, turnOf(held, { writes: [{ id: 'conversation', data: { name } }] }));
}

async function stateOf(store: Store, key = KEY): Promise<unknown> {
  return (await store.turns.readState(key, 'conversation')).data;
}

export function upkeepContract(open: OpenStore): void {
  test('without lifetimes everything stays', async () => {
    const { store, pass } = await open();
    await giveUp(store, await holding(store, ['a']));
    await turn(store, 'b', conversation('other'));
    pass(5_000 * DAY);
    expect(await store.upkeep.prune(100)).toEqual(NOTHING);
    expect(await store.deadLetters.list(10)).toHaveLength(1);
    expect(await stateOf(store, conversation('other'))).toEqual({ name: 'b' });
  });

  test('dead letters end at their age, with their bodies, and not before', async () => {
    const under = await open({ deadLettersMs: 2 * DAY });
    const { store, other, pass } = under;
    const body = { ref: 'body-a', activity: message('large') };
    await store.mailbox.accept(KEY, { key: keyOf('a'), body: { ref: 'body-a', bytes: 50_000 } }, [body], 10);
    await accept(store, 'b');
    const held = await giveUp(store, acquired(await store.turns.acquire(KEY, 'worker-1')));
    pass(DAY);
    expect(await store.upkeep.prune(100)).toEqual(NOTHING);
    pass(DAY + 5_000);
    const again = acquired(await store.turns.acquire(held.key, 'worker-2'));
    await giveUp(store, again);
    expect(await other.upkeep.prune(100)).toEqual({ deadLetters: 1, conversations: 0 });
    expect((await store.deadLetters.list(10)).map(({ id }) => id)).toEqual([keyOf('b')]);
    expect(await under.holds('large')).toBe(false);
  });

  test('conversations end in which nothing happens any more; the others stay', async () => {
    const { store, other, pass } = await open({ conversationsMs: 2 * DAY });
    await turn(store, 'a');
    await turn(store, 'b', conversation('lively'));
    await accept(store, 'c', conversation('waiting'));
    pass(DAY);
    expect(await store.upkeep.prune(100)).toEqual(NOTHING);
    pass(DAY + 5_000);
    // The first of the two looks is over before the message comes: nothing is erased on what was seen then.
    await accept(store, 'd', conversation('lively'));
    expect(await other.upkeep.prune(100)).toEqual({ deadLetters: 0, conversations: 1 });
    expect(await other.upkeep.prune(100)).toEqual(NOTHING);
    expect(await stateOf(store)).toEqual({});
    expect(await stateOf(store, conversation('lively'))).toEqual({ name: 'b' });
    expect((await store.turns.acquire(conversation('waiting'), 'worker-9')).outcome).toBe('acquired');
  });

  test('no more of a kind than asked for', async () => {
    const { store, pass } = await open({ conversationsMs: DAY, deadLettersMs: DAY });
    for (const name of ['a', 'b', 'c']) await turn(store, name, conversation(name));
    pass(DAY + 5_000);
    expect(await store.upkeep.prune(2)).toEqual({ deadLetters: 0, conversations: 2 });
    expect(await store.upkeep.prune(2)).toEqual({ deadLetters: 0, conversations: 1 });
  });

  test("a user's state ends when nobody changes it any more", async () => {
    const under = await open({ usersMs: 2 * DAY });
    const { store, pass } = under;
    const user = userKey('test', 'user-1');
    const intent = { id: 'i1', conversation: KEY, epoch: 1, changes: { set: { note: 'secret' }, remove: [] } };
    await store.users.propose(user, 0, intent);
    pass(DAY);
    await store.users.settle(user, 'i1', true);
    pass(DAY + 5_000);
    await store.upkeep.prune(100);
    expect((await store.users.read(user)).data).toEqual({ note: 'secret' });
    expect(await under.lifetimeOfUser(user)).toBe(2 * DAY);
  });
}

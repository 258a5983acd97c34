import { expect, test } from '@jest/globals';
import type { StateId } from '../../../src/ports/store';
import { type ConversationKey, conversationKey, userKey } from '../../../src/turn/keys';
import {
  acquired,
  commitReplies,
  conversation,
  entry,
  firstOf,
  holding,
  LIMIT,
  message,
  type OpenStore,
  send,
  turnOf,
} from '../store-under-test';

/** Conversations that a store might take for one another, or stumble over. */
const ODD_KEYS: readonly ConversationKey[] = [
  conversationKey('msteams', '19:Abc@thread.tacv2;messageid=1'),
  conversationKey('msteams', '19:abc@thread.tacv2;messageid=1'),
  conversationKey('test', 'a/b'),
  conversationKey('test', 'a%2Fb'),
  conversationKey('test', 'ünï ☃ 𝒳 "quoted" \\ # ? *'),
  conversationKey('test', "it's'; DROP TABLE heads; --"),
  conversationKey('test', 'head'),
  conversationKey('test', '-'),
  conversationKey('test', 'x'.repeat(1_000)),
  conversationKey('test', `${'x'.repeat(999)}y`),
  conversationKey('test', 'ü'.repeat(300)),
];

const ODD_DATA: Record<string, unknown> = {
  '': 'empty name',
  'a.b': 1,
  'a/b': [1, [2, [3]]],
  '~0~1': null,
  constructor: { prototype: true },
  $type: 'x',
  _etag: 'mine',
  id: 'mine',
  ttl: -5,
  large: Number.MAX_SAFE_INTEGER,
  tiny: 5e-324,
  negative: -0.1,
  text: 'line\nline\u2028 "☃" 𝒳 \u0000 \ud83d\ude00',
  list: [],
  object: {},
  flags: [true, false, null],
};

export function valueContract(open: OpenStore): void {
  test('keys that look alike name different conversations', async () => {
    const { store, other } = await open();
    for (const [index, key] of ODD_KEYS.entries()) {
      expect(await store.mailbox.accept(key, entry(`n${index}`), [], LIMIT)).toBe('accepted');
    }
    for (const [index, key] of ODD_KEYS.entries()) {
      const held = acquired(await other.turns.acquire(key, 'worker'));
      expect(held.key).toBe(key);
      expect(held.head.pend).toHaveLength(1);
      const writes = [{ id: 'conversation' as const, data: { index } }];
      expect((await other.turns.commit(held, turnOf(held, { writes }))).outcome).toBe('released');
    }
    for (const [index, key] of ODD_KEYS.entries()) {
      expect(await store.turns.readState(key, 'conversation')).toEqual({ version: 1, data: { index } });
    }
  });

  test('so do keys that come back from the sweep', async () => {
    const { store, pass } = await open();
    for (const key of ODD_KEYS) await store.mailbox.accept(key, entry('a'), [], LIMIT);
    pass(60_000);
    expect([...(await store.mailbox.overdue(100))].sort()).toEqual([...ODD_KEYS].sort());
    expect(await store.mailbox.overdue(3)).toHaveLength(3);
  });

  test('users and their private states are told apart', async () => {
    const { store } = await open();
    const users = ['a', 'A', 'a/b', 'ü', '', '%', 'x'.repeat(1_000), 'ü'.repeat(300)].map((id) => userKey('test', id));
    const held = await holding(store, ['a']);
    const writes = users.map((user, index) => ({ id: `private:${user}` as StateId, data: { index } }));
    await store.turns.commit(held, turnOf(held, { writes }));
    for (const [index, user] of users.entries()) {
      expect((await store.turns.readState(conversation(), `private:${user}`)).data).toEqual({ index });
      const intent = {
        id: `i${index}`,
        conversation: conversation(),
        epoch: 1,
        changes: { set: { index }, remove: [] },
      };
      expect(await store.users.propose(user, 0, intent)).toBe('proposed');
      await store.users.settle(user, intent.id, true);
    }
    for (const [index, user] of users.entries()) expect((await store.users.read(user)).data).toEqual({ index });
  });

  test('what JSON holds comes back as it was', async () => {
    const { store, other } = await open();
    const held = await holding(store, ['a']);
    const { turn } = turnOf(held);
    await store.turns.recordStep(held, turn, 'odd', ODD_DATA);
    const activity = { ...message('odd'), value: ODD_DATA };
    const effects = [{ ...send(firstOf(held), 0), activity: { inline: activity, bytes: 1 } }] as const;
    const writes = [{ id: 'conversation' as const, data: ODD_DATA }];
    expect((await other.turns.readSteps(conversation(), turn)).get('odd')).toEqual(ODD_DATA);
    await store.turns.commit(held, turnOf(held, { effects, writes }));
    expect((await other.turns.readState(conversation(), 'conversation')).data).toEqual(ODD_DATA);
    const { out } = acquired(await other.turns.acquire(conversation(), 'worker-1')).head;
    expect(out[0]).toMatchObject({ activity: { inline: { value: ODD_DATA } } });
  });

  test('state of several hundred kilobytes is kept', async () => {
    const { store, other } = await open();
    const data = { text: 'ü'.repeat(200_000), list: Array.from({ length: 5_000 }, (_, index) => ({ index })) };
    const held = await holding(store, ['a']);
    await store.turns.commit(held, turnOf(held, { writes: [{ id: 'conversation', data }] }));
    expect((await other.turns.readState(conversation(), 'conversation')).data).toEqual(data);
  });

  test('a long backlog is worked off in order', async () => {
    const { store } = await open();
    const names = Array.from({ length: 60 }, (_, index) => `n${index}`);
    let held = await holding(store, names);
    for (const name of names) {
      expect(firstOf(held).body).toMatchObject({ inline: { text: name } });
      held = await commitReplies(store, held, 0);
    }
    expect(held.head).toMatchObject({ n: 60, lease: null });
  });

  test('what a caller does to what it was given does not reach the store', async () => {
    const { store } = await open();
    const held = await holding(store, ['a']);
    const { turn } = turnOf(held);
    const value = { list: [1] };
    await store.turns.recordStep(held, turn, 'step', value);
    value.list.push(2);
    const [pending] = (await store.turns.acquire(conversation(), 'worker-1').then(acquired)).head.pend;
    if (pending !== undefined && 'inline' in pending.body) pending.body.inline.text = 'changed';
    const read = (await store.turns.readSteps(conversation(), turn)).get('step') as { list: number[] };
    read.list.push(3);
    expect((await store.turns.readSteps(conversation(), turn)).get('step')).toEqual({ list: [1] });
    const again = acquired(await store.turns.acquire(conversation(), 'worker-1'));
    expect(firstOf(again).body).toMatchObject({ inline: { text: 'a' } });
  });
}

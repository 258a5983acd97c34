import { expect, test } from '@jest/globals';
import type { Held, Store } from '../../../src/ports/store';
import { effectId } from '../../../src/turn/record';
import {
  accept,
  acquired,
  after,
  commitReplies,
  conversation,
  entry,
  firstOf,
  giveUp,
  headNow,
  holding,
  keyOf,
  LIMIT,
  message,
  namesOf,
  type OpenStore,
  SLACK_MS,
  send,
  textsOf,
  turnOf,
} from '../store-under-test';

export function deadLetterContract(open: OpenStore): void {
  deathContract(open);
  requeueContract(open);
  effectContract(open);
  lifetimeContract(open);
}

async function deadOf(store: Store): Promise<string[]> {
  return (await store.deadLetters.list(100)).map(({ id }) => id);
}

function deathContract(open: OpenStore): void {
  test('there are none at first', async () => {
    const { store } = await open();
    expect(await store.deadLetters.list(10)).toEqual([]);
    expect(await store.deadLetters.get(conversation(), 'x')).toBeUndefined();
    expect(await store.deadLetters.requeue(conversation(), 'x')).toBe('absent');
    expect(await store.deadLetters.discard(conversation(), 'x')).toBe(false);
  });

  test("a given up activity is kept whole, with why and how often; the error handler's work is committed with it", async () => {
    const { store, other } = await open();
    const held = await holding(store, ['a', 'b']);
    const dead = { code: 'TurnTimedOut', message: 'it took too long' };
    const effects = [send(firstOf(held), 0, 'sorry')];
    const writes = [{ id: 'conversation' as const, data: { failed: 1 } }];
    const next = after(held, await store.turns.commit(held, turnOf(held, { dead, effects, writes })));
    expect(next.head).toMatchObject({ n: 1, sv: 1 });
    expect(textsOf(next.head)).toEqual(['sorry']);
    const [letter] = await other.deadLetters.list(10);
    expect(letter).toMatchObject({
      conversation: conversation(),
      attempts: 1,
      reason: dead,
      dead: { kind: 'activity', activity: { key: keyOf('a'), body: { inline: message('a') } } },
    });
    expect(await other.deadLetters.get(conversation(), letter?.id ?? '')).toEqual(letter);
  });

  test('a repeated commit leaves one letter', async () => {
    const { store } = await open();
    const held = await holding(store, ['a', 'b']);
    const turn = turnOf(held, { dead: { code: 'x', message: '' } });
    await store.turns.commit(held, turn);
    await store.turns.commit(held, turn);
    expect(await deadOf(store)).toHaveLength(1);
  });

  test('the newest come first, and no more than asked for', async () => {
    const { store, pass } = await open();
    let held = await holding(store, ['a', 'b', 'c']);
    for (const reason of ['first', 'second', 'third']) {
      held = await giveUp(store, held, reason);
      pass(2_000);
    }
    const letters = await store.deadLetters.list(2);
    expect(letters.map(({ reason }) => reason.message)).toEqual(['third', 'second']);
    expect(await store.deadLetters.list(10)).toHaveLength(3);
  });

  test('the same activity, accepted and given up again past its horizon, is another letter', async () => {
    const { store, pass } = await open();
    await giveUp(store, await holding(store, ['a']), 'first');
    pass(store.timing.dedupeMs + SLACK_MS);
    await giveUp(store, await holding(store, ['a'], 'worker-2'), 'second');
    const letters = await store.deadLetters.list(10);
    expect(letters.map(({ reason }) => reason.message).sort()).toEqual(['first', 'second']);
    for (const { id } of letters) expect(await store.deadLetters.discard(conversation(), id)).toBe(true);
  });
}

function requeueContract(open: OpenStore): void {
  test('a replayed activity goes to the end of its mailbox, once', async () => {
    const { store, other } = await open();
    const held = await giveUp(store, await holding(store, ['a', 'b']));
    const [id = ''] = await deadOf(store);
    expect(await other.deadLetters.requeue(conversation(), id)).toBe('requeued');
    expect(await store.deadLetters.requeue(conversation(), id)).toBe('absent');
    expect(await deadOf(store)).toEqual([]);
    const next = await commitReplies(store, held, 0);
    expect(namesOf(next.head)).toEqual(['a']);
    expect(next.head.pend[0]).toMatchObject({ key: keyOf('a'), replay: 1 });
    expect(next.head.att).toBe(1);
  });

  test('two who replay it at once replay it once', async () => {
    const open1 = await open();
    const { store, other } = open1;
    await giveUp(store, await holding(store, ['a']));
    const [id = ''] = await deadOf(store);
    const done = await Promise.all(
      [store, other, store, other].map((each) => each.deadLetters.requeue(conversation(), id)),
    );
    expect(done.filter((outcome) => outcome === 'requeued')).toHaveLength(1);
    expect(namesOf(await headNow(open1))).toEqual(['a']);
  });

  test("it wakes its conversation, and its channel's repetition is still a duplicate", async () => {
    const { store, pass } = await open();
    await giveUp(store, await holding(store, ['a']));
    const [id = ''] = await deadOf(store);
    await store.deadLetters.requeue(conversation(), id);
    expect(await accept(store, 'a')).toBe('duplicate');
    pass(store.timing.graceMs + SLACK_MS);
    expect(await store.mailbox.overdue(10)).toEqual([conversation()]);
  });

  test('it can die again, and be replayed again', async () => {
    const { store } = await open();
    let held = await holding(store, ['a']);
    const effects: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      effects.push(effectId(firstOf(held), 0));
      await giveUp(store, held);
      const [id = '', ...more] = await deadOf(store);
      expect(more).toEqual([]);
      expect(await store.deadLetters.requeue(conversation(), id)).toBe('requeued');
      held = acquired(await store.turns.acquire(conversation(), `worker-${round + 2}`));
      expect(held.head).toMatchObject({ att: 1 });
    }
    expect(new Set(effects).size).toBe(3);
    await commitReplies(store, held, 0);
    expect(await deadOf(store)).toEqual([]);
  });

  test('two letters of one activity, replayed together, are two turns, and each commit takes its own', async () => {
    const { store, pass } = await open();
    await giveUp(store, await holding(store, ['a']), 'first');
    pass(store.timing.dedupeMs + SLACK_MS);
    await giveUp(store, await holding(store, ['a'], 'worker-2'), 'second');
    for (const id of await deadOf(store)) expect(await store.deadLetters.requeue(conversation(), id)).toBe('requeued');
    const held = acquired(await store.turns.acquire(conversation(), 'worker-3'));
    const turn = turnOf(held);
    const first = after(held, await store.turns.commit(held, turn));
    const again = after(held, await store.turns.commit(held, turn));
    expect(namesOf(first.head)).toEqual(['a']);
    expect(namesOf(again.head)).toEqual(['a']);
    expect(turnOf(first).turn).not.toBe(turn.turn);
  });

  test('replaying while the holder commits loses neither', async () => {
    const { store, other } = await open();
    const held = await giveUp(store, await holding(store, ['a', 'b']));
    const [id = ''] = await deadOf(store);
    const [, committed] = await Promise.all([
      other.deadLetters.requeue(conversation(), id),
      store.turns.commit(held, turnOf(held)),
    ]);
    const left =
      committed.outcome === 'held'
        ? after(held, committed)
        : acquired(await store.turns.acquire(conversation(), 'worker-2'));
    expect(namesOf(left.head)).toEqual(['a']);
  });
}

function effectContract(open: OpenStore): void {
  async function refuse(store: Store, held: Held): Promise<Held> {
    const effect = held.head.out[0]?.id ?? '';
    const dead = { code: 'Rejected', message: 'HTTP 403' };
    return after(held, await store.turns.markDelivered(held, { effect, dead }, false));
  }

  test('a refused effect is kept whole, and the next one goes on', async () => {
    const { store } = await open();
    const held = await refuse(store, await commitReplies(store, await holding(store, ['a']), 2));
    expect(textsOf(held.head)).toEqual(['reply 1']);
    const [letter] = await store.deadLetters.list(10);
    expect(letter).toMatchObject({ reason: { code: 'Rejected' }, dead: { kind: 'effect', effect: { kind: 'send' } } });
  });

  test('a replayed effect goes to the end of what is to be delivered, as new, once', async () => {
    const { store } = await open();
    const held = await refuse(store, await commitReplies(store, await holding(store, ['a']), 2));
    const [id = ''] = await deadOf(store);
    expect(await store.deadLetters.requeue(conversation(), id)).toBe('requeued');
    expect(await store.deadLetters.requeue(conversation(), id)).toBe('absent');
    const next = after(held, await store.turns.renew(held));
    expect(textsOf(next.head)).toEqual(['reply 1', 'reply 0']);
    expect(next.head.out[1]).toMatchObject({ tries: 0 });
    expect(next.head.out[1]).not.toHaveProperty('started');
  });

  test('two refused effects of one name, replayed together, are delivered one by one', async () => {
    const { store, pass } = await open();
    await refuse(store, await commitReplies(store, await holding(store, ['a']), 1));
    pass(store.timing.dedupeMs + SLACK_MS);
    await refuse(store, await commitReplies(store, await holding(store, ['a'], 'worker-2'), 1));
    for (const id of await deadOf(store)) expect(await store.deadLetters.requeue(conversation(), id)).toBe('requeued');
    const held = acquired(await store.turns.acquire(conversation(), 'worker-3'));
    const effect = held.head.out[0]?.id ?? '';
    const first = after(held, await store.turns.markDelivered(held, { effect }, false));
    const again = after(held, await store.turns.markDelivered(held, { effect }, false));
    expect(textsOf(first.head)).toEqual(['reply 0']);
    expect(textsOf(again.head)).toEqual(['reply 0']);
  });

  test('replayed into a conversation at rest, it brings somebody to deliver it', async () => {
    const { store, pass } = await open();
    await refuse(store, await commitReplies(store, await holding(store, ['a']), 1));
    const [id = ''] = await deadOf(store);
    await store.deadLetters.requeue(conversation(), id);
    pass(store.timing.graceMs + SLACK_MS);
    expect(await store.mailbox.overdue(10)).toEqual([conversation()]);
    const held = acquired(await store.turns.acquire(conversation(), 'worker-2'));
    expect(held.head).toMatchObject({ att: 0, pend: [] });
    const effect = held.head.out[0]?.id ?? '';
    expect((await store.turns.markDelivered(held, { effect }, false)).outcome).toBe('released');
  });
}

function lifetimeContract(open: OpenStore): void {
  const large = (ref: string) => ({ ref, activity: message(`large ${ref}`) });

  test('the body of a given up activity exists until it is replayed and done, or discarded', async () => {
    const { store } = await open();
    for (const name of ['a', 'b']) {
      await store.mailbox.accept(
        conversation(),
        { ...entry(name), body: { ref: name, bytes: 1 } },
        [large(name)],
        LIMIT,
      );
    }
    let held = acquired(await store.turns.acquire(conversation(), 'worker-1'));
    held = await giveUp(store, await giveUp(store, held));
    for (const name of ['a', 'b'])
      expect(await store.turns.readBody(conversation(), name)).toEqual(large(name).activity);
    const letters = await store.deadLetters.list(10);
    const idOf = (name: string): string =>
      letters.find(({ dead }) => dead.kind === 'activity' && dead.activity.key === keyOf(name))?.id ?? '';
    expect(await store.deadLetters.discard(conversation(), idOf('a'))).toBe(true);
    expect(await store.deadLetters.discard(conversation(), idOf('a'))).toBe(false);
    expect(await store.turns.readBody(conversation(), 'a')).toBeUndefined();
    await store.deadLetters.requeue(conversation(), idOf('b'));
    expect(await store.turns.readBody(conversation(), 'b')).toEqual(large('b').activity);
    await commitReplies(store, acquired(await store.turns.acquire(conversation(), 'worker-2')), 0);
    expect(await store.turns.readBody(conversation(), 'b')).toBeUndefined();
    expect(await deadOf(store)).toEqual([]);
  });

  test('so does that of a refused effect', async () => {
    const { store } = await open();
    let held = await holding(store, ['a']);
    const effect = { kind: 'send', id: effectId(firstOf(held), 0), activity: { ref: 'big', bytes: 1 } } as const;
    held = after(held, await store.turns.commit(held, turnOf(held, { effects: [effect], bodies: [large('big')] })));
    const dead = { code: 'Rejected', message: '' };
    await store.turns.markDelivered(held, { effect: effect.id, dead }, false);
    expect(await store.turns.readBody(conversation(), 'big')).toEqual(large('big').activity);
    const [id = ''] = await deadOf(store);
    await store.deadLetters.requeue(conversation(), id);
    held = acquired(await store.turns.acquire(conversation(), 'worker-2'));
    expect(await store.turns.readBody(conversation(), 'big')).toEqual(large('big').activity);
    await store.turns.markDelivered(held, { effect: effect.id }, false);
    expect(await store.turns.readBody(conversation(), 'big')).toBeUndefined();
  });
}

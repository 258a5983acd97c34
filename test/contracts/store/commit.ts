import { expect, test } from '@jest/globals';
import type { StateId, Store } from '../../../src/ports/store';
import {
  accept,
  acquired,
  after,
  conversation,
  firstOf,
  headNow,
  holding,
  message,
  namesOf,
  type OpenStore,
  SLACK_MS,
  send,
  textsOf,
  turnOf,
} from '../store-under-test';

export function commitContract(open: OpenStore): void {
  turnContract(open);
  repetitionContract(open);
  stateContract(open);
  conflictContract(open);
}

function turnContract(open: OpenStore): void {
  test('the last turn frees the conversation, for good', async () => {
    const { store, pass } = await open();
    const held = await holding(store, ['a']);
    const committed = await store.turns.commit(held, turnOf(held));
    expect(committed).toMatchObject({
      outcome: 'released',
      head: { n: 1, pend: [], out: [], lease: null, wake: null },
    });
    expect(await store.turns.acquire(conversation(), 'worker-2')).toEqual({ outcome: 'idle' });
    pass(3_600_000);
    expect(await store.mailbox.overdue(10)).toEqual([]);
  });

  test('with nothing to deliver, the next activity starts: its attempt is counted, the hold goes on', async () => {
    const { store } = await open();
    const held = await holding(store, ['a', 'b']);
    const committed = await store.turns.commit(held, turnOf(held));
    expect(committed).toMatchObject({ outcome: 'held', head: { n: 1, att: 1, epoch: 1 } });
    expect(namesOf(after(held, committed).head)).toEqual(['b']);
  });

  test('with something to deliver, the next activity has to wait', async () => {
    const { store } = await open();
    const held = await holding(store, ['a', 'b']);
    const effects = [send(firstOf(held), 0), send(firstOf(held), 1)];
    const { head } = after(held, await store.turns.commit(held, turnOf(held, { effects })));
    expect(head).toMatchObject({ n: 1, att: 0, notBefore: 0, flushed: 0 });
    expect(textsOf(head)).toEqual(['reply 0', 'reply 1']);
    expect(head.out.map(({ started }) => started)).toEqual([true, undefined]);
  });

  test('an effect with a delay is due that much later than its record', async () => {
    const { store } = await open();
    const held = await holding(store, ['a']);
    const effects = [{ ...send(firstOf(held), 0), afterMs: 5_000 }];
    const { out } = after(held, await store.turns.commit(held, turnOf(held, { effects }))).head;
    expect((out[0]?.due ?? 0) - (out[0]?.at ?? 0)).toBe(5_000);
    expect(out[0]).not.toHaveProperty('afterMs');
  });

  test('what was accepted meanwhile is in what the commit leaves', async () => {
    const { store, other } = await open();
    const held = await holding(store, ['a']);
    for (const name of ['b', 'c', 'd']) await accept(other, name);
    const committed = after(held, await store.turns.commit(held, turnOf(held)));
    expect(namesOf(committed.head)).toEqual(['b', 'c', 'd']);
    expect(committed.head.att).toBe(1);
  });

  test('while others keep accepting, every turn commits, and nothing is lost', async () => {
    const { store, other } = await open();
    let held = await holding(store, ['first']);
    const names = Array.from({ length: 20 }, (_, index) => `n${index}`);
    const accepting = Promise.all(names.map((name) => accept(other, name)));
    const committed: string[] = [];
    while (committed.length < 21) {
      const [name] = namesOf(held.head);
      if (name === undefined) break;
      const outcome = await store.turns.commit(held, turnOf(held));
      committed.push(name);
      if (outcome.outcome === 'held') held = after(held, outcome);
      else if (committed.length < 21) {
        await accepting;
        held = acquired(await store.turns.acquire(conversation(), `again-${committed.length}`));
      }
    }
    expect(await accepting).toEqual(names.map(() => 'accepted'));
    expect([...committed].sort()).toEqual(['first', ...names].sort());
  });
}

function repetitionContract(open: OpenStore): void {
  test('a commit that is repeated is one commit', async () => {
    const { store } = await open();
    const held = await holding(store, ['a', 'b']);
    const turn = turnOf(held, {
      effects: [send(firstOf(held), 0)],
      reads: [{ id: 'conversation', version: 0 }],
      writes: [{ id: 'conversation', data: { count: 1 } }],
    });
    const first = await store.turns.commit(held, turn);
    const second = await store.turns.commit(held, turn);
    expect(second).toEqual(first);
    expect(second).toMatchObject({ outcome: 'held', head: { n: 1, sv: 1 } });
    expect(await store.turns.readState(conversation(), 'conversation')).toEqual({ version: 1, data: { count: 1 } });
  });

  test('so is one that freed the conversation, though something was accepted since', async () => {
    const { store } = await open();
    const held = await holding(store, ['a']);
    const turn = turnOf(held);
    expect((await store.turns.commit(held, turn)).outcome).toBe('released');
    await accept(store, 'b');
    expect(await store.turns.commit(held, turn)).toMatchObject({ outcome: 'released', head: { n: 1 } });
  });

  test('a replayed activity is not taken for the same one', async () => {
    const open1 = await open();
    const { store, pass } = open1;
    await store.turns.commit(
      await holding(store, ['a']),
      turnOf(acquired(await store.turns.acquire(conversation(), 'worker-1')), { dead: { code: 'x', message: '' } }),
    );
    pass(store.timing.dedupeMs + SLACK_MS);
    await accept(store, 'a');
    const [letter] = await store.deadLetters.list(1);
    await store.deadLetters.requeue(conversation(), letter?.id ?? '');
    const held = acquired(await store.turns.acquire(conversation(), 'worker-2'));
    const turn = turnOf(held, { effects: [send(firstOf(held), 0)] });
    await store.turns.commit(held, turn);
    expect(await store.turns.commit(held, turn)).toMatchObject({ outcome: 'held', head: { n: 2 } });
    expect(namesOf(await headNow(open1))).toEqual(['a']);
  });
}

async function commitState(store: Store, writes: readonly { id: StateId; data: Record<string, unknown> }[]) {
  const name = `turn-${Math.random()}`;
  await accept(store, name);
  const held = acquired(await store.turns.acquire(conversation(), name));
  await store.turns.commit(held, turnOf(held, { writes }));
}

function stateContract(open: OpenStore): void {
  test('there is no state before a turn writes some', async () => {
    const { store } = await open();
    expect(await store.turns.readState(conversation(), 'conversation')).toEqual({ version: 0, data: {} });
    expect(await store.turns.readState(conversation(), 'private:test/u' as StateId)).toEqual({ version: 0, data: {} });
  });

  test('a turn writes several documents at once, each with the version of that write', async () => {
    const { store, other } = await open();
    const [one, two] = ['private:test/u1' as StateId, 'private:test/u2' as StateId];
    await commitState(store, [{ id: 'conversation', data: { n: 1 } }]);
    await commitState(store, [
      { id: one, data: { mine: true } },
      { id: two, data: { mine: false } },
    ]);
    expect(await other.turns.readState(conversation(), 'conversation')).toEqual({ version: 1, data: { n: 1 } });
    expect(await other.turns.readState(conversation(), one)).toEqual({ version: 2, data: { mine: true } });
    expect(await other.turns.readState(conversation(), two)).toEqual({ version: 2, data: { mine: false } });
    expect(await other.turns.readState(conversation('c2'), 'conversation')).toEqual({ version: 0, data: {} });
  });

  test('a turn that writes no state leaves the version alone', async () => {
    const { store } = await open();
    await commitState(store, [{ id: 'conversation', data: {} }]);
    await commitState(store, []);
    const held = await holding(store, ['a']);
    expect(held.head).toMatchObject({ n: 2, sv: 1 });
  });
}

function conflictContract(open: OpenStore): void {
  const alice: StateId = 'private:test/alice' as StateId;

  test('state that moved since the turn read it is a conflict, and nothing is changed', async () => {
    const open1 = await open();
    const { store } = open1;
    await commitState(store, [{ id: 'conversation', data: { n: 1 } }]);
    await commitState(store, [{ id: 'conversation', data: { n: 2 } }]);
    const held = await holding(store, ['a']);
    for (const version of [0, 1, 3]) {
      const turn = turnOf(held, {
        effects: [send(firstOf(held), 0)],
        bodies: [{ ref: 'body', activity: message('x') }],
        reads: [{ id: 'conversation', version }],
        writes: [{ id: 'conversation', data: { n: -1 } }],
      });
      expect(await store.turns.commit(held, turn)).toEqual({ outcome: 'conflict' });
    }
    expect(await store.turns.readState(conversation(), 'conversation')).toEqual({ version: 2, data: { n: 2 } });
    expect(await store.turns.readBody(conversation(), 'body')).toBeUndefined();
    const reads = [{ id: 'conversation' as const, version: 2 }];
    expect((await store.turns.commit(held, turnOf(held, { reads }))).outcome).toBe('released');
  });

  test('so is state that the turn only read', async () => {
    const { store } = await open();
    await commitState(store, [{ id: alice, data: { n: 1 } }]);
    await commitState(store, [{ id: 'conversation', data: { n: 1 } }]);
    const held = await holding(store, ['a']);
    const writes = [{ id: 'conversation' as const, data: { n: 2 } }];
    const reads = [
      { id: 'conversation' as const, version: 2 },
      { id: alice, version: 0 },
    ];
    expect(await store.turns.commit(held, turnOf(held, { reads, writes }))).toEqual({ outcome: 'conflict' });
    expect((await store.turns.readState(conversation(), 'conversation')).data).toEqual({ n: 1 });
  });

  test('another document that moved is none', async () => {
    const { store } = await open();
    await commitState(store, [{ id: alice, data: { n: 1 } }]);
    await commitState(store, [{ id: 'conversation', data: { n: 1 } }]);
    await commitState(store, [{ id: 'conversation', data: { n: 2 } }]);
    const held = await holding(store, ['a']);
    const turn = turnOf(held, {
      reads: [
        { id: alice, version: 1 },
        { id: 'private:test/bob' as StateId, version: 0 },
      ],
      writes: [{ id: alice, data: { n: 2 } }],
    });
    expect((await store.turns.commit(held, turn)).outcome).toBe('released');
    expect(await store.turns.readState(conversation(), alice)).toEqual({ version: 4, data: { n: 2 } });
    expect((await store.turns.readState(conversation(), 'conversation')).version).toBe(3);
  });
}

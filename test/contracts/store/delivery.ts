import { expect, test } from '@jest/globals';
import type { Held } from '../../../src/ports/store';
import { effectId } from '../../../src/turn/record';
import {
  accept,
  acquired,
  after,
  commitReplies,
  conversation,
  firstOf,
  headNow,
  holding,
  message,
  type OpenStore,
  SLACK_MS,
  send,
  textsOf,
  turnOf,
} from '../store-under-test';

export function deliveryContract(open: OpenStore): void {
  markContract(open);
  flushContract(open);
  bodyContract(open);
}

const firstEffect = ({ head }: Held): string => head.out[0]?.id ?? '';

function markContract(open: OpenStore): void {
  test('effects leave in order; the mark of the last one frees the conversation', async () => {
    const { store } = await open();
    let held = await commitReplies(store, await holding(store, ['a']), 3);
    for (const left of [2, 1]) {
      held = after(held, await store.turns.markDelivered(held, { effect: firstEffect(held) }, false));
      expect(held.head.out).toHaveLength(left);
      expect(held.head.out[0]?.started).toBe(true);
    }
    const last = await store.turns.markDelivered(held, { effect: firstEffect(held) }, false);
    expect(last).toMatchObject({ outcome: 'released', head: { out: [], lease: null, wake: null } });
  });

  test('one that is not first cannot be marked', async () => {
    const { store } = await open();
    const held = await commitReplies(store, await holding(store, ['a']), 2);
    const second = held.head.out[1]?.id ?? '';
    expect(await store.turns.markDelivered(held, { effect: second }, false)).toEqual({ outcome: 'fenced' });
  });

  test('a mark that is repeated is one mark, whether or not it freed the conversation', async () => {
    const { store } = await open();
    const held = await commitReplies(store, await holding(store, ['a', 'b']), 2);
    const first = { effect: firstEffect(held), channelActivityId: 'channel-1' };
    await store.turns.markDelivered(held, first, false);
    const again = after(held, await store.turns.markDelivered(held, first, false));
    expect(textsOf(again.head)).toEqual(['reply 1']);
    const second = { effect: firstEffect(again) };
    await store.turns.markDelivered(again, second, false);
    const started = after(held, await store.turns.markDelivered(again, second, false));
    expect(started.head).toMatchObject({ att: 1, out: [] });
    const last = turnOf(started);
    expect((await store.turns.commit(started, last)).outcome).toBe('released');
    expect((await store.turns.markDelivered(again, second, false)).outcome).toBe('released');
  });

  test('the mark that empties the record counts the attempt that is about to start; one while a turn runs does not', async () => {
    const { store } = await open();
    let held = await commitReplies(store, await holding(store, ['a', 'b']), 1);
    expect(held.head.att).toBe(0);
    held = after(held, await store.turns.markDelivered(held, { effect: firstEffect(held) }, false));
    expect(held.head.att).toBe(1);
    const flushed = { turn: turnOf(held).turn, effects: [send(firstOf(held), 0)], from: 0 };
    held = after(held, await store.turns.flush(held, flushed, []));
    held = after(held, await store.turns.markDelivered(held, { effect: firstEffect(held) }, true));
    expect(held.head).toMatchObject({ att: 1, out: [], flushed: 1 });
    expect(held.head.lease).not.toBeNull();
  });

  test('a taken over delivery is in doubt, and no attempt is counted before what is recorded has left', async () => {
    const { store, pass } = await open();
    await commitReplies(store, await holding(store, ['a', 'b']), 2);
    pass(store.timing.leaseMs + SLACK_MS);
    let held = acquired(await store.turns.acquire(conversation(), 'worker-2'));
    expect(held.head.out.map(({ inDoubt }) => inDoubt)).toEqual([true, undefined]);
    expect(held.head.att).toBe(0);
    held = after(held, await store.turns.markDelivered(held, { effect: firstEffect(held) }, false));
    expect(held.head.out).toEqual([expect.not.objectContaining({ inDoubt: true })]);
    held = after(held, await store.turns.markDelivered(held, { effect: firstEffect(held) }, false));
    expect(held.head.att).toBe(1);
  });

  test('the ids that the channel gave are remembered, the newest last', async () => {
    const { store } = await open();
    let held = await commitReplies(store, await holding(store, ['a', 'b']), 2);
    const effects = held.head.out.map(({ id }) => id);
    for (const [index, effect] of effects.entries()) {
      held = after(
        held,
        await store.turns.markDelivered(held, { effect, channelActivityId: `channel-${index}` }, false),
      );
    }
    expect(held.head.ids.map(({ ours, theirs }) => [ours, theirs])).toEqual([
      [effects[0], 'channel-0'],
      [effects[1], 'channel-1'],
    ]);
  });
}

function flushContract(open: OpenStore): void {
  test('what a running turn sent ahead is recorded by ordinal, and stands for the next attempt', async () => {
    const { store, pass } = await open();
    const held = await holding(store, ['a']);
    const pending = firstOf(held);
    const { turn } = turnOf(held);
    const flush = (from: number, texts: readonly string[]) =>
      store.turns.flush(
        held,
        { turn, from, effects: texts.map((text, index) => send(pending, from + index, text)) },
        [],
      );
    expect(textsOf(after(held, await flush(0, ['one', 'two'])).head)).toEqual(['one', 'two']);
    expect(after(held, await flush(0, ['one', 'two'])).head).toMatchObject({ flushed: 2 });
    expect(await flush(3, ['a gap'])).toEqual({ outcome: 'fenced' });
    expect(textsOf(after(held, await flush(2, ['three'])).head)).toEqual(['one', 'two', 'three']);
    pass(store.timing.leaseMs + SLACK_MS);
    const next = acquired(await store.turns.acquire(conversation(), 'worker-2'));
    expect(next.head).toMatchObject({ flushed: 3, att: 1, n: 0 });
    expect(textsOf(next.head)).toEqual(['one', 'two', 'three']);
  });

  test('a flush for another turn than the one that runs is refused', async () => {
    const { store } = await open();
    const held = await holding(store, ['a', 'b']);
    const { turn } = turnOf(held);
    const committed = await commitReplies(store, held, 0);
    const flushed = { turn, effects: [send(firstOf(held), 0)], from: 0 };
    expect(await store.turns.flush(committed, flushed, [])).toEqual({ outcome: 'fenced' });
  });

  test('the commit puts the rest after what was flushed, and the next turn starts from nothing', async () => {
    const { store } = await open();
    let held = await holding(store, ['a', 'b']);
    const pending = firstOf(held);
    const flushed = { turn: turnOf(held).turn, effects: [send(pending, 0)], from: 0 };
    held = after(held, await store.turns.flush(held, flushed, []));
    held = after(held, await store.turns.commit(held, turnOf(held, { effects: [send(pending, 1)] })));
    expect(textsOf(held.head)).toEqual(['reply 0', 'reply 1']);
    expect(held.head.flushed).toBe(0);
  });
}

function bodyContract(open: OpenStore): void {
  test('the body of a large effect exists until it is delivered', async () => {
    const { store, other } = await open();
    let held = await holding(store, ['a']);
    const pending = firstOf(held);
    const large = (ordinal: number) =>
      ({ kind: 'send', id: effectId(pending, ordinal), activity: { ref: `large-${ordinal}`, bytes: 1 } }) as const;
    const body = (ordinal: number) => ({ ref: `large-${ordinal}`, activity: message(`text ${ordinal}`) });
    held = after(
      held,
      await store.turns.flush(held, { turn: turnOf(held).turn, from: 0, effects: [large(0)] }, [body(0)]),
    );
    held = after(held, await store.turns.commit(held, turnOf(held, { effects: [large(1)], bodies: [body(1)] })));
    for (const ordinal of [0, 1]) {
      expect(await other.turns.readBody(conversation(), `large-${ordinal}`)).toEqual(body(ordinal).activity);
      held = after(held, await store.turns.markDelivered(held, { effect: firstEffect(held) }, false));
      expect(await store.turns.readBody(conversation(), `large-${ordinal}`)).toBeUndefined();
    }
  });

  test('a refused flush leaves no body behind', async () => {
    const open1 = await open();
    const { store } = open1;
    const held = await holding(store, ['a']);
    await accept(store, 'b');
    await headNow(open1);
    const flushed = { turn: turnOf(held).turn, effects: [send(firstOf(held), 0)], from: 0 };
    expect(await store.turns.flush(held, flushed, [{ ref: 'lost', activity: message('x') }])).toEqual({
      outcome: 'fenced',
    });
    expect(await store.turns.readBody(conversation(), 'lost')).toBeUndefined();
  });
}

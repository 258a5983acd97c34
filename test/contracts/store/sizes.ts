import { expect, test } from '@jest/globals';
import type { Store } from '../../../src/ports/store';
import { DEFAULT_OPTIONS } from '../../../src/runtime/options';
import { packed } from '../../../src/runtime/packs';
import type { NewEffect } from '../../../src/turn/commit';
import { conversationKey } from '../../../src/turn/keys';
import { effectPayload, type Payload, postId } from '../../../src/turn/record';
import { jsonBytes, MAX_STEPS_BYTES, RECORD_SIZES } from '../../../src/turn/size';
import {
  accept,
  acquired,
  after,
  conversation,
  entry,
  firstOf,
  headNow,
  holding,
  keyOf,
  LIMIT,
  message,
  namesOf,
  type OpenStore,
  SLACK_MS,
  turnOf,
} from '../store-under-test';

const text = (bytes: number): string => 'x'.repeat(bytes);

/** An activity of so many bytes and more, in the record itself. */
function large(name: string, bytes: number): ReturnType<typeof entry> {
  const inline = { ...message(name), value: text(bytes) };
  return { ...entry(name), body: { inline, bytes: jsonBytes(inline) } };
}

/** Posts of a turn, as many as that, each of so many bytes. */
function posts(pending: Parameters<typeof postId>[0], count: number, bytes: number): NewEffect[] {
  return Array.from({ length: count }, (_, index) => {
    const inline = { ...message(`post ${index}`), value: text(bytes) };
    return {
      kind: 'post' as const,
      id: postId(pending, index),
      to: conversationKey('test', `to ${index}`),
      key: keyOf(`post ${index}`),
      proactive: 'event' as const,
      activity: { inline, bytes: jsonBytes(inline) },
    };
  });
}

const MANY = 300;

async function deadOf(store: Store): Promise<readonly string[]> {
  return (await store.deadLetters.list(10)).map(({ id }) => id);
}

/** What an accepted activity, or a recorded effect, carries. */
async function activityOf(store: Store, payload: Payload | undefined): Promise<unknown> {
  if (payload === undefined || 'inline' in payload) return payload?.inline;
  const body = await store.turns.readBody(conversation(), payload.ref);
  return payload.index === undefined ? body : (body as readonly unknown[])[payload.index];
}

export function sizeContract(open: OpenStore): void {
  test('a full mailbox of large activities is accepted, and can be worked off to its end', async () => {
    const opened = await open();
    const { store } = opened;
    const names = Array.from({ length: 120 }, (_, index) => `n${index}`);
    for (const name of names) {
      expect(await store.mailbox.accept(conversation(), large(name, 16_000), [], 200)).toBe('accepted');
    }
    let held = acquired(await store.turns.acquire(conversation(), 'worker'));
    expect(jsonBytes(held.head)).toBeLessThan(2 * RECORD_SIZES.asideBytes);
    for (const name of names) {
      expect(await activityOf(store, firstOf(held).body)).toMatchObject({ text: name, value: text(16_000) });
      held = after(held, await store.turns.commit(held, turnOf(held)));
    }
    expect(held.head).toMatchObject({ n: 120, lease: null });
  });

  test('a commit with hundreds of posts leaves a record that its holder can still write, whatever is accepted afterwards', async () => {
    const { store } = await open();
    const held = await holding(store, ['a']);
    let unique = 0;
    const { effects, bodies } = packed(posts(firstOf(held), MANY, 5_000), [], DEFAULT_OPTIONS, () => `u${unique++}`);
    const committed = after(held, await store.turns.commit(held, turnOf(held, { effects, bodies })));
    for (let index = 0; index < 40; index += 1) {
      const outcome = await store.mailbox.accept(conversation(), large(`late ${index}`, 2_300), [], LIMIT);
      expect(['accepted', 'full']).toContain(outcome);
    }
    const renewed = after(committed, await store.turns.renew(committed));
    const marked = after(
      renewed,
      await store.turns.markDelivered(renewed, { effect: renewed.head.out[0]?.id ?? '' }, false),
    );
    await store.turns.handBack(marked, { delayMs: 0, uncountAttempt: false });
    let next = acquired(await store.turns.acquire(conversation(), 'worker-2'));
    for (let index = 1; index < MANY; index += 1) {
      const [effect] = next.head.out;
      expect(await activityOf(store, effect && effectPayload(effect))).toMatchObject({ text: `post ${index}` });
      next = after(next, await store.turns.markDelivered(next, { effect: effect?.id ?? '' }, false));
    }
    expect(next.head.out).toEqual([]);
    for (const { ref } of bodies) expect(await store.turns.readBody(conversation(), ref)).toBeUndefined();
  });

  test('a pack stays until the last effect that names it is gone, and a dead letter has its own copy', async () => {
    const { store, pass } = await open();
    const held = await holding(store, ['a']);
    const options = { ...DEFAULT_OPTIONS, outboxBytes: 0 };
    const { effects, bodies } = packed(posts(firstOf(held), 3, 100), [], options, () => 'u');
    const [ref = ''] = bodies.map((body) => body.ref);
    let next = after(held, await store.turns.commit(held, turnOf(held, { effects, bodies })));
    const dead = { code: 'Rejected', message: 'no' };
    for (const { id } of effects.slice(0, 2)) {
      next = after(next, await store.turns.markDelivered(next, { effect: id, dead }, false));
      expect(await store.turns.readBody(conversation(), ref)).toHaveLength(3);
    }
    next = after(next, await store.turns.markDelivered(next, { effect: effects[2]?.id ?? '' }, false));
    expect(await store.turns.readBody(conversation(), ref)).toBeUndefined();
    const letters = await deadOf(store);
    expect(letters).toHaveLength(2);
    for (const id of letters) expect(await store.deadLetters.requeue(conversation(), id)).toBe('requeued');
    pass(store.timing.leaseMs + SLACK_MS);
    const { out } = acquired(await store.turns.acquire(conversation(), 'worker-2')).head;
    const texts = await Promise.all(
      out.map(async (each) => (await activityOf(store, effectPayload(each))) as { text: string }),
    );
    expect(texts.map((each) => each.text).sort()).toEqual(['post 0', 'post 1']);
  });

  test('effects that do not fit are refused as a whole, and the turn can still be given up', async () => {
    const { store } = await open();
    const held = await holding(store, ['a', 'b']);
    const effects = posts(firstOf(held), 100, 16_000);
    expect(await store.turns.commit(held, turnOf(held, { effects }))).toEqual({ outcome: 'tooLarge' });
    const { turn } = turnOf(held);
    expect(await store.turns.flush(held, { turn, effects, from: 0 }, [])).toEqual({ outcome: 'tooLarge' });
    const dead = { code: 'TurnTooLarge', message: 'no' };
    const next = after(held, await store.turns.commit(held, turnOf(held, { dead })));
    expect(namesOf(next.head)).toEqual(['b']);
    expect(await deadOf(store)).toHaveLength(1);
  });

  test('what an inline turn adds is refused where a queued turn would still fit', async () => {
    const { store } = await open();
    const held = await holding(store, ['a', 'b']);
    const effects = posts(firstOf(held), 80, 15_000);
    const committed = after(held, await store.turns.commit(held, turnOf(held, { effects })));
    const activity = keyOf('invoke');
    const claimed = await store.inline.claim(conversation(), activity, 'me', 10_000);
    if (claimed.outcome !== 'claimed') throw new Error('It was not claimed.');
    const inline = { activity, answer: { status: 200 }, effects: [], bodies: [], reads: [], writes: [] };
    const more = posts(firstOf(committed), 1, 100);
    expect(await store.inline.commit(conversation(), claimed.fence, { ...inline, effects: more })).toBe('full');
    expect(await store.inline.commit(conversation(), claimed.fence, inline)).toBe('committed');
  });

  test('a mailbox whose record has no room is full, and the next activity waits with its channel', async () => {
    const opened = await open();
    const { store } = opened;
    const held = await holding(store, ['a']);
    const effects = posts(firstOf(held), 80, 15_000);
    let next = after(held, await store.turns.commit(held, turnOf(held, { effects })));
    expect(await accept(store, 'b')).toBe('full');
    const due = { ...entry('c'), due: Number.MAX_SAFE_INTEGER };
    expect(await store.mailbox.schedule(conversation(), due, [], LIMIT)).toBe('full');
    for (const { id } of effects) next = after(next, await store.turns.markDelivered(next, { effect: id }, false));
    expect(await accept(store, 'b')).toBe('accepted');
    expect(namesOf(await headNow(opened))).toEqual(['b']);
  });

  test('a dead letter stays where it is while its record has no room for it', async () => {
    const { store } = await open();
    const held = await holding(store, ['a', 'b']);
    const dead = { code: 'Failed', message: 'no' };
    const effects = posts(firstOf(held), 80, 15_000);
    await store.turns.commit(held, turnOf(held, { effects, dead }));
    const [id = ''] = await deadOf(store);
    expect(await store.deadLetters.requeue(conversation(), id)).toBe('full');
    expect(await deadOf(store)).toEqual([id]);
  });

  test('scheduled activities come into the mailbox as far as there is room, and into an empty one in any case', async () => {
    const { store, pass } = await open();
    const held = await holding(store, ['a']);
    const due = (held.head.lease?.until ?? 0) - store.timing.leaseMs + 5_000;
    for (const name of ['s1', 's2']) {
      expect(await store.mailbox.schedule(conversation(), { ...entry(name), due }, [], LIMIT)).toBe('scheduled');
    }
    const effects = posts(firstOf(held), 80, 15_000);
    const committed = after(held, await store.turns.commit(held, turnOf(held, { effects })));
    await store.turns.handBack(committed, { delayMs: 0, uncountAttempt: false });
    pass(5_000 + SLACK_MS);
    let next = acquired(await store.turns.acquire(conversation(), 'worker-2'));
    expect([firstOf(next).key, next.head.pend.length]).toEqual([keyOf('s1'), 1]);
    expect(next.head.sched).toEqual([{ key: keyOf('s2'), due }]);
    for (const { id } of effects) next = after(next, await store.turns.markDelivered(next, { effect: id }, false));
    await store.turns.commit(next, turnOf(next));
    expect(namesOf(acquired(await store.turns.acquire(conversation(), 'worker-3')).head)).toEqual(['s2']);
  });

  test('steps are recorded up to their limit, and go with their turn', async () => {
    const { store } = await open();
    const held = await holding(store, ['a', 'b']);
    const { turn } = turnOf(held);
    const value = text(30_000);
    const names: string[] = [];
    for (let total = 0; total + 30_100 <= MAX_STEPS_BYTES; total += 30_100) {
      const name = `step ${names.length}`;
      expect(await store.turns.recordStep(held, turn, name, value)).toEqual({ outcome: 'recorded', value });
      names.push(name);
    }
    expect(await store.turns.recordStep(held, turn, 'one more', value)).toEqual({ outcome: 'full' });
    expect(await store.turns.recordStep(held, turn, 'step 7', 'other')).toEqual({ outcome: 'recorded', value });
    const steps = await store.turns.readSteps(conversation(), turn);
    expect([...steps.keys()].sort()).toEqual([...names].sort());
    const next = after(held, await store.turns.commit(held, turnOf(held)));
    expect(await store.turns.readSteps(conversation(), turn)).toEqual(new Map());
    expect(namesOf(next.head)).toEqual(['b']);
  });
}

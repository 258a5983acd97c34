import { expect, test } from '@jest/globals';
import type { Store } from '../../../src/ports/store';
import { DEFAULT_OPTIONS } from '../../../src/runtime/options';
import { packed } from '../../../src/runtime/packs';
import type { NewEffect } from '../../../src/turn/commit';
import { conversationKey, userKey } from '../../../src/turn/keys';
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

  test('an activity as large as can be kept becomes a dead letter, whatever was accepted meanwhile, and comes back whole', async () => {
    const { store } = await open();
    const held = await holding(store, ['a', 'b']);
    const { effects, bodies } = packed(posts(firstOf(held), 1, 1_900_000), [], DEFAULT_OPTIONS, () => 'u');
    const [ref = ''] = bodies.map((body) => body.ref);
    const [id = ''] = effects.map((effect) => effect.id);
    const committed = after(held, await store.turns.commit(held, turnOf(held, { effects, bodies })));
    for (let index = 0; index < 10; index += 1)
      await store.mailbox.accept(conversation(), large(`n${index}`, 15_000), [], LIMIT);
    const dead = { code: 'Rejected413', message: 'no' };
    const buried = after(committed, await store.turns.markDelivered(committed, { effect: id, dead }, false));
    expect(buried.head.out).toEqual([]);
    await store.turns.commit(buried, turnOf(buried));
    expect(await deadOf(store)).toEqual([id]);
    expect(await store.deadLetters.requeue(conversation(), id)).toBe('requeued');
    const [effect] = (await store.inspection.conversation(conversation()))?.head.out ?? [];
    expect(await activityOf(store, effect && effectPayload(effect))).toMatchObject({ value: text(1_900_000) });
    expect(await store.turns.readBody(conversation(), ref)).toHaveLength(1);
  });

  test('what a user has said, or is about to be told, is erased among many large activities of others', async () => {
    const { store } = await open();
    const key = conversation();
    for (let index = 0; index < 130; index += 1) {
      const { body, ...rest } = large(`n${index}`, 15_000);
      const from = { id: index % 60 === 59 ? 'user-9' : 'user-1' };
      const inline = { ...message(`n${index}`), from, value: text(15_000) };
      await store.mailbox.accept(key, { ...rest, body: { ...body, inline } }, [], 200);
    }
    const held = acquired(await store.turns.acquire(key, 'worker'));
    const recipient = (index: number) => ({ id: index % 3 === 0 ? 'user-9' : 'user-1' });
    const told = posts(firstOf(held), 12, 120_000).map((effect, index) => {
      const inline = { ...message(`post ${index}`), recipient: recipient(index), value: text(120_000) };
      return { ...effect, activity: { inline, bytes: jsonBytes(inline) } } as NewEffect;
    });
    const { effects, bodies } = packed(told, [], DEFAULT_OPTIONS, () => 'u');
    expect(bodies.length).toBeGreaterThan(3);
    after(held, await store.turns.commit(held, turnOf(held, { effects, bodies })));
    expect(await store.erasure.userIn(key, userKey('test', 'user-9'))).toBe(true);
    expect(await store.erasure.userIn(key, userKey('test', 'user-9'))).toBe(false);
    const { head } = (await store.inspection.conversation(key)) ?? {};
    expect([head?.pend.length, head?.out.length]).toEqual([127, 8]);
    const left = await Promise.all((head?.out ?? []).map((each) => activityOf(store, effectPayload(each))));
    expect(left.map((each) => (each as { text: string }).text)).toEqual(
      [1, 2, 4, 5, 7, 8, 10, 11].map((n) => `post ${n}`),
    );
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

import { expect, test } from '@jest/globals';
import { createMemoryStore } from '../../src/memory/memory-store';
import type { NewEffect } from '../../src/turn/commit';
import { type Effect, effectPayload, type Payload } from '../../src/turn/record';
import {
  acquired,
  after,
  conversation,
  entry,
  firstOf,
  LIMIT,
  message,
  send,
  turnOf,
} from '../contracts/store-under-test';
import { createManualClock } from '../support/manual-clock';

const DAY_MS = 24 * 3_600_000;
const DEAD = { code: 'Failed', message: 'no' };

const values = (found: readonly unknown[]): unknown[] =>
  found.map((each) => (each as { value?: unknown }).value).sort();

test.each(['activities', 'effects'])(
  '%s of one name that come back in the same millisecond keep what each has said',
  async (what) => {
    const clock = createManualClock();
    const store = createMemoryStore(clock);
    const key = conversation();
    const bodyOf = async (payload: Payload | undefined): Promise<unknown> =>
      payload === undefined || 'inline' in payload ? payload?.inline : store.turns.readBody(key, payload.ref);
    for (const value of ['first', 'second']) {
      const said = { inline: { ...message('a'), value: value.padEnd(5_000) }, bytes: 5_100 };
      await store.mailbox.accept(key, { ...entry('a'), body: said }, [], LIMIT);
      const held = acquired(await store.turns.acquire(key, value));
      const effect = { ...send(firstOf(held), 0), activity: said } as NewEffect;
      const dead = what === 'activities' ? { dead: DEAD } : { effects: [effect] };
      const next = after(held, await store.turns.commit(held, turnOf(held, dead)));
      if (what === 'effects') await store.turns.markDelivered(next, { effect: effect.id, dead: DEAD }, false);
      await clock.advance(DAY_MS);
    }
    await store.mailbox.accept(key, entry('b'), [], LIMIT);
    const held = acquired(await store.turns.acquire(key, 'third'));
    const large = { inline: { ...message('large'), value: 'x'.repeat(300_000) }, bytes: 300_100 };
    await store.turns.commit(
      held,
      turnOf(held, { effects: [{ ...send(firstOf(held), 0), activity: large } as NewEffect] }),
    );
    const letters = await store.deadLetters.list(10);
    expect(letters).toHaveLength(2);
    for (const { id } of letters) expect(await store.deadLetters.requeue(key, id)).toBe('requeued');
    const head = (await store.inspection.conversation(key))?.head;
    const back: (Payload | undefined)[] =
      what === 'activities'
        ? (head?.pend ?? []).map(({ body }) => body)
        : (head?.out ?? []).slice(1).map((effect: Effect) => effectPayload(effect));
    expect(back.every((payload) => payload !== undefined && 'ref' in payload)).toBe(true);
    expect(values(await Promise.all(back.map(bodyOf)))).toEqual(['first'.padEnd(5_000), 'second'.padEnd(5_000)]);
  },
);

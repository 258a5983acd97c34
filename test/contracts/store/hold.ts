import { expect, test } from '@jest/globals';
import type { Store } from '../../../src/ports/store';
import type { HandBack } from '../../../src/turn/hand-back';
import {
  accept,
  acquired,
  after,
  commitReplies,
  conversation,
  firstOf,
  headNow,
  holding,
  keyOf,
  message,
  type OpenStore,
  SLACK_MS,
  send,
  textsOf,
  turnOf,
} from '../store-under-test';

export function holdContract(open: OpenStore): void {
  test('pauses are of any length, also of fractions of a millisecond', async () => {
    const { store, pass } = await open();
    const held = await holding(store, ['a', 'b']);
    const effects = [{ ...send(firstOf(held), 0), afterMs: 100.25 }];
    const committed = after(held, await store.turns.commit(held, turnOf(held, { effects })));
    const [effect] = committed.head.out;
    const undelivered = { effect: effect?.id ?? '', outcome: 'notSent', pauseMs: 1_500.125 } as const;
    const reason = { delayMs: 2_000.75, uncountAttempt: false, undelivered };
    expect((await store.turns.handBack(committed, reason)).outcome).toBe('released');
    pass(2_001 + SLACK_MS);
    expect((await store.turns.acquire(conversation(), 'worker-2')).outcome).toBe('acquired');
  });

  acquireContract(open);
  leaseContract(open);
  handBackContract(open);
}

function acquireContract(open: OpenStore): void {
  test('where nothing was ever accepted, and where everything is done, there is nothing to acquire', async () => {
    const { store } = await open();
    expect(await store.turns.acquire(conversation('unknown'), 'worker')).toEqual({ outcome: 'idle' });
    const held = await holding(store, ['a']);
    await commitReplies(store, held, 0);
    expect(await store.turns.acquire(conversation(), 'worker-2')).toEqual({ outcome: 'idle' });
  });

  test('acquiring raises the epoch and counts the attempt that is about to start', async () => {
    const { store } = await open();
    const held = await holding(store, ['a']);
    expect(held).toMatchObject({ key: conversation(), fence: { epoch: 1, owner: 'worker-1' } });
    expect(held.head).toMatchObject({ epoch: 1, att: 1, n: 0, lease: { owner: 'worker-1' } });
  });

  test('of many who try at once, one gets it', async () => {
    const { store, other } = await open();
    await accept(store, 'a');
    const owners = Array.from({ length: 12 }, (_, index) => `worker-${index}`);
    const outcomes = await Promise.all(
      owners.map((owner, index) => (index % 2 ? other : store).turns.acquire(conversation(), owner)),
    );
    expect(outcomes.filter(({ outcome }) => outcome === 'acquired')).toHaveLength(1);
    expect(outcomes.filter(({ outcome }) => outcome === 'busy')).toHaveLength(11);
    for (const each of outcomes) {
      if (each.outcome !== 'busy') continue;
      expect(each.remainingMs).toBeGreaterThan(0);
      // Each instance has an estimate of its own of the time.
      expect(each.remainingMs).toBeLessThanOrEqual(store.timing.leaseMs + SLACK_MS);
    }
  });

  test('the same call again has the same outcome and counts no second attempt', async () => {
    const { store, other } = await open();
    const held = await holding(store, ['a']);
    const again = acquired(await other.turns.acquire(conversation(), 'worker-1'));
    expect(again.fence).toEqual(held.fence);
    expect(again.head).toMatchObject({ epoch: 1, att: 1 });
    expect((await store.turns.renew(again)).outcome).toBe('held');
  });

  test('conversations are held one by one', async () => {
    const { store } = await open();
    await accept(store, 'a', conversation('c2'));
    await holding(store, ['a']);
    expect((await store.turns.acquire(conversation('c2'), 'worker-2')).outcome).toBe('acquired');
  });
}

function leaseContract(open: OpenStore): void {
  test('while a lease runs nobody else gets in; once it has ended the next one does, with the next attempt', async () => {
    const { store, other, pass } = await open();
    await holding(store, ['a']);
    pass(store.timing.leaseMs - SLACK_MS);
    expect((await other.turns.acquire(conversation(), 'worker-2')).outcome).toBe('busy');
    pass(2 * SLACK_MS);
    const taken = acquired(await other.turns.acquire(conversation(), 'worker-2'));
    expect(taken.fence.epoch).toBe(2);
    expect(taken.head.att).toBe(2);
  });

  test('renewing keeps others out', async () => {
    const { store, other, pass } = await open();
    let held = await holding(store, ['a']);
    for (let round = 0; round < 4; round += 1) {
      pass(store.timing.leaseMs - 2 * SLACK_MS);
      held = after(held, await store.turns.renew(held));
      expect((await other.turns.acquire(conversation(), `worker-${round + 2}`)).outcome).toBe('busy');
    }
    expect(held.head).toMatchObject({ epoch: 1, att: 1 });
  });

  test('a lease that has ended, and that nobody took over, still lets its holder write', async () => {
    const { store, pass } = await open();
    const held = await holding(store, ['a']);
    pass(10 * store.timing.leaseMs);
    expect((await store.turns.commit(held, turnOf(held))).outcome).toBe('released');
  });

  test('attempts go up with every takeover, and start anew with the next activity', async () => {
    const { store, pass } = await open();
    await holding(store, ['a', 'b']);
    for (let attempt = 2; attempt <= 5; attempt += 1) {
      pass(store.timing.leaseMs + SLACK_MS);
      const held = acquired(await store.turns.acquire(conversation(), `worker-${attempt}`));
      expect(held.head.att).toBe(attempt);
      if (attempt === 5) expect((await commitReplies(store, held, 0)).head.att).toBe(1);
    }
  });
}

function handBackContract(open: OpenStore): void {
  const reason = (different: Partial<HandBack> = {}): HandBack => ({
    delayMs: 0,
    uncountAttempt: false,
    ...different,
  });

  test('what was handed back can be acquired at once, as the next attempt', async () => {
    const { store, other } = await open();
    const held = await holding(store, ['a']);
    expect(await store.turns.handBack(held, reason())).toMatchObject({ outcome: 'released', head: { lease: null } });
    expect(acquired(await other.turns.acquire(conversation(), 'worker-2')).head).toMatchObject({ epoch: 2, att: 2 });
  });

  test('an attempt that is taken back is not counted', async () => {
    const { store } = await open();
    const held = await holding(store, ['a']);
    await store.turns.handBack(held, reason({ uncountAttempt: true }));
    expect(acquired(await store.turns.acquire(conversation(), 'worker-2')).head.att).toBe(1);
  });

  test('handing back twice is handing back once', async () => {
    const { store } = await open();
    const held = await holding(store, ['a', 'b']);
    const taken = reason({ delayMs: 10_000, uncountAttempt: true });
    await store.turns.handBack(held, taken);
    expect(await store.turns.handBack(held, taken)).toMatchObject({ outcome: 'released', head: { att: 0 } });
  });

  test('after it, the one who handed back is fenced', async () => {
    const open1 = await open();
    const { store } = open1;
    const held = await holding(store, ['a']);
    await store.turns.handBack(held, reason());
    expect(await store.turns.renew(held)).toEqual({ outcome: 'fenced' });
    expect(await store.turns.commit(held, turnOf(held))).toEqual({ outcome: 'fenced' });
    const { turn } = turnOf(held);
    expect(await store.turns.recordStep(held, turn, 'step', 1)).toEqual({ outcome: 'fenced' });
    const flushed = { turn, effects: [send(firstOf(held), 0)], from: 0 };
    expect(await store.turns.flush(held, flushed, [])).toEqual({ outcome: 'fenced' });
    expect(await headNow(open1)).toMatchObject({ n: 0, out: [] });
  });

  test('a delivery that failed is counted; one that was not tried is not; what may have been sent stays in doubt', async () => {
    const { store, pass } = await open();
    let held = await commitReplies(store, await holding(store, ['a']), 1);
    const effect = held.head.out[0]?.id ?? '';
    for (const [index, outcome] of (['notTried', 'notSent', 'unknown'] as const).entries()) {
      await store.turns.handBack(held, reason({ delayMs: 1_000, undelivered: { effect, outcome, pauseMs: 1_000 } }));
      pass(1_000 + SLACK_MS);
      held = acquired(await store.turns.acquire(conversation(), `worker-${index + 2}`));
      const [first] = held.head.out;
      expect(first).toMatchObject({ tries: index, started: true });
      expect(first?.inDoubt).toBe(outcome === 'unknown' ? true : undefined);
    }
    expect(held.head.att).toBe(0);
  });

  test('a failed delivery waits for its own pause, and what others record meanwhile waits behind it', async () => {
    const { store, other, pass } = await open();
    const held = await commitReplies(store, await holding(store, ['a']), 1);
    const effect = held.head.out[0]?.id ?? '';
    await store.turns.handBack(held, reason({ undelivered: { effect, outcome: 'notSent', pauseMs: 30_000 } }));
    await sendBeside(other);
    const early = await store.turns.acquire(conversation(), 'worker-2');
    expect(early).toMatchObject({ outcome: 'later' });
    expect(early.outcome === 'later' && early.remainingMs > 25_000).toBe(true);
    pass(30_000 + SLACK_MS);
    const next = acquired(await store.turns.acquire(conversation(), 'worker-3'));
    expect(textsOf(next.head)).toEqual(['reply 0', 'beside']);
  });

  test('what an inline turn records during a back-off can be delivered at once, and starts no handler', async () => {
    const { store, other, pass } = await open();
    await store.turns.handBack(await holding(store, ['a']), reason({ delayMs: 30_000 }));
    expect((await store.turns.acquire(conversation(), 'worker-2')).outcome).toBe('later');
    await sendBeside(other);
    const held = acquired(await store.turns.acquire(conversation(), 'worker-3'));
    expect(textsOf(held.head)).toEqual(['beside']);
    expect(held.head).toMatchObject({ att: 1, flushed: 0 });
    const marked = await store.turns.markDelivered(held, { effect: held.head.out[0]?.id ?? '' }, false);
    expect(marked).toMatchObject({ outcome: 'released', head: { out: [], att: 1, lease: null } });
    // The sweep looks again when the back-off is over, and not before.
    expect((await store.turns.acquire(conversation(), 'worker-4')).outcome).toBe('later');
    pass(25_000);
    expect(await store.mailbox.overdue(10)).toEqual([]);
    pass(5_000 + SLACK_MS);
    expect(acquired(await store.turns.acquire(conversation(), 'worker-5')).head).toMatchObject({ att: 2, out: [] });
  });

  test('an activity that comes in shortens no back-off, also after something was delivered in it', async () => {
    const { store, pass } = await open();
    await store.turns.handBack(await holding(store, ['a']), reason({ delayMs: 30_000 }));
    await sendBeside(store);
    const held = acquired(await store.turns.acquire(conversation(), 'worker-2'));
    await accept(store, 'b');
    await store.turns.markDelivered(held, { effect: held.head.out[0]?.id ?? '' }, false);
    await accept(store, 'c');
    expect((await store.turns.acquire(conversation(), 'worker-3')).outcome).toBe('later');
    pass(30_000 + SLACK_MS);
    expect(acquired(await store.turns.acquire(conversation(), 'worker-4')).head.pend).toHaveLength(3);
  });

  test('whether effects wait is seen by whoever asks', async () => {
    const { store, other } = await open();
    expect(await store.turns.hasEffects(conversation())).toBe(false);
    const held = await holding(store, ['a']);
    expect(await store.turns.hasEffects(conversation())).toBe(false);
    await sendBeside(other);
    expect(await store.turns.hasEffects(conversation())).toBe(true);
    const renewed = after(held, await store.turns.renew(held));
    expect(textsOf(renewed.head)).toEqual(['beside']);
  });
}

/** An inline turn that sends one message, beside whoever holds the conversation. */
async function sendBeside(store: Store): Promise<void> {
  const activity = keyOf('beside');
  const claimed = await store.inline.claim(conversation(), activity, 'inline-1', 10_000);
  if (claimed.outcome !== 'claimed') throw new Error('It was not claimed.');
  const effects = [{ kind: 'send', id: 'beside.0', activity: { inline: message('beside'), bytes: 100 } }] as const;
  const turn = { activity, answer: { status: 200 }, effects, bodies: [], reads: [], writes: [] };
  expect(await store.inline.commit(conversation(), claimed.fence, turn)).toBe('committed');
}

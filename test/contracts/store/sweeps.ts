import { expect, test } from '@jest/globals';
import type { Store } from '../../../src/ports/store';
import { type OpenStore, SLACK_MS } from '../store-under-test';

const LATE_MS = 300_000;
const CLAIM_MS = 60_000;

const claim = (store: Store, owner: string) => store.sweeps.claim(owner, LATE_MS, CLAIM_MS);

/** What is left of a span of which so much has passed. */
function expectRemaining(claimed: Awaited<ReturnType<typeof claim>>, ms: number): void {
  expect(claimed.outcome).toBe('notDue');
  if (claimed.outcome === 'notDue') expect(Math.abs(claimed.remainingMs - ms)).toBeLessThanOrEqual(SLACK_MS);
}

export function sweepContract(open: OpenStore): void {
  test('an empty store counts as swept now, and knows of no sweep', async () => {
    const { store, other, pass } = await open();
    expect(await store.sweeps.last()).toBeUndefined();
    expectRemaining(await claim(store, 'a'), LATE_MS);
    pass(100_000);
    expectRemaining(await claim(other, 'b'), LATE_MS - 100_000);
    expect(await store.sweeps.last()).toBeUndefined();
    pass(LATE_MS - 100_000 + SLACK_MS);
    expect(await claim(other, 'b')).toEqual({ outcome: 'claimed' });
    expect(await store.sweeps.last()).toBeUndefined();
  });

  test('a sweep that has ended is known to all, with what ran it', async () => {
    const { store, other, pass } = await open();
    await store.sweeps.ended('timer');
    pass(90_000);
    const last = await other.sweeps.last();
    expect(last?.by).toBe('timer');
    expect(Math.abs((last?.agoMs ?? 0) - 90_000)).toBeLessThanOrEqual(SLACK_MS);
    expectRemaining(await claim(other, 'a'), LATE_MS - 90_000);
    await other.sweeps.ended('invocation');
    const next = await store.sweeps.last();
    expect(next?.by).toBe('invocation');
    expect(Math.abs((next?.timerAgoMs ?? 0) - 90_000)).toBeLessThanOrEqual(SLACK_MS);
    expect((next?.at ?? 0) - (last?.at ?? 0)).toBeGreaterThanOrEqual(90_000 - SLACK_MS);
    expectRemaining(await claim(store, 'a'), LATE_MS);
  });

  test('a timer that never swept is as old as the record', async () => {
    const { store, other, pass } = await open();
    await claim(store, 'a');
    pass(LATE_MS);
    await store.sweeps.ended('invocation');
    const last = await other.sweeps.last();
    expect(Math.abs((last?.timerAgoMs ?? 0) - LATE_MS)).toBeLessThanOrEqual(SLACK_MS);
    await store.sweeps.ended('timer');
    expect((await other.sweeps.last())?.timerAgoMs).toBeLessThanOrEqual(SLACK_MS);
  });

  test('of those who claim a sweep at once, one gets it', async () => {
    const { store, other, pass } = await open();
    await store.sweeps.ended('timer');
    pass(LATE_MS + SLACK_MS);
    const claims = await Promise.all(
      ['a', 'b', 'c', 'd'].map((owner, index) => claim(index % 2 ? other : store, owner)),
    );
    expect(claims.filter(({ outcome }) => outcome === 'claimed')).toHaveLength(1);
    for (const each of claims) if (each.outcome === 'notDue') expectRemaining(each, CLAIM_MS);
  });

  test('a claim that is repeated finds itself', async () => {
    const { store, other, pass } = await open();
    await store.sweeps.ended('timer');
    pass(LATE_MS + SLACK_MS);
    expect(await claim(store, 'a')).toEqual({ outcome: 'claimed' });
    pass(CLAIM_MS / 2);
    expect(await claim(other, 'a')).toEqual({ outcome: 'claimed' });
    // Repeating has not made it longer.
    expectRemaining(await claim(store, 'b'), CLAIM_MS / 2);
  });

  test('the claim of one that dies, or has left something, ends; one that has ended its sweep leaves nothing to claim', async () => {
    const { store, other, pass } = await open();
    await store.sweeps.ended('timer');
    pass(LATE_MS + SLACK_MS);
    await claim(store, 'a');
    pass(CLAIM_MS + SLACK_MS);
    expect(await claim(other, 'b')).toEqual({ outcome: 'claimed' });
    await other.sweeps.ended('invocation');
    await other.sweeps.ended('invocation');
    pass(CLAIM_MS + SLACK_MS);
    expectRemaining(await claim(store, 'c'), LATE_MS - CLAIM_MS - SLACK_MS);
  });

  test('the record is kept for good', async () => {
    const { store, other, pass } = await open();
    await store.sweeps.ended('timer');
    pass(3 * 365 * 24 * 3_600_000);
    await store.upkeep.prune(100);
    expect(await other.sweeps.last()).toMatchObject({ by: 'timer' });
    expect(await claim(other, 'a')).toEqual({ outcome: 'claimed' });
  });
}

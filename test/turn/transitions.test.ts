import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { accept } from '../../src/turn/accept';
import { type Acquire, acquire } from '../../src/turn/acquire';
import type { TooLarge } from '../../src/turn/commit';
import { commit, flush } from '../../src/turn/commit';
import { markDelivered } from '../../src/turn/deliver';
import { handBack, renew } from '../../src/turn/hand-back';
import { type Fence, type HoldOutcome, nextStepAt } from '../../src/turn/hold';
import { commitInline } from '../../src/turn/inline';
import { activityKey } from '../../src/turn/keys';
import { effectId, type Head, turnPrefix } from '../../src/turn/record';
import { RECORD_SIZES } from '../../src/turn/size';
import { DEFAULT_TIMING } from '../../src/turn/timing';
import { judge } from '../../src/turn/user-state';

const TIMING = DEFAULT_TIMING;

const act = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('accept' as const), name: fc.integer({ min: 0, max: 12 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('acquire' as const), worker: fc.nat(2) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constantFrom('renew' as const, 'commit' as const, 'flush' as const, 'mark' as const, 'handBack' as const),
      worker: fc.nat(2),
      count: fc.nat(2),
      twice: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(100, 6_000, 21_000, 700_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('judge' as const), insist: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('inline' as const), afterMs: fc.constantFrom(0, 0, 9_000) }) },
);
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

/** A worker as it sees itself: it may have lost the conversation without knowing. */
interface Worker {
  fence: Fence;
  head: Head;
}

/** One conversation, three workers, any order of events. */
class World {
  head: Head | undefined;
  now = 1_000_000;
  workers: (Worker | undefined)[] = [];
  acquires = 0;
  inlined = 0;
  readonly accepted: string[] = [];
  readonly ended: string[] = [];

  run(acts: readonly Act[]): void {
    for (const each of acts) {
      const before = this.head;
      this.step(each);
      if (before !== undefined && this.head !== undefined) checkStep(before, this.head, each, this.now);
      if (this.head !== undefined) checkHead(this.head);
    }
    expect(this.ended).toEqual(this.accepted.slice(0, this.ended.length));
    expect(this.head?.pend.map(turnPrefix) ?? []).toEqual(this.accepted.slice(this.ended.length));
    expect(this.head?.n ?? 0).toBe(this.ended.length + this.inlined);
  }

  private step(each: Act): void {
    switch (each.do) {
      case 'wait':
        this.now += each.ms;
        return;
      case 'accept': {
        // Past the horizon a key may come again, and is another activity; here every name is used once within it.
        const key = activityKey(`${each.name}`.padStart(16, '0'));
        const body = { inline: { type: 'message' } as never, bytes: 10 };
        const outcome = accept(this.head, this.now, { key, body }, 8, TIMING, RECORD_SIZES);
        if (outcome.outcome === 'accepted') this.head = outcome.head;
        if (outcome.outcome === 'accepted') this.accepted.push(key);
        return;
      }
      case 'acquire':
        this.acquire(each.worker);
        return;
      case 'judge': {
        const intent = { id: 'i', epoch: this.head?.epoch ?? 0 };
        const judged = judge(this.head, undefined, this.now, intent, each.insist ? 100_000 : 2_000, TIMING);
        if (judged.verdict === 'void' && judged.head !== undefined) this.head = judged.head;
        return;
      }
      case 'inline': {
        // An inline turn beside whatever goes on: it sends one message.
        const id = `inline.${this.inlined}`;
        this.inlined += 1;
        const effect = { kind: 'send', id, activity: { inline: { type: 'message' } as never, bytes: 10 } } as const;
        const effects = [each.afterMs === 0 ? effect : { ...effect, afterMs: each.afterMs }];
        const after = commitInline(this.head, this.now, effects, false, TIMING, RECORD_SIZES);
        if (typeof after === 'string') throw new Error(`It was refused: ${after}`);
        this.head = after;
        return;
      }
      default:
        this.write(each);
    }
  }

  private acquire(index: number): void {
    this.acquires += 1;
    const owner = `w${this.acquires}`;
    const outcome = acquire(this.head, this.now, owner, TIMING);
    checkAcquire(this.head, this.now, outcome);
    if (outcome.outcome === 'idle' && outcome.head !== undefined) this.head = outcome.head;
    if (outcome.outcome !== 'acquired') return;
    const again = acquire(outcome.head, this.now, owner, TIMING);
    expect(again).toMatchObject({ outcome: 'acquired', fence: outcome.fence });
    this.head = outcome.head;
    this.workers[index] = { fence: outcome.fence, head: outcome.head };
  }

  private write(each: Act & { worker: number }): void {
    const worker = this.workers[each.worker];
    if (worker === undefined || this.head === undefined) return;
    const transition = transitionOf(each, worker);
    if (transition === undefined) return;
    const before = this.head;
    const outcome = transition(before, this.now);
    if (outcome.outcome === 'fenced') {
      this.workers[each.worker] = undefined;
      return;
    }
    if (outcome.outcome === 'tooLarge') throw new Error('Nothing here is large.');
    expect(before.epoch).toBe(worker.fence.epoch);
    this.head = outcome.head;
    for (const ended of before.pend.slice(0, before.pend.length - outcome.head.pend.length)) {
      this.ended.push(turnPrefix(ended));
    }
    if ('twice' in each && each.twice) {
      const again = transition(outcome.head, this.now);
      expect(again.outcome).toBe(outcome.outcome);
      expect('head' in again ? again.head : undefined).toEqual(outcome.head);
    }
    this.workers[each.worker] = outcome.outcome === 'held' ? { ...worker, head: outcome.head } : undefined;
  }
}

/** What the worker would write next, going by what it saw last. */
function transitionOf(
  each: Act,
  { fence, head }: Worker,
): ((head: Head, now: number) => HoldOutcome | TooLarge) | undefined {
  const [first] = head.pend;
  const [effect] = head.out;
  if (each.do === 'renew') return (current, now) => renew(current, now, fence, TIMING);
  if (each.do === 'handBack' && 'twice' in each) {
    const outcome = (['notTried', 'notSent', 'unknown'] as const)[each.count] ?? 'notTried';
    // Every other failed delivery asks for a pause of its own, whatever the handler waits for.
    const undelivered =
      effect === undefined ? {} : { undelivered: { effect: effect.id, outcome, pauseMs: each.twice ? 7_000 : 0 } };
    const reason = { delayMs: each.count * 5_000, uncountAttempt: each.count === 1, ...undelivered };
    return (current, now) => handBack(current, now, fence, reason, TIMING);
  }
  if (each.do === 'mark' && effect !== undefined) {
    return (current, now) => markDelivered(current, now, fence, { effect: effect.id }, each.count === 1, TIMING);
  }
  if ((each.do !== 'commit' && each.do !== 'flush') || first === undefined) return undefined;
  const effects = Array.from({ length: each.count }, (_, index) => ({
    kind: 'send' as const,
    id: effectId(first, head.flushed + index),
    activity: { inline: { type: 'message' } as never, bytes: 10 },
  }));
  const turn = turnPrefix(first);
  return each.do === 'commit'
    ? (current, now) =>
        commit(current, now, fence, { turn, effects, writesState: each.count > 0 }, TIMING, RECORD_SIZES)
    : (current, now) => flush(current, now, fence, { turn, effects, from: head.flushed }, TIMING, RECORD_SIZES);
}

/** A conversation is to be had for what is due, and for nothing else. */
function checkAcquire(head: Head | undefined, now: number, { outcome }: Acquire): void {
  if (head === undefined || (head.lease !== null && head.lease.until > now)) return;
  const [first] = head.out;
  const deliverable = first !== undefined && (first.due ?? 0) <= now;
  const startable = first === undefined && head.pend.length > 0 && head.notBefore <= now;
  if (deliverable || startable) expect(outcome).toBe('acquired');
  else if (head.lease === null) expect(outcome).not.toBe('acquired');
}

/** What no single step may do. */
function checkStep(before: Head, after: Head, each: Act, now: number): void {
  const sameFirst = before.pend[0] !== undefined && before.pend[0].key === after.pend[0]?.key;
  if (sameFirst && after.att > before.att) expect(before.notBefore).toBeLessThanOrEqual(now);
  if (sameFirst && before.notBefore > now) expect(after.notBefore).toBeGreaterThanOrEqual(before.notBefore);
  expect(after.epoch).toBeGreaterThanOrEqual(before.epoch);
  expect(after.n).toBeGreaterThanOrEqual(before.n);
  expect(after.sv).toBeGreaterThanOrEqual(before.sv);
  if (each.do === 'accept') {
    expect(after).toEqual({ ...before, pend: after.pend, seen: after.seen, wake: after.wake });
    if (before.wake !== null) expect(after.wake).toBe(before.wake);
  }
  if (each.do === 'acquire' && after.epoch > before.epoch) {
    expect(after.att).toBe(before.out.length === 0 ? before.att + 1 : before.att);
  }
}

/** What holds for every record. */
function checkHead(head: Head): void {
  const work = head.pend.length > 0 || head.out.length > 0;
  if (work || head.lease !== null) expect(head.wake).not.toBeNull();
  else expect(head.wake).toBeNull();
  if (head.lease !== null) expect(head.wake).toBeGreaterThan(head.lease.until);
  if (head.wake !== null && head.lease === null) expect(head.wake).toBeGreaterThan(nextStepAt(head) ?? 0);
  if (head.lease === null && head.pend.length === 0) expect(head.notBefore).toBe(0);
  // What an inline turn has put there beside a holder is marked by the holder, before it delivers it.
  const [first] = head.out;
  if (head.lease !== null && first !== undefined && !first.id.startsWith('inline.')) expect(first.started).toBe(true);
  expect(new Set(head.out.map(({ id }) => id)).size).toBe(head.out.length);
}

describe('the transitions, in any order, by workers who do not know of each other', () => {
  test('end every activity once and in order, never go back, and never leave work without someone due to look', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
        new World().run(acts);
      }),
      { numRuns: 1_500 },
    );
  });
});

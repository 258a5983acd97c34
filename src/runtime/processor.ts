import type { AcquireOutcome } from '../ports/store';
import type { ConversationKey } from '../turn/keys';
import { deliverRecorded } from './delivery';
import { ConversationLost, GUARD_SLACK_MS, Hold } from './hold';
import { persist } from './persist';
import { type Runtime, report, ring } from './runtime';
import { stagePassed } from './stage';
import { runWatchedTurn } from './watched-turn';

/**
 * Answers a ring: takes the conversation if it is free and has work, delivers what is recorded, then runs one turn after the other until nothing is
 * left or the invocation's time is over. A ring for a conversation that is held, waits or has nothing to do is over at once.
 *
 * @throws StoreFault when the store cannot be reached: the queue brings the ring again.
 */
export async function attend(runtime: Runtime, key: ConversationKey): Promise<void> {
  const { clock, ids, store } = runtime;
  const owner = ids.next();
  const started = clock.monotonic();
  const acquired = await persist(clock, () => store.turns.acquire(key, owner), { limitMs: store.timing.leaseMs / 2 });
  const next = acquired.outcome === 'acquired' ? (acquired.held.head.out[0] ?? acquired.held.head.pend[0]) : undefined;
  const came = { 'turnwise.conversation': key, 'turnwise.outcome': acquired.outcome };
  stagePassed(runtime, 'acquire', { parent: next?.trace, attributes: came }, clock.monotonic() - started);
  if (acquired.outcome !== 'acquired') {
    await ringAgainIfNeeded(runtime, key, acquired);
    return;
  }
  const hold = new Hold(runtime, acquired.held, started);
  try {
    await work(runtime, hold, started);
  } catch (error) {
    // Whoever has the conversation now goes on from the record; the sweep covers the case that nobody has.
    if (!(error instanceof ConversationLost) && !hold.lost.aborted) throw error;
  } finally {
    hold.end();
  }
  const [first] = hold.head.sched;
  if (hold.head.lease === null && first !== undefined) await ringWhenDue(runtime, key, first.due - hold.storeNow);
}

/** What is due soon gets a bell for the moment it is. The sweep finds what is due later, and has it looked at in time. */
async function ringWhenDue(runtime: Runtime, key: ConversationKey, remainingMs: number): Promise<void> {
  if (remainingMs <= runtime.store.timing.aheadMs) await ring(runtime, key, Math.max(0, remainingMs));
}

async function work(runtime: Runtime, hold: Hold, started: number): Promise<void> {
  const { clock, options } = runtime;
  for (let turns = 0; ; turns += 1) {
    if ((await deliverRecorded(runtime, hold, false)) !== 'drained') return;
    if (turns >= options.invocationTurns || clock.monotonic() - started >= options.invocationBudgetMs) {
      await hold.handBack(0, 'attemptTakenBack');
      report(runtime, 'handedOver', hold.key, { waiting: hold.head.pend.length });
      return;
    }
    if ((await runWatchedTurn(runtime, hold)) === 'stopped') return;
  }
}

/**
 * A ring that came to nothing is over, but for three. A holder that lives has renewed its lease by now: one that has not may be dead, and
 * the bell that found it comes again for the end of the lease. A bell for the end of a back-off may find it still running, where the store's
 * time is an estimate. And what is scheduled has its time. Bells of a healthy conversation are not repeated, so a burst of messages leaves
 * no burst of bells behind.
 */
async function ringAgainIfNeeded(runtime: Runtime, key: ConversationKey, acquired: NotAcquired): Promise<void> {
  const { options, store } = runtime;
  if (acquired.outcome === 'idle') return;
  const { outcome, remainingMs } = acquired;
  if (outcome === 'scheduled') return ringWhenDue(runtime, key, remainingMs);
  const soonMs = outcome === 'later' ? EARLY_BELL_MS : store.timing.leaseMs - options.renewMs - RENEWAL_SLACK_MS;
  if (remainingMs < soonMs) await ring(runtime, key, remainingMs + GUARD_SLACK_MS);
}

type NotAcquired = Exclude<AcquireOutcome, { readonly outcome: 'acquired' }>;

/** A renewal may be this late without anything being wrong. */
const RENEWAL_SLACK_MS = 2_000;

/** A bell may be this early: instances' estimates of the store's time may be this far apart. */
const EARLY_BELL_MS = 1_500;

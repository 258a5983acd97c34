import type { StateSnapshot } from '../ports/store';
import type { UserKey } from '../turn/keys';
import { type IntentRun, succeeds } from '../turn/user-state';
import { backoff } from './options';
import { persist } from './persist';
import { type Runtime, ring } from './runtime';

/** Pauses between asking whether another turn's intent counts, in ms; the last one repeats. */
const PAUSES_MS = [25, 50, 100, 200, 400, 800];

/**
 * A user's state with every other turn's intent settled first, so that what a turn reads includes each committed turn's change and
 * nothing of one that failed. The store decides how long an attempt that is alive is waited for. What earlier attempts at the same turn left behind is void: see `succeeds`.
 */
export async function readUserState(runtime: Runtime, run: IntentRun, user: UserKey): Promise<StateSnapshot> {
  const { clock, store } = runtime;
  const limit = { limitMs: store.timing.leaseMs };
  const asked = new Map<string, { readonly since: number; times: number }>();
  for (;;) {
    const record = await persist(clock, () => store.users.read(user), limit);
    const foreign = record.intents.find((intent) => !succeeds(run, intent));
    if (foreign === undefined) return { version: record.version, data: record.data };
    const waiting = asked.get(foreign.id) ?? { since: clock.monotonic(), times: 0 };
    asked.set(foreign.id, waiting);
    waiting.times += 1;
    const waitedMs = clock.monotonic() - waiting.since;
    const verdict = await persist(clock, () => store.users.judge(foreign, waitedMs), limit);
    if (verdict === 'open') {
      await clock.sleep(backoff(PAUSES_MS, waiting.times));
    } else {
      await persist(clock, () => store.users.settle(user, foreign.id, verdict === 'counts'), limit);
      // Its attempt may have been fenced just now: somebody has to run that turn again.
      if (verdict === 'void') await ring(runtime, foreign.conversation, 0);
    }
  }
}

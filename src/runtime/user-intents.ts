import type { StateSnapshot } from '../ports/store';
import type { UserKey } from '../turn/keys';
import { type IntentRun, succeeds } from '../turn/user-state';
import { persist } from './persist';
import { type Runtime, ring } from './runtime';

/** Pauses between asking whether another turn's intent counts; after the last one its attempt is fenced. In ms. */
const PATIENCE_MS = [25, 50, 100, 200, 400, 800];

/** While only other code can answer: the conversation's record is of a newer format. */
const LONGEST_PAUSE_MS = 1_000;

/**
 * A user's state with every other turn's intent settled first, so that what a turn reads includes each committed turn's change and
 * nothing of one that failed. What earlier attempts at the same turn left behind is void: see `succeeds`.
 */
export async function readUserState(runtime: Runtime, run: IntentRun, user: UserKey): Promise<StateSnapshot> {
  const { clock, store } = runtime;
  const limit = { limitMs: store.timing.leaseMs };
  const asked = new Map<string, number>();
  for (;;) {
    const record = await persist(clock, () => store.users.read(user), limit);
    const foreign = record.intents.find((intent) => !succeeds(run, intent));
    if (foreign === undefined) return { version: record.version, data: record.data };
    const times = asked.get(foreign.id) ?? 0;
    asked.set(foreign.id, times + 1);
    const pause = PATIENCE_MS[times];
    const verdict = await persist(clock, () => store.users.judge(foreign, pause === undefined), limit);
    if (verdict === 'open') {
      await clock.sleep(pause ?? LONGEST_PAUSE_MS);
    } else {
      await persist(clock, () => store.users.settle(user, foreign.id, verdict === 'counts'), limit);
      // Its attempt may have been fenced just now: somebody has to run that turn again.
      if (verdict === 'void') await ring(runtime, foreign.conversation, 0);
    }
  }
}

import type { Activity } from '../schema/activity';
import type { ConversationKey } from '../turn/keys';
import type { Payload } from '../turn/record';
import { persist } from './persist';
import type { Runtime } from './runtime';

/** Pauses between looks for a body that was not there: a replica may not have it yet. In ms. */
const PAUSES_MS = [50, 200, 1_000];

/** The activity behind a payload: from the record itself, or from the body record beside it; `undefined` when that stays missing. */
export async function loadBody(
  { clock, store }: Runtime,
  key: ConversationKey,
  payload: Payload,
): Promise<Activity | undefined> {
  if ('inline' in payload) return payload.inline;
  const read = (): Promise<Activity | undefined> =>
    persist(clock, () => store.turns.readBody(key, payload.ref), { limitMs: store.timing.leaseMs });
  let activity = await read();
  for (const pause of PAUSES_MS) {
    if (activity !== undefined) break;
    await clock.sleep(pause);
    activity = await read();
  }
  return activity;
}

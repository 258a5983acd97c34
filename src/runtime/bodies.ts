import type { Activity } from '../schema/activity';
import type { ConversationKey } from '../turn/keys';
import { activityIn, type Payload } from '../turn/record';
import { persist } from './persist';
import type { Runtime } from './runtime';

/** Pauses between looks for a body that was not there: a replica may not have it yet. In ms. */
const PAUSES_MS = [50, 200, 1_000];

type StoredBody = Activity | readonly Activity[];

/** The pack that was read last: effects leave in order, so that the next one is usually in the same. */
export class LastPack {
  #ref: string | undefined;
  #pack: StoredBody | undefined;

  get(ref: string): StoredBody | undefined {
    return this.#ref === ref ? this.#pack : undefined;
  }

  keep(ref: string, pack: StoredBody): void {
    this.#ref = ref;
    this.#pack = pack;
  }
}

/**
 * Returns the activity behind a payload: from the record itself, or from the body record beside it; `undefined` when that stays missing.
 *
 * @throws StoreFault when the store does not answer for as long as a lease
 */
export async function loadBody(
  { clock, store }: Runtime,
  key: ConversationKey,
  payload: Payload,
  lastPack?: LastPack,
): Promise<Activity | undefined> {
  if ('inline' in payload) return payload.inline;
  const { ref, index } = payload;
  const read = (): Promise<StoredBody | undefined> =>
    persist(clock, () => store.turns.readBody(key, ref), { limitMs: store.timing.leaseMs });
  let body = lastPack?.get(ref) ?? (await read());
  for (const pause of PAUSES_MS) {
    if (body !== undefined) break;
    await clock.sleep(pause);
    body = await read();
  }
  if (index !== undefined && body !== undefined) lastPack?.keep(ref, body);
  return activityIn(payload, body);
}

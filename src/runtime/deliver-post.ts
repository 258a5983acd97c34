import type { DeadReason } from '../ports/store';
import { ERRORS } from '../schema/errors';
import type { Effect } from '../turn/record';
import { loadBody } from './bodies';
import type { Hold } from './hold';
import { persist } from './persist';
import { postActivity } from './post';
import type { Runtime } from './runtime';

/**
 * Delivers what a turn has posted to another conversation, or takes back what it has cancelled. A mailbox that is full is not waited for: the
 * conversation that posts must not stand still because of another one.
 *
 * @returns why it will never be delivered; `noBody` when its stored body is not to be seen (yet); `undefined` when it is done
 * @throws StoreFault when the store does not answer
 */
export async function deliverPost(
  runtime: Runtime,
  { key: from, lastPack }: Pick<Hold, 'key' | 'lastPack'>,
  effect: Extract<Effect, { kind: 'post' | 'cancel' }>,
): Promise<DeadReason | 'noBody' | undefined> {
  const { clock, store } = runtime;
  const limitMs = store.timing.leaseMs / 4;
  if (effect.kind === 'cancel') {
    await persist(clock, () => store.mailbox.unschedule(effect.to, effect.key), { limitMs });
    return undefined;
  }
  const activity = await loadBody(runtime, from, effect.activity, lastPack);
  if (activity === undefined) return 'noBody';
  const { to, key, proactive, acceptAt } = effect;
  const post = { to, proactive, activity, ...(acceptAt === undefined ? {} : { at: acceptAt }) };
  const outcome = await postActivity(runtime, post, key, limitMs, effect.trace);
  return outcome === 'full' ? { code: 'BacklogFull', message: ERRORS.BacklogFull } : undefined;
}

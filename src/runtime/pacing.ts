import { createHash } from 'node:crypto';
import type { StoredReference } from '../ports/references';
import type { ConversationReference } from '../schema/accounts';
import type { Activity } from '../schema/activity';
import { Channels } from '../schema/constants';
import type { Head } from '../turn/record';
import { logEvent } from './events';
import { referenceKey } from './reference-of';
import { errorName, type Runtime } from './runtime';

interface Bucketed extends Pick<StoredReference, 'tenantId'> {
  readonly reference: Pick<ConversationReference, 'channelId'>;
}

/**
 * Returns the name of the limit that a reference falls under: channels count what a bot sends in one tenant, or, where none is known, all of
 * it. The tenant counts only if it is vouched for, as a stored reference has no other. It is a text of the channel, so it becomes a digest.
 */
export function bucketOf({ reference, tenantId }: Bucketed): string {
  return createHash('sha256')
    .update(JSON.stringify([reference.channelId.toLowerCase(), tenantId ?? '']))
    .digest('hex');
}

/** A pause that a channel asks for without saying how long, in ms. */
const PAUSE_MS = 1_000;

/**
 * Records that a channel has throttled a send: a broadcast there waits as long as the channel asks for. Best effort, as the channel says it
 * again. The activity may name any tenant, so the bucket is that of the stored reference.
 */
export async function notePause(
  { log, store }: Runtime,
  { channelId, conversation }: Activity,
  retryAfterMs: number = PAUSE_MS,
): Promise<void> {
  try {
    const stored = await store.references.get(referenceKey(channelId, conversation.id));
    await store.pace.pause(bucketOf(stored ?? { reference: { channelId } }), retryAfterMs);
  } catch (error) {
    logEvent(log, 'pauseNotKept', { error: errorName(error) });
  }
}

/**
 * What Teams lets a bot send in one thread. The record remembers the last 32 sends, so 60 in 30 s are kept as 30 in 15 s; 1,800 in an hour
 * are for the channel to enforce.
 */
const IN_ONE_THREAD: readonly { readonly sends: number; readonly ms: number }[] = [
  { sends: 7, ms: 1_000 },
  { sends: 8, ms: 2_000 },
  { sends: 30, ms: 15_000 },
];

/**
 * How long a proactive turn waits before the next message in its thread, in ms. Replies do not wait: somebody does.
 * @param now in store time, like the times of the sends in the record, which are those of every instance
 */
export function threadPause(channelId: string, { ids }: Pick<Head, 'ids'>, now: number): number {
  if (channelId !== Channels.Msteams) return 0;
  const pauses = IN_ONE_THREAD.map(({ sends, ms }) => {
    const nth = ids.at(-sends);
    return nth === undefined ? 0 : nth.at + ms - now;
  });
  return Math.max(0, ...pauses);
}

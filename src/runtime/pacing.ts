import type { ConversationReference } from '../schema/accounts';
import type { Activity } from '../schema/activity';
import { Channels } from '../schema/constants';
import type { Head } from '../turn/record';
import { logEvent } from './events';
import { errorName, type Runtime } from './runtime';

/** Who shares a limit with whom: channels count what a bot sends in one tenant, or, where there are none, all of it. */
export function bucketOf({
  channelId,
  conversation,
}: Pick<ConversationReference, 'channelId' | 'conversation'>): string {
  return `${channelId} ${conversation.tenantId ?? ''}`.trim();
}

/** A pause that a channel asks for without saying how long, in ms. */
const PAUSE_MS = 1_000;

/** A channel has throttled a send: whoever sends to many there waits as long as it asks for. Best effort: it says so again. */
export async function notePause(
  { log, store }: Runtime,
  activity: Activity,
  retryAfterMs: number = PAUSE_MS,
): Promise<void> {
  try {
    await store.pace.pause(bucketOf(activity), retryAfterMs);
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

import type { ConversationReference } from '../schema/accounts';
import type { Activity } from '../schema/activity';
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

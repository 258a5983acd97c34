import type { Store } from '../ports/store';
import { ERRORS, type ErrorCode } from '../schema/errors';
import type { ActivityKey, ConversationKey } from '../turn/keys';

/**
 * What became of a posted activity: `scheduled` waits for its time, `queued` for its turn or for its channel, `sent` is done with, `failed` was
 * given up, and is a dead letter; `cancelled` was taken back before. `code` says why, and `message` what that means where there is a sentence for it.
 */
export type PostedStatus =
  | { readonly status: 'scheduled' | 'queued' | 'sent' | 'cancelled' }
  | { readonly status: 'failed'; readonly code: string; readonly message?: string };

/** A view of a conversation may be older than what was posted this long ago. In ms. */
const SETTLED_MS = 60_000;

/**
 * Looks what became of a posted activity, in its conversation: that has it, or has the effects of its turn, or has neither any more.
 * @param ageMs how long ago it was posted. @throws StoreFault
 */
export async function postedStatus(
  store: Store,
  to: ConversationKey,
  key: ActivityKey,
  ageMs: number,
): Promise<PostedStatus> {
  const head = (await store.inspection.conversation(to))?.head;
  if (head?.sched?.some((each) => each.key === key)) return { status: 'scheduled' };
  const seen = head?.seen.find((each) => each.key === key);
  if (seen?.cancelled) return { status: 'cancelled' };
  const waits = head?.pend.some((each) => each.key === key) || head?.out.some(({ id }) => id.startsWith(key));
  if (waits) return { status: 'queued' };
  // The turn itself, or what it was to send.
  for (const id of [key, `${key}.0`]) {
    const letter = await store.deadLetters.get(to, id);
    if (letter !== undefined) return { status: 'failed', ...reason(letter.reason.code) };
  }
  return { status: seen !== undefined || ageMs > SETTLED_MS ? 'sent' : 'queued' };
}

function reason(code: string): { readonly code: string; readonly message?: string } {
  if (code === 'Rejected403') return { code: 'RecipientBlocked', message: ERRORS.RecipientBlocked };
  return Object.hasOwn(ERRORS, code) ? { code, message: ERRORS[code as ErrorCode] } : { code };
}

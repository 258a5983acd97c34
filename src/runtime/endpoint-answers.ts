import type { EndpointResponse } from '../ports/endpoint';
import type { Body } from '../ports/store';
import type { Activity } from '../schema/activity';
import type { Failure } from '../schema/errors';
import type { NewActivity } from '../turn/accept';
import type { ActivityKey } from '../turn/keys';
import { inlinePayload } from '../turn/size';

/** `Retry-After` when something is away that should be back soon, in seconds. */
export const RETRY_SOON_S = 2;

/** A failure as the Bot Connector's own errors look. */
export function answerOf({ status, code, message }: Failure, retryAfterS?: number): EndpointResponse {
  return {
    status,
    body: { error: { code, message } },
    ...(retryAfterS === undefined ? {} : { headers: { 'retry-after': String(retryAfterS) } }),
  };
}

/** An activity as it was received and admitted. */
export interface ReceivedActivity {
  readonly activity: Activity;
  /** As in `PendingActivity`. */
  readonly vouched?: true;
}

/** Returns the mailbox entry of a received activity, as {@link mailboxEntry} does, with what its caller answers for. */
export function receivedEntry(
  key: ActivityKey,
  { activity, vouched }: ReceivedActivity,
  inlineBytes: number,
  unique?: string,
): ReturnType<typeof mailboxEntry> {
  const { entry, bodies } = mailboxEntry(key, activity, inlineBytes, unique);
  return { entry: vouched === undefined ? entry : { ...entry, vouched }, bodies };
}

/**
 * Returns an activity as the mailbox takes it. A large one goes beside the record, under a name that no other acceptance of it has: its key
 * may be accepted again while a dead letter still needs the first body. What counts is the length of what is stored: that of a request says
 * little of it, as `1e20` becomes 21 digits.
 */
export function mailboxEntry(
  key: ActivityKey,
  activity: Activity,
  inlineBytes: number,
  unique = '0',
): { readonly entry: NewActivity; readonly bodies: readonly Body[] } {
  const body = inlinePayload(activity);
  const { bytes } = body;
  if (bytes <= inlineBytes) return { entry: { key, body }, bodies: [] };
  const ref = `${key}-${unique}`;
  return { entry: { key, body: { ref, bytes } }, bodies: [{ ref, activity }] };
}

import type { EndpointResponse } from '../ports/endpoint';
import type { Body } from '../ports/store';
import type { Activity } from '../schema/activity';
import type { Failure } from '../schema/errors';
import type { NewActivity } from '../turn/accept';
import type { ActivityKey } from '../turn/keys';

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
  /** Length of the request body. */
  readonly bytes: number;
  /** As in `PendingActivity`. */
  readonly vouched?: true;
}

/**
 * Returns the mailbox entry of a received activity, as {@link mailboxEntry} does, with what its caller answers for. The length of the
 * request says little of the length of what is stored: `1e20` becomes 21 digits.
 */
export function receivedEntry(
  key: ActivityKey,
  { activity, vouched }: ReceivedActivity,
  inlineBytes: number,
  unique?: string,
): ReturnType<typeof mailboxEntry> {
  const bytes = Buffer.byteLength(JSON.stringify(activity));
  const { entry, bodies } = mailboxEntry(key, activity, bytes, inlineBytes, unique);
  return { entry: vouched === undefined ? entry : { ...entry, vouched }, bodies };
}

/**
 * An activity as the mailbox takes it. A large one goes beside the record, under a name that no other acceptance of it has: its key
 * may be accepted again while a dead letter still needs the first body.
 */
export function mailboxEntry(
  key: ActivityKey,
  activity: Activity,
  bytes: number,
  inlineBytes: number,
  unique = '0',
): { readonly entry: NewActivity; readonly bodies: readonly Body[] } {
  if (bytes <= inlineBytes) return { entry: { key, body: { inline: activity, bytes } }, bodies: [] };
  const ref = `${key}-${unique}`;
  return { entry: { key, body: { ref, bytes } }, bodies: [{ ref, activity }] };
}

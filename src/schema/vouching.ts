import { Channels } from './constants';

/**
 * Channels whose service fills in the identity fields of their activities: `from.aadObjectId`, `conversation.tenantId`, and tenant and team
 * in `channelData`. Clients of Direct Line and Web Chat can write these fields themselves.
 */
const VOUCHING_CHANNELS: ReadonlySet<string> = new Set([Channels.Msteams]);

const NONE: ReadonlySet<string> = new Set();

/**
 * Returns whether a channel's service fills in the identity fields of its activities. Letter case does not count, as in keys.
 *
 * @param named further channels that the operator has named, in lower case
 */
export function isVouchingChannel(channelId: string, named: ReadonlySet<string> = NONE): boolean {
  const id = channelId.toLowerCase();
  return VOUCHING_CHANNELS.has(id) || named.has(id);
}

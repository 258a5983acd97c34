import { Channels } from './constants';

/**
 * Channels whose service fills in the identity fields of their activities: `from.aadObjectId`, `conversation.tenantId`, and tenant and team
 * in `channelData`. Clients of Direct Line and Web Chat can write these fields themselves.
 */
const VOUCHING_CHANNELS: ReadonlySet<string> = new Set([Channels.Msteams]);

/** Returns whether a channel's service fills in the identity fields of its activities. Letter case does not count, as in keys. */
export function isVouchingChannel(channelId: string): boolean {
  return VOUCHING_CHANNELS.has(channelId.toLowerCase());
}

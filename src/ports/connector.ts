import type { Activity } from '../schema/activity';

/** One call to the channel's Bot Connector service (REST API v3), addressed by what was pinned when the turn was accepted. */
export type ConnectorCall = {
  readonly channelId: string;
  /** Base address of the channel's connector, as the channel gave it. */
  readonly serviceUrl: string;
  readonly conversationId: string;
} & (
  | { readonly op: 'send'; readonly activity: Activity }
  | { readonly op: 'reply'; readonly replyToId: string; readonly activity: Activity }
  | { readonly op: 'update'; readonly activityId: string; readonly activity: Activity }
  | { readonly op: 'delete'; readonly activityId: string }
);

/**
 * What became of a call. Never thrown: every answer and every failure of the network maps to exactly one of these.
 *
 * - `delivered`: the channel took it. `id` is the channel's id of the activity, when it gave one.
 * - `notSent`: the channel certainly did not act on it (429, 412, connection refused): sending again is safe.
 * - `unknown`: it may have been taken (timeout, reset, 408, 5xx): sending again may show the message twice.
 * - `rejected`: the channel refused it for good (400, 403, 404, 413, …): sending again is pointless.
 */
export type Delivery =
  | { readonly outcome: 'delivered'; readonly id?: string }
  | { readonly outcome: 'notSent'; readonly reason: string; readonly status?: number; readonly retryAfterMs?: number }
  | { readonly outcome: 'unknown'; readonly reason: string; readonly status?: number; readonly retryAfterMs?: number }
  | {
      readonly outcome: 'rejected';
      readonly reason: string;
      readonly status: number;
      /** Host of the service URL, where that is why no call was made. */
      readonly host?: string;
    };

/**
 * Delivers one activity to a channel. One call is one attempt: no retries inside, a time limit of its own (at most
 * 10 s), and an early end (`unknown`, or `notSent` if nothing had left) when `signal` aborts.
 */
export interface Connector {
  deliver(call: ConnectorCall, signal?: AbortSignal): Promise<Delivery>;
}

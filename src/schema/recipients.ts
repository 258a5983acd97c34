import type { ConversationReference } from './accounts';
import type { Activity } from './activity';

/** What kind of conversation it is, in the words of Teams; on other channels `personal`, or `groupChat` for a group. */
export type ConversationScope = 'personal' | 'groupChat' | 'channel';

/**
 * Whom a proactive message is for:
 *
 * - `reference`: the id of a reference that is kept.
 * - `user`: their personal conversation with the bot; by the object id of Microsoft Entra, or, with `channelId`, by the channel's own id.
 * - `conversation` with `channelId`: a conversation that the bot is in, by the channel's own id; in Teams also a channel, or a thread of one.
 * - `team`: the general channel of a team in Teams.
 * - A conversation reference that the app has kept itself. What it says is believed.
 */
export type Recipient = KeptRecipient | Partial<ConversationReference>;

/** A {@link Recipient} that is looked up among the references that are kept. */
export type KeptRecipient =
  | { readonly reference: string }
  | { readonly user: string; readonly channelId?: string }
  | { readonly conversation: string; readonly channelId: string }
  | { readonly team: string };

/** Which conversations: all that can be reached and have every property that is named. */
export interface RecipientQuery {
  readonly channelId?: string;
  readonly tenantId?: string;
  readonly teamId?: string;
  readonly scope?: ConversationScope;
  /** With this locale, or a more specific one: `de` finds `de-AT`. */
  readonly locale?: string;
  /** Heard of at or after this time, in ms since the epoch. */
  readonly seenSince?: number;
}

/** An event that the bot's `onEvent` handlers are given, to act on with state and middleware. `value` is JSON. */
export interface ProactiveEvent {
  readonly event: string;
  readonly value?: unknown;
}

/** What is said, or what the bot is given to act on: a text, an activity, or an event. */
export type ProactiveContent = string | Partial<Activity> | ProactiveEvent;

/** How far a broadcast has come. */
export interface BroadcastProgress {
  readonly state: 'running' | 'done' | 'cancelled';
  /** Recipients whose conversations have the message: it is sent in a turn of each. */
  readonly posted: number;
  /** Recipients who were left out because their mailbox was full. */
  readonly refused: number;
  /** Times, in ms since the epoch. */
  readonly startedAt?: number;
  readonly endedAt?: number;
}

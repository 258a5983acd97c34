import type { ConversationReference } from '../schema/accounts';
import type { ConversationScope, RecipientQuery } from '../schema/recipients';
import type { ConversationKey } from '../turn/keys';

/**
 * - `active`: a message would arrive, as far as is known.
 * - `blocked`: the channel has refused a send for good (403): the user has blocked the bot, or may not be written to.
 * - `removed`: the bot was taken out of the conversation, or its user has left it.
 */
export type ReferenceState = 'active' | 'blocked' | 'removed';

/** A conversation that the bot can speak in first. */
export interface NewReference {
  /** Names it: the key of its conversation. */
  readonly id: ConversationKey;
  /** Whole, but for the id of an activity. `user` is there in personal conversations only: elsewhere it would be whoever spoke last. */
  readonly reference: ConversationReference;
  readonly scope: ConversationScope;
  readonly tenantId?: string;
  /** The team that a channel is of. */
  readonly teamId?: string;
  /**
   * True when the channel's service answers for the Entra id, the tenant and the team; otherwise these are absent. False on a channel whose
   * service does fill them in, for what came another way: then the reference is not found by its user either. Absent on other channels.
   */
  readonly vouched?: boolean;
  readonly state: ReferenceState;
}

/** A reference as it is kept. */
export interface StoredReference extends NewReference {
  /** When something last came from the conversation, to the day, in store time (ms since the epoch). */
  readonly lastSeen: number;
}

/** A user as whoever asks knows them: by the channel's own id, or by the object id of Microsoft Entra, on whatever channel. */
export type UserName = { readonly channelId: string; readonly userId: string } | { readonly entraId: string };

/** One page of references. `next` asks for the following one; absent on the last. A page may be short, or empty, before the last. */
export interface ReferencePage {
  readonly references: readonly StoredReference[];
  readonly next?: string;
}

/**
 * The registry of conversations that the bot can speak in first. No turn depends on it: it is written beside the turns, best effort, and
 * every method may throw a `StoreFault` that says whether it was applied. Each method that writes is idempotent. One reference is one
 * atomic write; finding it by user or team goes through pointers of their own, which are written first, so that a crash
 * in between leaves a pointer to nothing, which is the same as no pointer.
 */
export interface References {
  get(id: ConversationKey): Promise<StoredReference | undefined>;
  /** The personal conversation with a user: the one that was seen last on any channel, for an Entra id. */
  ofUser(user: UserName): Promise<StoredReference | undefined>;
  /** A conversation of the team; its service and tenant are those of the team's channels. */
  ofTeam(teamId: string): Promise<StoredReference | undefined>;
  /**
   * Writes it as seen now. It expires `ttlMs` from now. One that is not vouched for replaces none that is: it could lead a person's messages
   * to another service.
   */
  keep(reference: NewReference, ttlMs: number): Promise<void>;
  /** Changes the state; false when there is no such reference. */
  mark(id: ConversationKey, state: ReferenceState): Promise<boolean>;
  /** Removes it with what points to it; false when there is none. */
  forget(id: ConversationKey): Promise<boolean>;
  /**
   * Active references that a query means, in a fixed order that has nothing to do with time. One that is there from the first page to the last is on exactly one
   * of them. @param cursor the `next` of the page before; absent for the first page
   */
  page(query: RecipientQuery, cursor: string | undefined, limit: number): Promise<ReferencePage>;
}

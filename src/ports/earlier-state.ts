import type { ConversationKey, UserKey } from '../turn/keys';
import type { StateData } from '../turn/user-state';

/** Whose state: a conversation's, a user's, or a user's in a conversation. */
export type EarlierPlace =
  | { readonly conversation: ConversationKey; readonly user?: UserKey }
  | { readonly conversation?: never; readonly user: UserKey };

/**
 * State that the bot's earlier SDK has stored, from which the bot moves here. It is read where nothing is stored here yet, and never
 * changed; only forgetting somebody removes it.
 *
 * @throws StoreFault from every method, when there was no answer: never to be taken for "there is none"
 */
export interface EarlierState {
  read(place: EarlierPlace): Promise<StateData | undefined>;
  /** Every place that has state; `undefined` for each item that is something else. */
  places(): AsyncIterable<EarlierPlace | undefined>;
  /** Removes a conversation's state with that of its users in it, or a user's with that in conversations. @returns how many items */
  remove(place: EarlierPlace): Promise<number>;
}

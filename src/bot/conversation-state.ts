import { ScopedState } from './scoped-state';
import type { Storage } from './storage';

/** State that everybody in a conversation shares. */
export class ConversationState extends ScopedState<'conversation'> {
  /**
   * @param storage for contexts that have no turn, and for a class that overrides `getStorageKey`; a turn's commit stores the state with the turn
   * @param namespace keeps states apart that are not to share their properties
   */
  constructor(storage?: Storage, namespace = '') {
    super('ConversationState', 'conversation', storage, namespace);
  }
}

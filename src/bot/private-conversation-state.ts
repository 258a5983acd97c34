import { BotState, stateKey } from './bot-state';
import type { Storage } from './storage';
import type { TurnContext } from './turn-context';

/** State that one user has in one conversation. */
export class PrivateConversationState extends BotState {
  /**
   * @param storage for contexts that have no turn, and for a class that overrides `getStorageKey`; a turn's commit stores the state with the turn
   * @param namespace keeps states apart that are not to share their properties
   */
  constructor(
    storage?: Storage,
    private readonly namespace = '',
  ) {
    super(
      storage,
      (context) => {
        const key = this.getStorageKey(context);
        if (!key) throw new Error('PrivateConversationState: overridden getStorageKey method did not return a key.');
        return key;
      },
      () =>
        this.getStorageKey === PrivateConversationState.prototype.getStorageKey
          ? { scope: 'private', namespace }
          : undefined,
    );
  }

  /** The key in a storage. A class that overrides it has its state there, and not in the turn. @throws Error for an activity that lacks a part of it */
  getStorageKey(context: TurnContext): string | undefined {
    return stateKey(context, { scope: 'private', namespace: this.namespace });
  }
}

import { BotState, stateKey } from './bot-state';
import type { Storage } from './storage';
import type { StateScope } from './turn';
import type { TurnContext } from './turn-context';

/** State of one of the scopes that there are. States of different scopes are of different types. */
export abstract class ScopedState<Scope extends StateScope> extends BotState {
  /** @param name of the class, for people */
  protected constructor(
    name: string,
    private readonly scope: Scope,
    storage: Storage | undefined,
    private readonly namespace: string,
  ) {
    super(
      storage,
      (context) => {
        const key = this.getStorageKey(context);
        if (!key) throw new Error(`${name}: overridden getStorageKey method did not return a key.`);
        return key;
      },
      () => (this.getStorageKey === ScopedState.prototype.getStorageKey ? { scope, namespace } : undefined),
    );
  }

  /** The key in a storage. A class that overrides it has its state there, and not in the turn. @throws Error for an activity that lacks a part of it */
  getStorageKey(context: TurnContext): string | undefined {
    return stateKey(context, { scope: this.scope, namespace: this.namespace });
  }
}

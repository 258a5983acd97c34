import type { BotState } from './bot-state';
import type { TurnContext } from './turn-context';

/** States that are loaded and saved together. */
export class BotStateSet {
  /** The states of the set. */
  readonly botStates: BotState[] = [];

  constructor(...botStates: BotState[]) {
    this.add(...botStates);
  }

  /** @throws Error for what has no `load` and `saveChanges` */
  add(...botStates: BotState[]): this {
    for (const state of botStates) {
      const isState = typeof state?.load === 'function' && typeof state.saveChanges === 'function';
      if (!isState) throw new Error("BotStateSet: a object was added that isn't an instance of BotState.");
      this.botStates.push(state);
    }
    return this;
  }

  async loadAll(context: TurnContext, force = false): Promise<void> {
    await Promise.all(this.botStates.map((state) => state.load(context, force)));
  }

  async saveAllChanges(context: TurnContext, force = false): Promise<void> {
    await Promise.all(this.botStates.map((state) => state.saveChanges(context, force)));
  }
}

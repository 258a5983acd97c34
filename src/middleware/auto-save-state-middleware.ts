import type { BotState } from '../bot/bot-state';
import { BotStateSet } from '../bot/bot-state-set';
import type { Middleware } from '../bot/middleware';
import type { TurnContext } from '../bot/turn-context';

/**
 * Saves states at the end of a turn that did not fail. A turn's commit stores the state of Turnwise without it; it is here for bots that
 * have it, and for states of their own that are saved by being asked to.
 */
export class AutoSaveStateMiddleware implements Middleware {
  /** What it saves. */
  botStateSet: BotStateSet;

  constructor(...botStates: BotState[]) {
    this.botStateSet = new BotStateSet(...botStates);
  }

  async onTurn(context: TurnContext, next: () => Promise<void>): Promise<void> {
    await next();
    await this.botStateSet.saveAllChanges(context, false);
  }

  add(...botStates: BotState[]): this {
    this.botStateSet.add(...botStates);
    return this;
  }
}

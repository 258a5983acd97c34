import type { BotAdapter } from '../bot/bot-adapter';
import type { BotState } from '../bot/bot-state';
import type { Middleware } from '../bot/middleware';
import type { TurnContext } from '../bot/turn-context';

/** Puts a service into `turnState`, for handlers and dialogs to find. */
export class RegisterClassMiddleware<T> implements Middleware {
  /**
   * @param service what to put there
   * @param key where; the service is found with `context.turnState.get(key)`
   */
  constructor(
    readonly service: T,
    private readonly key: string | symbol,
  ) {}

  async onTurn(context: TurnContext, next: () => Promise<void>): Promise<void> {
    context.turnState.set(this.key, this.service);
    await next();
  }
}

/** Puts states into every turn's `turnState`, under the names of their classes, where dialogs look for them. */
export function useBotState<A extends BotAdapter>(adapter: A, ...states: BotState[]): A {
  for (const state of states) adapter.use(new RegisterClassMiddleware(state, state.constructor.name));
  return adapter;
}

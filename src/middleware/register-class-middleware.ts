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

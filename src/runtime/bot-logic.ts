import type { Bot } from '../bot/bot';
import type { TurnErrorHandler } from '../bot/bot-adapter';
import type { Middleware, MiddlewareHandler } from '../bot/middleware';
import type { Turn } from '../bot/turn';
import { TurnAdapter } from '../bot/turn-adapter';
import { turnAnswer } from '../bot/turn-answer';
import type { TurnContext } from '../bot/turn-context';
import type { Activity } from '../schema/activity';
import { type ChannelServices, provideServices } from './channel-services';
import type { BotLogic } from './runtime';

/**
 * The author's bot with its middleware and error handler, as the pipeline runs it; its contexts have the services in `turnState`.
 * @param own the author's adapter, with middleware and error handler of its own
 */
export function botLogic(
  bot: Bot,
  middleware: readonly (Middleware | MiddlewareHandler)[],
  onTurnError: TurnErrorHandler | undefined,
  services: ChannelServices = {},
  own?: TurnAdapter,
): BotLogic {
  const adapter = (own ?? new TurnAdapter()).use(...middleware);
  if (onTurnError !== undefined) adapter.onTurnError = onTurnError;
  /** The context of a failed attempt, for `onTurnError` to find its `turnState` as the error left it. */
  const contexts = new WeakMap<object, TurnContext>();
  const contextOf = (turn: Turn, activity: Activity): TurnContext => {
    const context = adapter.createContext(activity);
    provideServices(context, adapter, services, turn.signal);
    return context;
  };
  return {
    async run(turn, activity, proactive) {
      const context = contextOf(turn, activity);
      try {
        await adapter.run(context, turn, proactive === 'send' ? sendCarried : bot);
        return turnAnswer(context);
      } catch (error) {
        // Only now: a handler that ran out of time is still at it, and must not find the error handler's turn in its context.
        contexts.set(activity, context);
        throw error;
      }
    },
    // An adapter of the author's may be given its error handler later.
    ...(own === undefined && onTurnError === undefined
      ? {}
      : {
          async onError(turn: Turn, activity, error) {
            const context = contexts.get(activity) ?? contextOf(turn, activity);
            await adapter.runOnTurnError(context, turn, error);
          },
        }),
  };
}

/** What a proactive activity carries is said in a turn of its own, with all middleware around it. */
export async function sendCarried(context: TurnContext): Promise<void> {
  await context.sendActivity(context.activity.value as Partial<Activity>);
}

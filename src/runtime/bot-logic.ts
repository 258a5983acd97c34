import type { Bot } from '../bot/bot';
import type { TurnErrorHandler } from '../bot/bot-adapter';
import type { Middleware, MiddlewareHandler } from '../bot/middleware';
import type { Turn } from '../bot/turn';
import { TurnAdapter } from '../bot/turn-adapter';
import { turnAnswer } from '../bot/turn-answer';
import type { TurnContext } from '../bot/turn-context';
import type { ConnectorClients } from '../ports/connector-client';
import type { BotLogic } from './runtime';

/** The author's bot with its middleware and error handler, as the pipeline runs it; its contexts have a client for the channel's service. */
export function botLogic(
  bot: Bot,
  middleware: readonly (Middleware | MiddlewareHandler)[],
  onTurnError: TurnErrorHandler | undefined,
  connectorClients?: ConnectorClients,
): BotLogic {
  const adapter = new TurnAdapter().use(...middleware);
  adapter.onTurnError = onTurnError;
  /** The context of a failed attempt, for `onTurnError` to find its `turnState` as the error left it. */
  const contexts = new WeakMap<object, TurnContext>();
  return {
    async run(turn, activity) {
      const context = adapter.createContext(activity);
      contexts.set(activity, context);
      if (connectorClients !== undefined) {
        const client = connectorClients.client(activity.serviceUrl, turn.signal);
        context.turnState.set(adapter.ConnectorClientKey, client);
      }
      await adapter.run(context, turn, bot);
      return turnAnswer(context);
    },
    ...(onTurnError === undefined
      ? {}
      : {
          async onError(turn: Turn, activity, error) {
            const context = contexts.get(activity) ?? adapter.createContext(activity);
            await adapter.runOnTurnError(context, turn, error);
          },
        }),
  };
}

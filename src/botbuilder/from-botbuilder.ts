import {
  MiddlewareSet,
  type BotState as TheirBotState,
  type TurnContext as TheirContext,
  type Middleware as TheirMiddleware,
  type MiddlewareHandler as TheirMiddlewareHandler,
} from 'botbuilder-core';
import { type Bot, botLogic } from '../bot/bot';
import type { TurnErrorHandler } from '../bot/bot-adapter';
import type { TurnContext } from '../bot/turn-context';
import { toBotBuilder } from './to-botbuilder';
import { TurnStorage } from './turn-storage';

/** A bot for the Bot Framework SDK: an activity handler, any object with `run`, or a function. */
export type TheirBot = ((context: TheirContext) => unknown) | { run(context: TheirContext): unknown };

/** What the bot had around it. */
export interface FromBotBuilderOptions {
  /** What was passed to the adapter's `use`, in the same order. A `MiddlewareSet` is middleware too. */
  readonly middleware?: readonly (TheirMiddleware | TheirMiddlewareHandler)[];
  /** What was the adapter's `onTurnError`. Hand it on to `createBotApp`. */
  readonly onTurnError?: (context: TheirContext, error: Error) => Promise<void>;
  /**
   * The bot's `ConversationState`, `UserState` and `PrivateConversationState`: they are made to store with the turn instead of in the
   * storage that they were made with.
   */
  readonly state?: readonly TheirBotState[];
  /** The storage that the bot's state classes were made with, when that is a {@link TurnStorage}. */
  readonly storage?: TurnStorage;
}

/** An existing bot, ready for `createBotApp` and `TestAdapter`. */
export interface BotBuilderBot {
  run(context: TurnContext): Promise<void>;
  /** For `createBotApp`, or the `onTurnError` of a `TestAdapter`; absent when there was none. */
  readonly onTurnError?: TurnErrorHandler;
}

/**
 * Runs a bot that was written for `botbuilder`, as it is: its handlers, its middleware and its state classes get a genuine context of
 * `botbuilder-core`, on Turnwise's pipeline.
 *
 * ```ts
 * const conversationState = new ConversationState(new MemoryStorage());
 * const bot = fromBotBuilder(new BookingBot(conversationState), { state: [conversationState] });
 * export const app = createBotApp({ bot });
 * ```
 *
 * State given in `state` is stored with the turn, whatever storage it was made with.
 */
export function fromBotBuilder(bot: TheirBot, options: FromBotBuilderOptions = {}): BotBuilderBot {
  const logic = botLogic(bot as unknown as Bot);
  const middleware = new MiddlewareSet(...(options.middleware ?? []));
  const { onTurnError, storage = new TurnStorage() } = options;
  // `storage` is protected in their class, and there is no other way to give a finished bot another one.
  for (const state of options.state ?? []) Object.assign(state, { storage });
  return {
    run: (context) =>
      storage.during(context, async () => {
        const theirs = toBotBuilder(context);
        await middleware.run(theirs, () => logic(theirs as unknown as TurnContext));
      }),
    ...(onTurnError === undefined
      ? {}
      : {
          onTurnError: (context: TurnContext, error: Error) =>
            storage.during(context, () => onTurnError(toBotBuilder(context), error)),
        }),
  };
}

import { TurnwiseError } from '../schema/errors';
import type { TurnContext } from './turn-context';

/** A bot: a function, an `ActivityHandler`, or any object with `run` or `onTurn`. What it returns is awaited and otherwise ignored. */
export type Bot =
  | ((context: TurnContext) => unknown)
  | { run(context: TurnContext): unknown }
  | { onTurn(context: TurnContext): unknown };

/** A bot as a function. @throws TurnwiseError `NotABot` */
export function botLogic(bot: Bot): (context: TurnContext) => Promise<void> {
  const call = callOf(bot);
  return async (context) => {
    await call(context);
  };
}

function callOf(bot: Bot): (context: TurnContext) => unknown {
  if (typeof bot === 'function') return bot;
  if (typeof bot === 'object' && bot !== null) {
    // `run` first: an activity handler has both, and its `onTurn` registers a handler.
    if ('run' in bot && typeof bot.run === 'function') return (context) => bot.run(context);
    if ('onTurn' in bot && typeof bot.onTurn === 'function') return (context) => bot.onTurn(context);
  }
  throw new TurnwiseError('NotABot');
}

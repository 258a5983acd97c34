/** Where the answer to an `invoke` waits in `turnState`: an activity of type `invokeResponse` whose `value` is the answer. */
export const INVOKE_RESPONSE_KEY: unique symbol = Symbol.for('botframework.invokeResponse');

/** Where `turnState` has the function that is this turn's bot. */
export const BotCallbackHandlerKey = 'botCallbackHandler';

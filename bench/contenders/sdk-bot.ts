import { counted, type Kept, ordersIn } from './hosted.ts';

/** A turn's context as both SDKs have it, as far as the bot needs it. */
export interface Context {
  readonly activity: { readonly text?: string };
  sendActivity(text: string): Promise<unknown>;
}

interface Parts<C extends Context> {
  readonly handler: {
    onMessage(handle: (context: C, next: () => Promise<void>) => Promise<void>): unknown;
    run(context: C): Promise<void>;
  };
  readonly conversationState: { saveChanges(context: C, force: boolean): Promise<void> };
  readonly kept: {
    get(context: C, fallback: Kept): Promise<Kept>;
    set(context: C, value: Kept): Promise<void>;
  };
}

/** The bot as the samples of both SDKs have it: an activity handler, and conversation state that is saved after each turn. */
export function sdkBot<C extends Context>({
  handler,
  conversationState,
  kept,
}: Parts<C>): (context: C) => Promise<void> {
  handler.onMessage(async (context, next) => {
    const ours = await kept.get(context, {});
    await context.sendActivity(await counted(ordersIn(context.activity.text), ours));
    await kept.set(context, ours);
    await next();
  });
  return async (context) => {
    await handler.run(context);
    await conversationState.saveChanges(context, false);
  };
}

import type { Middleware } from '../bot/middleware';
import { TurnContext } from '../bot/turn-context';
import type { Activity } from '../schema/activity';
import { ActivityTypes, CallerIdConstants } from '../schema/constants';

/**
 * Shows that the bot is typing while a turn on a message takes its time. The indicators go out at once, on the live lane: they do
 * not count as a response, no other middleware sees them, and one that fails is forgotten.
 */
export class ShowTypingMiddleware implements Middleware {
  /**
   * @param delay how long a turn may take before the first indicator, in ms
   * @param period the pause between indicators, in ms
   * @throws Error for a negative delay, or a period that is not positive
   */
  constructor(
    private readonly delay = 500,
    private readonly period = 2000,
  ) {
    if (delay < 0) throw new Error('Delay must be greater than or equal to zero');
    if (period <= 0) throw new Error('Repeat period must be greater than zero');
  }

  async onTurn(context: TurnContext, next: () => Promise<void>): Promise<void> {
    const stop = waitsForTyping(context.activity) ? this.start(context) : () => undefined;
    try {
      await next();
    } finally {
      stop();
    }
  }

  private start(context: TurnContext): () => void {
    let timer: NodeJS.Timeout | undefined;
    let stopped = false;
    const schedule = (pause: number): void => {
      timer = setTimeout(async () => {
        await sendTyping(context).catch(() => undefined);
        if (!stopped) schedule(this.period);
      }, pause);
    };
    schedule(this.delay);
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }
}

/** A person waits for the answer to a message. Another bot that calls this one has no use for an indicator. */
function waitsForTyping({ type, callerId }: Activity): boolean {
  return type === ActivityTypes.Message && !callerId?.startsWith(CallerIdConstants.BotToBotPrefix);
}

/** Straight through the adapter, past the hooks of the context, because those would make it a response. */
async function sendTyping(context: TurnContext): Promise<void> {
  const { activity, adapter } = context;
  const typing: Partial<Activity> = { type: ActivityTypes.Typing };
  if (activity.relatesTo !== undefined) typing.relatesTo = activity.relatesTo;
  const reference = TurnContext.getConversationReference(activity);
  await adapter.sendActivities(context, [TurnContext.applyConversationReference(typing, reference)]);
}

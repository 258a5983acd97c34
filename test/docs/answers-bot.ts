import {
  type Activity,
  type RuntimeOptions,
  type TaskModuleRequest,
  type TaskModuleResponse,
  TeamsActivityHandler,
  type TurnContext,
} from '../../src/index';

/* The code of docs/answers.md. */

/** What the bot of the page needs from elsewhere. */
export interface Services {
  /** Orders once per `key`, however often it is called; returns the order's number. */
  order(dish: string, key: string, signal: AbortSignal): Promise<number>;
  /** A language model. */
  complete(prompt: string | undefined, signal: AbortSignal): AsyncIterable<string>;
}

export class Kitchen extends TeamsActivityHandler {
  constructor(private readonly services: Services) {
    super();
    this.onMessage(async (context, next) => {
      const stream = context.stream();
      await stream.inform('Thinking…');
      for await (const token of this.services.complete(context.activity.text, context.signal)) {
        await stream.append(token);
      }
      await stream.end();
      await next();
    });
  }

  override async handleTeamsTaskModuleSubmit(
    context: TurnContext,
    request: TaskModuleRequest,
  ): Promise<TaskModuleResponse> {
    const { dish } = request.data as { dish: string };
    // Recorded: a later run of this turn gets the number, and does not order again.
    const number = await context.step('order', () => this.services.order(dish, context.turnId, context.signal));
    const value = `Your order has the number ${number}.`;
    // Nobody waits any more: the dialog has said that the answer follows, and what is returned goes nowhere.
    if (context.deadline === undefined) await context.sendActivity(value);
    return { task: { type: 'message', value } };
  }
}

export const options: Partial<RuntimeOptions> = {
  inlineDeadlines: { 'composeExtension/query': 3_000, 'task/submit': 5_000 },
  deferralText: 'Das dauert etwas länger. Die Antwort folgt.',
  invokeIds: {
    // The bot has put a new number into each of its cards.
    'task/submit': ({ value }: Activity) => (value as { data?: { card?: string } }).data?.card,
  },
};

import type { Activity } from '../schema/activity';
import type { ProactiveContent, Recipient } from '../schema/recipients';

/** What names something that was posted or scheduled. */
export interface Posted {
  readonly id: string;
}

/**
 * Speaking first. Each of these puts an activity into the recipient's conversation, where it becomes a turn like any other: in its
 * place among the others, through the middleware, with state, retried when it fails.
 *
 * `context.proactive` is that of a turn: what it does happens if and only if the turn commits. That of an app, or of a script, acts at once; what
 * it resolves with is durable then.
 *
 * @throws TurnwiseError `RecipientUnknown`, `RecipientBlocked` or `RecipientRemoved` when the registry says that nobody would get it;
 * `ActivityNotJson`; `BacklogFull` outside a turn; StoreFault when the store cannot be reached.
 */
export interface Proactive {
  /** Has the bot send an activity, or a text. */
  send(to: Recipient, activity: string | Partial<Activity>): Promise<Posted>;
  /** Gives the bot an event, as its `onEvent` handlers get those of channels. */
  run(to: Recipient, name: string, value?: unknown): Promise<Posted>;
  /** As {@link send}, or {@link run} for an event, at a time: seconds or years from now. What is past is posted at once. */
  schedule(to: Recipient, content: ProactiveContent, at: Date | number): Promise<Posted>;
  /** Takes back what {@link schedule} has scheduled. What has come due, or is unknown, is left alone. */
  cancel(id: string): Promise<void>;
}

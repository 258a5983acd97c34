import type { Activity } from '../schema/activity';
import type { ConversationParameters } from '../schema/conversations';
import type { BroadcastProgress, ProactiveContent, Recipient, RecipientQuery } from '../schema/recipients';

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
  /**
   * Takes back what {@link schedule} has scheduled; what has come due is left alone. Ends a {@link broadcast}: who has the message keeps it,
   * and nobody gets it after the page that is under way.
   */
  cancel(id: string): Promise<void>;
  /**
   * Has the bot send an activity to everybody whom the query means, as {@link send} does, or give itself an event, as {@link run} does: each
   * once, at the pace that channels allow to a bot in one tenant, and on where it was if its worker dies. It takes no memory that grows with their number.
   */
  broadcast(to: RecipientQuery, content: ProactiveContent): Promise<Posted>;
  /** How far a broadcast has come. @throws TurnwiseError `PostedUnknown` */
  progress(id: string): Promise<BroadcastProgress>;
  /**
   * Has the channel create a conversation: in Teams with one person (`members`), or as a new thread of a channel (`isGroup`, `activity`, and
   * `channelData` with the channel's id). Retried when it fails; created once, unless a worker dies while the channel does it.
   * @param near somebody on the same service: says which, and which tenant, where the parameters do not
   * @param content what is then said, or done, in it
   */
  createConversation(near: Recipient, parameters: ConversationParameters, content?: ProactiveContent): Promise<Posted>;
}

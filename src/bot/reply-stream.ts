import type { Activity } from '../schema/activity';
import { ActivityTypes, DeliveryModes, InputHints } from '../schema/constants';
import type { ResourceResponse } from '../schema/conversations';
import { TurnwiseError } from '../schema/errors';
import { withStreamInfo } from '../schema/stream-info';
import type { ClosedUpdates } from './stream-updates';
import { recordedStream, StreamUpdates, streamKind } from './stream-updates';
import type { Turn } from './turn';
import type { TurnContextStateCollection } from './turn-state';

/** The context as a stream needs it. */
interface StreamingContext {
  readonly activity: Activity;
  readonly turnState: TurnContextStateCollection;
  sendActivity(activity: Partial<Activity>): Promise<ResourceResponse | undefined>;
}

/**
 * A message that is shown while it is being written: {@link TurnContext.stream}.
 *
 * ```ts
 * const stream = context.stream();
 * await stream.inform('Searching…');
 * for await (const token of answer) await stream.append(token);
 * await stream.end();
 * ```
 *
 * What is shown on the way is best effort: about one update a second, with all the text so far. The message itself is an effect of the
 * turn like any other send: it leaves at the commit, once, with the whole text. Another run of the turn goes on with the stream that
 * the first has opened. Where the channel does not stream, there is the message alone: in group chats of Teams, on channels
 * other than Teams, Direct Line and Web Chat, and in turns that are answered inside their HTTP response.
 *
 * Protocol: https://learn.microsoft.com/microsoftteams/platform/bots/streaming-ux (Teams), and
 * https://github.com/microsoft/BotFramework-WebChat/blob/main/docs/LIVESTREAMING.md (Direct Line and Web Chat).
 */
export class ReplyStream {
  private said = '';
  /** Whether a call was made in vain. */
  #told = false;
  private finishing: Promise<ResourceResponse | undefined> | undefined;

  constructor(
    private readonly context: StreamingContext,
    /** Absent where there is none (any more). */
    private readonly turn: Turn | undefined,
    private readonly updates: StreamUpdates | undefined,
  ) {}

  /** The text so far. */
  get text(): string {
    return this.said;
  }

  /**
   * Says what the bot is doing until there is text; later ones take the place of earlier ones. At most 1,000 characters are shown.
   * @throws TurnwiseError `StreamEnded`
   */
  inform(text: string): Promise<void> {
    return this.#quietly(async () => {
      this.assertOpen();
      this.updates?.show({ streamType: 'informative', text });
    });
  }

  /** Adds to the text. Does not wait until it is shown. @throws TurnwiseError `StreamEnded` */
  append(text: string): Promise<void> {
    return this.#quietly(async () => {
      this.assertOpen();
      this.said += text;
      this.updates?.show({ streamType: 'streaming', text: this.said });
    });
  }

  /**
   * Ends the stream with the message that stays. It waits for the commit, and so does whatever is sent after it. A stream that the handler
   * does not end is ended when the handler returns; one with no text and no message to show for it ends without one.
   *
   * @param message what the message has beside the text: attachments, entities and the like. A `text` in it takes the place of the text so far, and should begin with it.
   * @returns an id for `updateActivity` and `deleteActivity`, as of any send
   * @throws TurnwiseError `StreamEnded`
   */
  end(message: Partial<Activity> = {}): Promise<ResourceResponse | undefined> {
    return this.#quietly(() => {
      this.assertOpen();
      this.finishing = this.#quietly(() => this.finish(message));
      return this.finishing;
    });
  }

  /** Ends it, unless it has ended. */
  async settle(): Promise<void> {
    await (this.finishing ?? this.end());
  }

  private assertOpen(): void {
    if (this.turn === undefined) throw new TurnwiseError('NoTurn');
    this.turn.assertOutsideStep();
    if (this.finishing !== undefined) throw new TurnwiseError('StreamEnded');
  }

  /**
   * A caller that waits sees a call fail. None has to: tokens may come from an emitter that waits for nothing, also after the end. The turn logs one such
   * failure.
   */
  #quietly<T>(run: () => Promise<T>): Promise<T> {
    const running = (async () => run())();
    running.catch((error: unknown) => {
      if (!this.#told) this.turn?.unheard?.(error);
      this.#told = true;
    });
    return running;
  }

  private async finish(message: Partial<Activity>): Promise<ResourceResponse | undefined> {
    const closed: ClosedUpdates = (await this.updates?.close()) ?? NOT_SHOWN;
    const { id } = closed;
    const hasContent = message.text !== undefined || (message.attachments ?? []).length > 0;
    // An open stream has to end with something, and channels take no empty message.
    const instead = id === undefined || hasContent ? undefined : (closed.informative ?? '…');
    const text = message.text ?? (this.said === '' ? instead : this.said);
    if (text === undefined && Object.keys(message).length === 0) return undefined;
    const complete: Partial<Activity> = {
      inputHint: InputHints.AcceptingInput,
      ...message,
      type: ActivityTypes.Message,
      ...(text === undefined ? {} : { text }),
    };
    if (id === undefined) return this.context.sendActivity(complete);
    if (closed.restMs > 0) this.turn?.send({ ...this.context.activity, type: 'delay', value: closed.restMs });
    return this.context.sendActivity(withStreamInfo(complete, { streamType: 'final', streamId: id }));
  }
}

const NOT_SHOWN: ClosedUpdates = { id: undefined, restMs: 0, informative: undefined };

const StreamKey: unique symbol = Symbol.for('turnwise.stream');

/** The stream of a turn: there is one. */
export function streamOf(context: StreamingContext, turn: Turn | undefined): ReplyStream {
  const open = context.turnState.get<ReplyStream>(StreamKey);
  if (open !== undefined) return open;
  if (turn === undefined) return new ReplyStream(context, undefined, undefined);
  const kind = shownLive(context, turn) ? streamKind(context.activity) : undefined;
  const updates = kind === undefined ? undefined : new StreamUpdates(turn, context.activity, kind);
  const stream = new ReplyStream(context, turn, updates);
  context.turnState.set(StreamKey, stream);
  return stream;
}

/** Ends the stream that a handler has left open. */
export async function settleStream(context: StreamingContext): Promise<void> {
  await context.turnState.get<ReplyStream>(StreamKey)?.settle();
}

/**
 * Prepares a context for the error handler in its own `turn`: it cannot stream, because the failed runs may have done so.
 * @returns the stream that they have left open
 */
export async function openStreamOf(context: StreamingContext, turn: Turn): Promise<string | undefined> {
  context.turnState.set(StreamKey, new ReplyStream(context, turn, undefined));
  return shownLive(context, turn) && streamKind(context.activity) !== undefined ? recordedStream(turn) : undefined;
}

/** Turns that are answered inside their HTTP response are too short for it, and several may run beside one another. */
function shownLive({ activity }: StreamingContext, turn: Turn): boolean {
  return turn.deadline === undefined && activity.deliveryMode !== DeliveryModes.ExpectReplies;
}

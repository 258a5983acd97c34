import type { ConversationReference } from '../schema/accounts';
import type { Activity } from '../schema/activity';
import { ActivityTypes, Channels } from '../schema/constants';
import type { ResourceResponse } from '../schema/conversations';
import { TurnwiseError } from '../schema/errors';
import { withStreamInfo } from '../schema/stream-info';
import { withDates } from '../schema/timestamps';
import { jsonClone } from '../schema/well-formed';
import { type Bot, botLogic } from './bot';
import { BotAdapter } from './bot-adapter';
import { BotCallbackHandlerKey, INVOKE_RESPONSE_KEY } from './keys';
import { openStreamOf, settleStream } from './reply-stream';
import { effectsOf } from './running-turn';
import { type Turn, TurnKey } from './turn';
import { TurnContext } from './turn-context';

const DELAY = 'delay';
const DEFAULT_DELAY_MS = 1000;

/**
 * The adapter of queued and inline turns: what a bot sends, updates and deletes becomes an effect of the {@link Turn} found in the
 * context, to be delivered when the turn commits. Holds no state of its own; one serves all turns of an application.
 */
export class TurnAdapter extends BotAdapter {
  /** Where `turnState` has the client for users' tokens, and what makes clients for other services, when the app provides them. */
  readonly UserTokenClientKey: symbol = Symbol.for('turnwise.userTokenClient');
  readonly ConnectorFactoryKey: symbol = Symbol.for('turnwise.connectorFactory');

  /**
   * A context for a turn on `activity`, which is copied: a handler may change what it holds without changing the record.
   * Put what middleware and bot should find in `turnState` before {@link run}.
   */
  createContext(activity: Activity): TurnContext {
    const context = new TurnContext(this, withDates(activity));
    // Outermost: with `expectReplies` a send that was not awaited would otherwise end in a buffer that nobody reads any more.
    // So are changes in a step: hooks may take longer than the step.
    context.onSendActivities(async (late, _activities, next) => {
      effectsOf(late);
      return next();
    });
    context.onUpdateActivity(async (late, _activity, next) => {
      effectsOf(late);
      return next();
    });
    context.onDeleteActivity(async (late, _reference, next) => {
      effectsOf(late);
      return next();
    });
    if (context.activity.locale) context.locale = context.activity.locale;
    return context;
  }

  /**
   * Runs one attempt: the middleware, and the bot inside it. When it settles, the turn is over for the context and its effects
   * are in `turn`. `onTurnError` is not called: whether an error is the last word is for the caller to decide.
   * @throws what middleware or bot threw.
   */
  async run(context: TurnContext, turn: Turn, bot: Bot): Promise<void> {
    const logic = botLogic(bot);
    context.turnState.set(BotCallbackHandlerKey, logic);
    await during(context, turn, async () => {
      await this.middleware.run(context, async () => {
        await logic(context);
        // Here, so that middleware sees the message that the bot has streamed.
        await settleStream(context);
      });
      await settleStream(context);
    });
  }

  /**
   * Lets `onTurnError` answer an error that is final. It runs outside the middleware, as bots know it. `context` may be that of the failed
   * attempt, so that hooks and `turnState` are as the error left them, or a new one; `turn` is a fresh one, because the failed
   * attempt's effects are gone. A stream that the failed attempts have left open ends with the first message. Does nothing without `onTurnError`.
   * @throws what `onTurnError` threw.
   */
  async runOnTurnError(context: TurnContext, turn: Turn, error: unknown): Promise<void> {
    const handler = this.onTurnError;
    if (handler === undefined) return;
    context.bufferedReplyActivities.length = 0;
    context.turnState.delete(INVOKE_RESPONSE_KEY);
    await during(context, turn, async () => {
      const open = await openStreamOf(context, turn);
      if (open !== undefined) endWithFirstMessage(context, open);
      await handler(context, error as Error);
      await settleStream(context);
    });
  }

  async sendActivities(context: TurnContext, activities: Partial<Activity>[]): Promise<ResourceResponse[]> {
    if (activities.length === 0) throw new TurnwiseError('NothingToSend');
    const turn = effectsOf(context);
    const responses: ResourceResponse[] = [];
    for (const activity of activities) responses.push(await this.sendOne(context, turn, activity));
    return responses;
  }

  async updateActivity(context: TurnContext, activity: Partial<Activity>): Promise<ResourceResponse | undefined> {
    const turn = effectsOf(context);
    if (!activity.id) throw new TurnwiseError('ActivityIdMissing');
    return turn.update(asSent(activity));
  }

  async deleteActivity(context: TurnContext, reference: Partial<ConversationReference>): Promise<void> {
    const turn = effectsOf(context);
    if (!reference.activityId) throw new TurnwiseError('ActivityIdMissing');
    const conversationId = reference.conversation?.id;
    if (conversationId !== undefined && conversationId !== context.activity.conversation?.id) {
      throw new TurnwiseError('OtherConversation');
    }
    turn.delete(reference.activityId);
  }

  /** Sends one activity as an effect of the turn. Override to treat some differently. */
  protected async sendOne(context: TurnContext, turn: Turn, activity: Partial<Activity>): Promise<ResourceResponse> {
    switch (activity.type) {
      case ActivityTypes.InvokeResponse:
        context.turnState.set(INVOKE_RESPONSE_KEY, activity);
        return { id: '' };
      case ActivityTypes.Trace:
        return activity.channelId === Channels.Emulator ? turn.send(withoutId(activity)) : { id: '' };
      case ActivityTypes.Typing:
        // The id of what opens a stream is that of the stream.
        return { id: (await turn.sendLive(withoutId(activity))).id ?? '' };
      case DELAY:
        turn.send({ ...withoutId(activity), value: delayOf(activity.value) });
        return { id: '' };
      default:
        return turn.send(withoutId(activity));
    }
  }
}

/** Makes `turn` the context's turn for as long as `run` takes. */
async function during(context: TurnContext, turn: Turn, run: () => Promise<void>): Promise<void> {
  context.turnState.set(TurnKey, turn);
  try {
    await run();
  } finally {
    // Not deleted: a context whose turn is over differs from one that never had one.
    context.turnState.set(TurnKey, undefined);
  }
}

/** The stream that failed attempts have left open ends with the first message that is sent. */
function endWithFirstMessage(context: TurnContext, streamId: string): void {
  let open = true;
  context.onSendActivities((_context, activities, next) => {
    const message = activities.find(({ type }) => type === ActivityTypes.Message);
    // What handlers get are copies, and `next` sends these very ones.
    if (open && message !== undefined) {
      open = false;
      Object.assign(message, withStreamInfo(message, { streamType: 'final', streamId }));
    }
    return next();
  });
}

function delayOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? Math.max(0, value) : DEFAULT_DELAY_MS;
}

function withoutId(activity: Partial<Activity>): Activity {
  const sent = asSent(activity);
  delete sent.id;
  return sent;
}

/** The activity as it would go over the wire now, so that changing the object after the send changes nothing. */
function asSent(activity: Partial<Activity>): Activity {
  try {
    return jsonClone(activity) as Activity;
  } catch (cause) {
    throw new TurnwiseError('ActivityNotJson', undefined, { cause });
  }
}

import type { ConversationReference } from '../schema/accounts';
import type { Activity } from '../schema/activity';
import { ActivityTypes, DeliveryModes, StatusCodes } from '../schema/constants';
import type { ConversationParameters } from '../schema/conversations';
import { TurnwiseError } from '../schema/errors';
import type { InvokeResponse } from '../schema/invoke';
import type { AdapterHost } from './adapter-host';
import { ConfigurationBotFrameworkAuthentication } from './bot-framework-authentication';
import { TurnAdapter } from './turn-adapter';
import type { TurnContext } from './turn-context';
import { type WebRequest, type WebResponse, webHeaders } from './web-request';

type Logic = (context: TurnContext) => Promise<void>;

/** An `Authorization` header, or, as an object, the result of a check that the caller has made. */
type Authentication = string | object;

/**
 * The adapter as authors of the Bot Framework SDK hold it. Middleware and `onTurnError` given to it are those of the app that it is
 * passed to; proactive turns begin here.
 *
 * ```ts
 * const adapter = new CloudAdapter();
 * adapter.use(new ShowTypingMiddleware());
 * adapter.onTurnError = async (context) => { await context.sendActivity('Sorry.'); };
 * export const app = createBotApp({ bot, adapter });
 *
 * // Anywhere later:
 * await adapter.continueConversationAsync(appId, reference, async (context) => {
 *   await context.sendActivity('Your order is on its way.');
 * });
 * ```
 */
export class CloudAdapter extends TurnAdapter {
  private host: AdapterHost | undefined;

  /** Settings of the app that were given in code. They count instead of the environment's. */
  readonly settings: Readonly<Record<string, string>>;

  /**
   * @param authentication a `ConfigurationBotFrameworkAuthentication` with settings. Anything else is not used: who may call, and as whom the bot calls, is
   * decided by settings, and without an app id among them no app works in production.
   */
  constructor(authentication?: unknown) {
    super();
    this.settings = authentication instanceof ConfigurationBotFrameworkAuthentication ? authentication.settings : {};
  }

  /** Makes this the adapter of an app. `createBotApp` calls it. @throws Error when it belongs to another app already */
  attach(host: AdapterHost): void {
    if (this.host !== undefined) throw new Error('This adapter belongs to another app already; make one for each.');
    this.host = host;
  }

  /**
   * Answers a request to the messaging endpoint, for web servers that parse bodies. It is answered when the activity is durable; its turn
   * follows, possibly in another process. So it is the app's bot that runs, and not `_logic`, which no other process could know.
   *
   * Sockets and named pipes are not served: they need a process that lives as long as the conversation.
   */
  async process(request: WebRequest, response: WebResponse, _logic?: Logic): Promise<void> {
    if (request.method !== undefined && request.method !== 'POST') return end(response, StatusCodes.METHOD_NOT_ALLOWED);
    if (typeof request.body !== 'object' || request.body === null) {
      const hint = '`req.body` not an object, make sure you are using middleware to parse incoming requests.';
      return end(response, StatusCodes.BAD_REQUEST, hint);
    }
    const answer = await this.hosted().receive(webHeaders(request), JSON.stringify(request.body));
    for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader?.(name, value);
    end(response, answer.status, answer.body);
  }

  /**
   * Runs `logic` on an activity as a turn, at once and beside the queue, and resolves when it is committed.
   * @param authorization the header, which is checked; or the result of a check that the caller has made
   * @throws TurnwiseError when the caller is not to be trusted; and what `logic` threw, unless `onTurnError` has answered for it
   */
  async processActivityDirect(authorization: Authentication, activity: Activity, logic: Logic): Promise<void> {
    await this.processActivity(authorization, activity, logic);
  }

  /**
   * Runs `logic` as a turn in a conversation, through the middleware, and resolves when it is committed: its state is stored then, and its
   * messages are on their way. It runs at once, beside a queued turn of the same conversation.
   *
   * @throws what `logic` threw, unless `onTurnError` has answered for it; TurnwiseError `NotByThisAdapter` outside an app
   */
  override async continueConversationAsync(
    _botAppIdOrClaims: string | object,
    reference: Partial<ConversationReference>,
    audienceOrLogic: string | Logic,
    logic?: Logic,
  ): Promise<void> {
    const turn = typeof audienceOrLogic === 'function' ? audienceOrLogic : logic;
    if (turn === undefined) throw new TypeError('`logic` must be defined');
    await this.hosted().continueConversation(reference as ConversationReference, turn);
  }

  /**
   * Creates a conversation on its channel and runs `logic` as its first turn, as {@link continueConversationAsync} does.
   * @throws ChannelServiceError when the channel refuses; and as {@link continueConversationAsync}
   */
  override async createConversationAsync(
    _botAppId: string,
    channelId: string,
    serviceUrl: string,
    _audience: string,
    parameters: ConversationParameters,
    logic: Logic,
  ): Promise<void> {
    if (typeof serviceUrl !== 'string' || !serviceUrl) throw new TypeError('`serviceUrl` must be a non-empty string');
    if (!parameters) throw new TypeError('`conversationParameters` must be defined');
    if (!logic) throw new TypeError('`logic` must be defined');
    await this.hosted().createConversation(channelId, serviceUrl, parameters, logic);
  }

  /** As {@link processActivityDirect}. @returns the answer, for an invoke and for what expects its replies */
  protected async processActivity(
    authorization: Authentication,
    activity: Activity,
    logic: Logic,
  ): Promise<InvokeResponse | undefined> {
    const host = this.hosted();
    const admitted = typeof authorization === 'string' ? await host.authenticate(authorization, activity) : activity;
    const answer = await host.run(admitted, logic);
    const isAnswered = activity.type === ActivityTypes.Invoke || activity.deliveryMode === DeliveryModes.ExpectReplies;
    return isAnswered ? answer : undefined;
  }

  private hosted(): AdapterHost {
    if (this.host === undefined) {
      throw new TurnwiseError('NotByThisAdapter', 'Pass it to createBotApp({ bot, adapter }) first.');
    }
    return this.host;
  }
}

function end(response: WebResponse, status: number, body?: unknown): void {
  response.status(status);
  if (body !== undefined) response.send(body);
  response.end();
}

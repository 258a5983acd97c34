import type { ConversationReference } from '../schema/accounts';
import type { Activity } from '../schema/activity';
import type { ConversationParameters, ResourceResponse } from '../schema/conversations';
import { TurnwiseError } from '../schema/errors';
import { type Middleware, type MiddlewareHandler, MiddlewareSet } from './middleware';
import type { TurnContext, TurnContextAdapter } from './turn-context';

/** What runs when a turn failed for good: its chance to apologise. */
export type TurnErrorHandler = (context: TurnContext, error: Error) => Promise<void>;

/** Between bots and channels: carries outbound activities, and runs middleware and bot around inbound ones. Extend it to make an adapter. */
export abstract class BotAdapter implements TurnContextAdapter {
  /** Where `turnState` has the caller's claims, its connector and its OAuth scope, when an adapter provides them. */
  readonly BotIdentityKey: symbol = Symbol.for('turnwise.botIdentity');
  readonly ConnectorClientKey: symbol = Symbol.for('turnwise.connectorClient');
  readonly OAuthScopeKey: symbol = Symbol.for('turnwise.oauthScope');

  protected readonly middleware: MiddlewareSet = new MiddlewareSet();
  private turnError: TurnErrorHandler | undefined;

  abstract sendActivities(context: TurnContext, activities: Partial<Activity>[]): Promise<ResourceResponse[]>;
  // biome-ignore lint/suspicious/noConfusingVoidType: adapters that were written for the Bot Framework SDK say `void`.
  abstract updateActivity(context: TurnContext, activity: Partial<Activity>): Promise<ResourceResponse | void>;
  abstract deleteActivity(context: TurnContext, reference: Partial<ConversationReference>): Promise<void>;

  get onTurnError(): TurnErrorHandler | undefined {
    return this.turnError;
  }

  set onTurnError(handler: TurnErrorHandler | undefined) {
    this.turnError = handler;
  }

  /** Adds middleware, the first being outermost. @throws TurnwiseError `NotMiddleware` */
  use(...middleware: (MiddlewareHandler | Middleware)[]): this {
    this.middleware.use(...middleware);
    return this;
  }

  /**
   * Runs `logic` in the conversation that `reference` names and resolves when it is done.
   * @throws TurnwiseError `NotByThisAdapter` unless an adapter implements it.
   */
  async continueConversationAsync(
    _botAppId: string,
    _reference: Partial<ConversationReference>,
    _logic: (context: TurnContext) => Promise<void>,
  ): Promise<void> {
    throw new TurnwiseError('NotByThisAdapter', 'continueConversationAsync');
  }

  /**
   * Creates a conversation and runs `logic` in it.
   * @throws TurnwiseError `NotByThisAdapter` unless an adapter implements it.
   */
  async createConversationAsync(
    _botAppId: string,
    _channelId: string,
    _serviceUrl: string,
    _audience: string,
    _parameters: ConversationParameters,
    _logic: (context: TurnContext) => Promise<void>,
  ): Promise<void> {
    throw new TurnwiseError('NotByThisAdapter', 'createConversationAsync');
  }

  /**
   * Runs the middleware, and `next` inside it. An error goes to {@link onTurnError}, which is outside the middleware, and is thrown when
   * there is none. For adapters without retries; `TurnAdapter` leaves errors to the runtime, which calls `onTurnError` last.
   */
  protected async runMiddleware(context: TurnContext, next: (context: TurnContext) => Promise<void>): Promise<void> {
    if (context.activity?.locale) context.locale = context.activity.locale;
    try {
      await this.middleware.run(context, () => next(context));
    } catch (error) {
      if (this.onTurnError === undefined) throw error;
      await this.onTurnError(context, error as Error);
    }
  }
}

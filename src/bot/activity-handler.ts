import type { MessageReaction } from '../schema/activity';
import {
  StatusCodes,
  tokenExchangeOperationName,
  tokenResponseEventName,
  verifyStateOperationName,
} from '../schema/constants';
import type {
  AdaptiveCardInvokeResponse,
  AdaptiveCardInvokeValue,
  InvokeResponse,
  SearchInvokeResponse,
  SearchInvokeValue,
} from '../schema/invoke';
import { ActivityHandlerBase } from './activity-handler-base';
import { InvokeException } from './invoke-exception';
import { adaptiveCardInvokeValue, searchInvokeValue } from './invoke-values';
import type { TurnContext } from './turn-context';

/**
 * A registered handler. What comes after it runs only through `next`: the handlers registered later for the same kind, then those of
 * the more specific kind, and at the end those of {@link ActivityHandler.onDialog}.
 */
export type BotHandler = (context: TurnContext, next: () => Promise<void>) => Promise<unknown>;

/**
 * A bot made of handlers. For every activity they run in the order turn, type, subtype, dialog, and within a kind in the order
 * of registration; each decides by calling `next` whether it goes on.
 *
 * Unlike in middleware, a second `next()` runs what follows again: the Bot Framework SDK has it so, and bots in which it happens on
 * some path, with nothing behind it, work.
 */
export class ActivityHandler extends ActivityHandlerBase {
  protected readonly handlers: Record<string, BotHandler[]> = {};

  /** For every activity. */
  onTurn(handler: BotHandler): this {
    return this.on('Turn', handler);
  }

  onMessage(handler: BotHandler): this {
    return this.on('Message', handler);
  }

  onMessageUpdate(handler: BotHandler): this {
    return this.on('MessageUpdate', handler);
  }

  onMessageDelete(handler: BotHandler): this {
    return this.on('MessageDelete', handler);
  }

  /** For every `conversationUpdate`, before the more specific ones. */
  onConversationUpdate(handler: BotHandler): this {
    return this.on('ConversationUpdate', handler);
  }

  /** For a `conversationUpdate` with members added, the bot itself included. */
  onMembersAdded(handler: BotHandler): this {
    return this.on('MembersAdded', handler);
  }

  /** For a `conversationUpdate` with members removed and none added. */
  onMembersRemoved(handler: BotHandler): this {
    return this.on('MembersRemoved', handler);
  }

  onMessageReaction(handler: BotHandler): this {
    return this.on('MessageReaction', handler);
  }

  onReactionsAdded(handler: BotHandler): this {
    return this.on('ReactionsAdded', handler);
  }

  onReactionsRemoved(handler: BotHandler): this {
    return this.on('ReactionsRemoved', handler);
  }

  onEvent(handler: BotHandler): this {
    return this.on('Event', handler);
  }

  /** For an `event` named `tokens/response`. */
  onTokenResponseEvent(handler: BotHandler): this {
    return this.on('TokenResponseEvent', handler);
  }

  onEndOfConversation(handler: BotHandler): this {
    return this.on('EndOfConversation', handler);
  }

  onTyping(handler: BotHandler): this {
    return this.on('Typing', handler);
  }

  onInstallationUpdate(handler: BotHandler): this {
    return this.on('InstallationUpdate', handler);
  }

  onInstallationUpdateAdd(handler: BotHandler): this {
    return this.on('InstallationUpdateAdd', handler);
  }

  onInstallationUpdateRemove(handler: BotHandler): this {
    return this.on('InstallationUpdateRemove', handler);
  }

  onCommand(handler: BotHandler): this {
    return this.on('Command', handler);
  }

  onCommandResult(handler: BotHandler): this {
    return this.on('CommandResult', handler);
  }

  /** For activities of types that have no other method here. */
  onUnrecognizedActivityType(handler: BotHandler): this {
    return this.on('UnrecognizedActivityType', handler);
  }

  /** For every activity, after all other handlers. */
  onDialog(handler: BotHandler): this {
    return this.on('Dialog', handler);
  }

  protected override async onTurnActivity(context: TurnContext): Promise<void> {
    await this.handle(context, 'Turn', () => super.onTurnActivity(context));
  }

  protected override async onMessageActivity(context: TurnContext): Promise<void> {
    await this.handle(context, 'Message', this.defaultNextEvent(context));
  }

  protected override async onMessageUpdateActivity(context: TurnContext): Promise<void> {
    await this.handle(context, 'MessageUpdate', () => this.dispatchMessageUpdateActivity(context));
  }

  protected override async onMessageDeleteActivity(context: TurnContext): Promise<void> {
    await this.handle(context, 'MessageDelete', () => this.dispatchMessageDeleteActivity(context));
  }

  protected override async onConversationUpdateActivity(context: TurnContext): Promise<void> {
    await this.handle(context, 'ConversationUpdate', () => this.dispatchConversationUpdateActivity(context));
  }

  protected override async onMessageReactionActivity(context: TurnContext): Promise<void> {
    await this.handle(context, 'MessageReaction', () => this.dispatchMessageReactionActivity(context));
  }

  protected override async onReactionsAddedActivity(_added: MessageReaction[], context: TurnContext): Promise<void> {
    await this.handle(context, 'ReactionsAdded', this.defaultNextEvent(context));
  }

  protected override async onReactionsRemovedActivity(
    _removed: MessageReaction[],
    context: TurnContext,
  ): Promise<void> {
    await this.handle(context, 'ReactionsRemoved', this.defaultNextEvent(context));
  }

  protected override async onEventActivity(context: TurnContext): Promise<void> {
    await this.handle(context, 'Event', () => this.dispatchEventActivity(context));
  }

  protected override async onEndOfConversationActivity(context: TurnContext): Promise<void> {
    await this.handle(context, 'EndOfConversation', this.defaultNextEvent(context));
  }

  protected override async onTypingActivity(context: TurnContext): Promise<void> {
    await this.handle(context, 'Typing', this.defaultNextEvent(context));
  }

  protected override async onInstallationUpdateActivity(context: TurnContext): Promise<void> {
    await this.handle(context, 'InstallationUpdate', () => this.dispatchInstallationUpdateActivity(context));
  }

  protected override async onInstallationUpdateAddActivity(context: TurnContext): Promise<void> {
    await this.handle(context, 'InstallationUpdateAdd', this.defaultNextEvent(context));
  }

  protected override async onInstallationUpdateRemoveActivity(context: TurnContext): Promise<void> {
    await this.handle(context, 'InstallationUpdateRemove', this.defaultNextEvent(context));
  }

  protected override async onCommandActivity(context: TurnContext): Promise<void> {
    await this.handle(context, 'Command', this.defaultNextEvent(context));
  }

  protected override async onCommandResultActivity(context: TurnContext): Promise<void> {
    await this.handle(context, 'CommandResult', this.defaultNextEvent(context));
  }

  protected override async onUnrecognizedActivity(context: TurnContext): Promise<void> {
    await this.handle(context, 'UnrecognizedActivityType', this.defaultNextEvent(context));
  }

  /**
   * Routes an invoke by its name, then runs the dialog handlers. 501 for what is not handled; an {@link InvokeException} becomes its
   * answer, and so does an error whose message is `NotImplemented`; any other error fails the turn.
   */
  protected override async onInvokeActivity(context: TurnContext): Promise<InvokeResponse> {
    try {
      return await this.dispatchInvokeActivity(context);
    } catch (error) {
      if (error instanceof InvokeException) return error.createInvokeResponse();
      if (error instanceof Error && error.message === 'NotImplemented') return { status: StatusCodes.NOT_IMPLEMENTED };
      throw error;
    } finally {
      await this.defaultNextEvent(context)();
    }
  }

  /** Override to sign users in: called for `signin/verifyState` and `signin/tokenExchange`. Answers 501 unless overridden, else 200. */
  protected async onSignInInvoke(_context: TurnContext): Promise<void> {
    throw new InvokeException(StatusCodes.NOT_IMPLEMENTED);
  }

  /** Override to answer an `Action.Execute` of an Adaptive Card. Answers 501 unless overridden. */
  protected async onAdaptiveCardInvoke(
    _context: TurnContext,
    _invokeValue: AdaptiveCardInvokeValue,
  ): Promise<AdaptiveCardInvokeResponse> {
    throw new InvokeException(StatusCodes.NOT_IMPLEMENTED);
  }

  /** Override to answer a type-ahead search of an Adaptive Card. Answers 501 unless overridden. */
  protected async onSearchInvoke(
    _context: TurnContext,
    _invokeValue: SearchInvokeValue,
  ): Promise<SearchInvokeResponse> {
    throw new InvokeException(StatusCodes.NOT_IMPLEMENTED);
  }

  protected async dispatchMessageUpdateActivity(context: TurnContext): Promise<void> {
    await this.defaultNextEvent(context)();
  }

  protected async dispatchMessageDeleteActivity(context: TurnContext): Promise<void> {
    await this.defaultNextEvent(context)();
  }

  protected async dispatchConversationUpdateActivity(context: TurnContext): Promise<void> {
    const { membersAdded, membersRemoved } = context.activity;
    if (membersAdded?.length) await this.handle(context, 'MembersAdded', this.defaultNextEvent(context));
    else if (membersRemoved?.length) await this.handle(context, 'MembersRemoved', this.defaultNextEvent(context));
    else await this.defaultNextEvent(context)();
  }

  protected async dispatchMessageReactionActivity(context: TurnContext): Promise<void> {
    const { reactionsAdded, reactionsRemoved } = context.activity;
    if (reactionsAdded || reactionsRemoved) await super.onMessageReactionActivity(context);
    else await this.defaultNextEvent(context)();
  }

  protected async dispatchEventActivity(context: TurnContext): Promise<void> {
    if (context.activity.name === tokenResponseEventName) {
      await this.handle(context, 'TokenResponseEvent', this.defaultNextEvent(context));
    } else {
      await this.defaultNextEvent(context)();
    }
  }

  protected async dispatchInstallationUpdateActivity(context: TurnContext): Promise<void> {
    switch (context.activity.action) {
      case 'add':
      case 'add-upgrade':
      case 'remove':
      case 'remove-upgrade':
        return super.onInstallationUpdateActivity(context);
      default:
        return this.defaultNextEvent(context)();
    }
  }

  /** What comes after the most specific handlers: the dialog handlers. */
  protected defaultNextEvent(context: TurnContext): () => Promise<void> {
    return async () => {
      await this.handle(context, 'Dialog', async () => undefined);
    };
  }

  /** Registers a handler for a kind of event. */
  protected on(type: string, handler: BotHandler): this {
    const registered = this.handlers[type] ?? [];
    registered.push(handler);
    this.handlers[type] = registered;
    return this;
  }

  /**
   * Runs the handlers of one kind, and `onNext` behind the last.
   * @returns the first value that a handler returned, in the order in which they end; that of `onNext` if it has one; else `null`.
   */
  protected async handle(context: TurnContext, type: string, onNext: () => Promise<unknown>): Promise<unknown> {
    const handlers = this.handlers[type] ?? [];
    let returned: unknown = null;
    const runFrom = async (index: number): Promise<void> => {
      const handler = handlers[index];
      const value = handler === undefined ? await onNext() : await handler(context, () => runFrom(index + 1));
      if (value !== undefined && (handler === undefined || returned === null)) returned = value;
    };
    await runFrom(0);
    return returned;
  }

  /** An answer with status 200. */
  protected static createInvokeResponse(body?: unknown): InvokeResponse {
    return body === undefined ? { status: StatusCodes.OK } : { status: StatusCodes.OK, body };
  }

  private async dispatchInvokeActivity(context: TurnContext): Promise<InvokeResponse> {
    switch (context.activity.name) {
      case 'application/search': {
        const response = await this.onSearchInvoke(context, searchInvokeValue(context.activity));
        return { status: response.statusCode, body: response };
      }
      case 'adaptiveCard/action': {
        const response = await this.onAdaptiveCardInvoke(context, adaptiveCardInvokeValue(context.activity));
        return { status: response.statusCode, body: response };
      }
      case verifyStateOperationName:
      case tokenExchangeOperationName:
        await this.onSignInInvoke(context);
        return { status: StatusCodes.OK };
      default:
        throw new InvokeException(StatusCodes.NOT_IMPLEMENTED);
    }
  }
}

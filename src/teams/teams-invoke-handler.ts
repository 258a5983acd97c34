import { ActivityHandler } from '../bot/activity-handler';
import { InvokeException } from '../bot/invoke-exception';
import type { TurnContext } from '../bot/turn-context';
import { Channels, StatusCodes, tokenExchangeOperationName, verifyStateOperationName } from '../schema/constants';
import type { InvokeResponse } from '../schema/invoke';
import type { O365ConnectorCardActionQuery, SigninStateVerificationQuery } from '../schema/teams-connector-cards';
import type { FileConsentCardResponse } from '../schema/teams-files';
import type {
  AppBasedLinkQuery,
  MessagingExtensionAction,
  MessagingExtensionActionResponse,
  MessagingExtensionQuery,
  MessagingExtensionResponse,
} from '../schema/teams-messaging-extensions';
import type {
  ConfigResponse,
  TabRequest,
  TabResponse,
  TabSubmit,
  TaskModuleRequest,
  TaskModuleResponse,
} from '../schema/teams-task-modules';

/** Calls a handler's method for one invoke. What it resolves to is the body of the answer. */
type InvokeRoute = (bot: TeamsInvokeHandler, context: TurnContext) => Promise<unknown>;

/**
 * The invokes of Teams: one method each, to be overridden. Those that are not answer 501. A method answers by returning, or with another
 * status by throwing an {@link InvokeException}; an error with the message `NotImplemented` is answered with 501, one with the
 * message `BadRequest` with 400, and any other fails the turn.
 */
export class TeamsInvokeHandler extends ActivityHandler {
  private static readonly routes: ReadonlyMap<string, InvokeRoute> = new Map<string, InvokeRoute>([
    ['config/fetch', (bot, context) => bot.handleTeamsConfigFetch(context, invokeValue(context))],
    ['config/submit', (bot, context) => bot.handleTeamsConfigSubmit(context, invokeValue(context))],
    ['fileConsent/invoke', (bot, context) => bot.handleTeamsFileConsent(context, invokeValue(context))],
    [
      'actionableMessage/executeAction',
      withoutBody((bot, context) => bot.handleTeamsO365ConnectorCardAction(context, invokeValue(context))),
    ],
    ['composeExtension/queryLink', (bot, context) => bot.handleTeamsAppBasedLinkQuery(context, invokeValue(context))],
    [
      'composeExtension/anonymousQueryLink',
      (bot, context) => bot.handleTeamsAnonymousAppBasedLinkQuery(context, invokeValue(context)),
    ],
    ['composeExtension/query', (bot, context) => bot.handleTeamsMessagingExtensionQuery(context, invokeValue(context))],
    [
      'composeExtension/selectItem',
      (bot, context) => bot.handleTeamsMessagingExtensionSelectItem(context, invokeValue(context)),
    ],
    [
      'composeExtension/submitAction',
      (bot, context) => bot.handleTeamsMessagingExtensionSubmitActionDispatch(context, invokeValue(context)),
    ],
    [
      'composeExtension/fetchTask',
      (bot, context) => bot.handleTeamsMessagingExtensionFetchTask(context, invokeValue(context)),
    ],
    [
      'composeExtension/querySettingUrl',
      (bot, context) => bot.handleTeamsMessagingExtensionConfigurationQuerySettingUrl(context, invokeValue(context)),
    ],
    [
      'composeExtension/setting',
      withoutBody((bot, context) =>
        bot.handleTeamsMessagingExtensionConfigurationSetting(context, invokeValue(context)),
      ),
    ],
    [
      'composeExtension/onCardButtonClicked',
      withoutBody((bot, context) => bot.handleTeamsMessagingExtensionCardButtonClicked(context, invokeValue(context))),
    ],
    ['task/fetch', (bot, context) => bot.handleTeamsTaskModuleFetch(context, invokeValue(context))],
    ['task/submit', (bot, context) => bot.handleTeamsTaskModuleSubmit(context, invokeValue(context))],
    ['tab/fetch', (bot, context) => bot.handleTeamsTabFetch(context, invokeValue(context))],
    ['tab/submit', (bot, context) => bot.handleTeamsTabSubmit(context, invokeValue(context))],
  ]);

  protected override async onInvokeActivity(context: TurnContext): Promise<InvokeResponse> {
    const { name, channelId } = context.activity;
    if (!name && channelId === Channels.Msteams) {
      return this.answerTeams(context, () => this.handleTeamsCardActionInvoke(context));
    }
    const route = TeamsInvokeHandler.routes.get(name ?? '');
    if (route === undefined) return super.onInvokeActivity(context);
    return this.answerTeams(context, async () => TeamsInvokeHandler.createInvokeResponse(await route(this, context)));
  }

  /** An invoke without a name: the button of a card. */
  protected async handleTeamsCardActionInvoke(_context: TurnContext): Promise<InvokeResponse> {
    throw notImplemented();
  }

  protected async handleTeamsConfigFetch(_context: TurnContext, _configData: unknown): Promise<ConfigResponse> {
    throw notImplemented();
  }

  protected async handleTeamsConfigSubmit(_context: TurnContext, _configData: unknown): Promise<ConfigResponse> {
    throw notImplemented();
  }

  /** Calls the method for what the user answered to a file consent card. */
  protected async handleTeamsFileConsent(context: TurnContext, response: FileConsentCardResponse): Promise<void> {
    switch (response?.action) {
      case 'accept':
        return this.handleTeamsFileConsentAccept(context, response);
      case 'decline':
        return this.handleTeamsFileConsentDecline(context, response);
      default:
        throw badRequest();
    }
  }

  protected async handleTeamsFileConsentAccept(
    _context: TurnContext,
    _fileConsentCardResponse: FileConsentCardResponse,
  ): Promise<void> {
    throw notImplemented();
  }

  protected async handleTeamsFileConsentDecline(
    _context: TurnContext,
    _fileConsentCardResponse: FileConsentCardResponse,
  ): Promise<void> {
    throw notImplemented();
  }

  protected async handleTeamsO365ConnectorCardAction(
    _context: TurnContext,
    _query: O365ConnectorCardActionQuery,
  ): Promise<void> {
    throw notImplemented();
  }

  /** Calls the method for the step of the sign-in. */
  protected override async onSignInInvoke(context: TurnContext): Promise<void> {
    switch (context.activity.name) {
      case verifyStateOperationName:
        return this.handleTeamsSigninVerifyState(context, invokeValue(context));
      case tokenExchangeOperationName:
        return this.handleTeamsSigninTokenExchange(context, invokeValue(context));
    }
  }

  protected async handleTeamsSigninVerifyState(
    _context: TurnContext,
    _query: SigninStateVerificationQuery,
  ): Promise<void> {
    throw notImplemented();
  }

  protected async handleTeamsSigninTokenExchange(
    _context: TurnContext,
    _query: SigninStateVerificationQuery,
  ): Promise<void> {
    throw notImplemented();
  }

  protected async handleTeamsMessagingExtensionCardButtonClicked(
    _context: TurnContext,
    _cardData: unknown,
  ): Promise<void> {
    throw notImplemented();
  }

  protected async handleTeamsTaskModuleFetch(
    _context: TurnContext,
    _taskModuleRequest: TaskModuleRequest,
  ): Promise<TaskModuleResponse> {
    throw notImplemented();
  }

  protected async handleTeamsTaskModuleSubmit(
    _context: TurnContext,
    _taskModuleRequest: TaskModuleRequest,
  ): Promise<TaskModuleResponse> {
    throw notImplemented();
  }

  protected async handleTeamsTabFetch(_context: TurnContext, _tabRequest: TabRequest): Promise<TabResponse> {
    throw notImplemented();
  }

  protected async handleTeamsTabSubmit(_context: TurnContext, _tabSubmit: TabSubmit): Promise<TabResponse> {
    throw notImplemented();
  }

  /** A link was pasted whose domain the bot's manifest names. */
  protected async handleTeamsAppBasedLinkQuery(
    _context: TurnContext,
    _query: AppBasedLinkQuery,
  ): Promise<MessagingExtensionResponse> {
    throw notImplemented();
  }

  /** The same, where the bot is not installed. */
  protected async handleTeamsAnonymousAppBasedLinkQuery(
    _context: TurnContext,
    _query: AppBasedLinkQuery,
  ): Promise<MessagingExtensionResponse> {
    throw notImplemented();
  }

  protected async handleTeamsMessagingExtensionQuery(
    _context: TurnContext,
    _query: MessagingExtensionQuery,
  ): Promise<MessagingExtensionResponse> {
    throw notImplemented();
  }

  /** `query` is the value of the tapped result. */
  protected async handleTeamsMessagingExtensionSelectItem(
    _context: TurnContext,
    _query: unknown,
  ): Promise<MessagingExtensionResponse> {
    throw notImplemented();
  }

  /** Calls the method for what the user did: submit a form, or edit or send the preview of a bot message. */
  protected async handleTeamsMessagingExtensionSubmitActionDispatch(
    context: TurnContext,
    action: MessagingExtensionAction,
  ): Promise<MessagingExtensionActionResponse> {
    if (!action) throw badRequest();
    if (!action.botMessagePreviewAction) return this.handleTeamsMessagingExtensionSubmitAction(context, action);
    switch (action.botMessagePreviewAction) {
      case 'edit':
        return this.handleTeamsMessagingExtensionBotMessagePreviewEdit(context, action);
      case 'send':
        return this.handleTeamsMessagingExtensionBotMessagePreviewSend(context, action);
      default:
        throw badRequest();
    }
  }

  protected async handleTeamsMessagingExtensionSubmitAction(
    _context: TurnContext,
    _action: MessagingExtensionAction,
  ): Promise<MessagingExtensionActionResponse> {
    throw notImplemented();
  }

  protected async handleTeamsMessagingExtensionBotMessagePreviewEdit(
    _context: TurnContext,
    _action: MessagingExtensionAction,
  ): Promise<MessagingExtensionActionResponse> {
    throw notImplemented();
  }

  protected async handleTeamsMessagingExtensionBotMessagePreviewSend(
    _context: TurnContext,
    _action: MessagingExtensionAction,
  ): Promise<MessagingExtensionActionResponse> {
    throw notImplemented();
  }

  protected async handleTeamsMessagingExtensionFetchTask(
    _context: TurnContext,
    _action: MessagingExtensionAction,
  ): Promise<MessagingExtensionActionResponse> {
    throw notImplemented();
  }

  protected async handleTeamsMessagingExtensionConfigurationQuerySettingUrl(
    _context: TurnContext,
    _query: MessagingExtensionQuery,
  ): Promise<MessagingExtensionResponse> {
    throw notImplemented();
  }

  protected async handleTeamsMessagingExtensionConfigurationSetting(
    _context: TurnContext,
    _settings: unknown,
  ): Promise<void> {
    throw notImplemented();
  }

  /** Answers an invoke, and runs the dialog handlers then, whether it went well or not. */
  private async answerTeams(context: TurnContext, answer: () => Promise<InvokeResponse>): Promise<InvokeResponse> {
    try {
      return await answer();
    } catch (error) {
      if (error instanceof InvokeException) return error.createInvokeResponse();
      const status = STATUS_OF_MESSAGE.get(error instanceof Error ? error.message : '');
      if (status === undefined) throw error;
      return { status };
    } finally {
      await this.defaultNextEvent(context)();
    }
  }
}

const STATUS_OF_MESSAGE: ReadonlyMap<string, number> = new Map([
  ['NotImplemented', StatusCodes.NOT_IMPLEMENTED],
  ['BadRequest', StatusCodes.BAD_REQUEST],
]);

const notImplemented = (): Error => new Error('NotImplemented');
const badRequest = (): Error => new Error('BadRequest');

/** The value of the invoke, as the type that its method names: what Teams sends under that name. */
function invokeValue<T>({ activity }: TurnContext): T {
  return activity.value as T;
}

/** For invokes whose answer is the status alone, whatever the method returns. */
function withoutBody(route: InvokeRoute): InvokeRoute {
  return async (bot, context) => {
    await route(bot, context);
  };
}

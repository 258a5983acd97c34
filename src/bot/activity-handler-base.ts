import type { ChannelAccount } from '../schema/accounts';
import type { MessageReaction } from '../schema/activity';
import { ActivityTypes, StatusCodes } from '../schema/constants';
import type { InvokeResponse } from '../schema/invoke';
import { INVOKE_RESPONSE_KEY } from './keys';
import type { TurnContext } from './turn-context';

/**
 * Routes an activity to one method by its type. Extend it to handle activities by overriding; `ActivityHandler` adds handlers that
 * are registered. Every method does nothing unless it says otherwise.
 */
export class ActivityHandlerBase {
  /**
   * Handles one turn.
   * @throws Error without a context, an activity, or an activity type.
   */
  async run(context: TurnContext): Promise<void> {
    if (!context) throw new Error('Missing TurnContext parameter');
    if (!context.activity) throw new Error('TurnContext does not include an activity');
    if (!context.activity.type) throw new Error('Activity is missing its type');
    await this.onTurnActivity(context);
  }

  /** Calls the method for the activity's type. An `invoke` is answered with what its method returns, unless it was answered already. */
  protected async onTurnActivity(context: TurnContext): Promise<void> {
    switch (context.activity.type) {
      case ActivityTypes.Message:
        return this.onMessageActivity(context);
      case ActivityTypes.MessageUpdate:
        return this.onMessageUpdateActivity(context);
      case ActivityTypes.MessageDelete:
        return this.onMessageDeleteActivity(context);
      case ActivityTypes.ConversationUpdate:
        return this.onConversationUpdateActivity(context);
      case ActivityTypes.MessageReaction:
        return this.onMessageReactionActivity(context);
      case ActivityTypes.Event:
        return this.onEventActivity(context);
      case ActivityTypes.Invoke:
        return this.answerInvoke(context);
      case ActivityTypes.EndOfConversation:
        return this.onEndOfConversationActivity(context);
      case ActivityTypes.Typing:
        return this.onTypingActivity(context);
      case ActivityTypes.InstallationUpdate:
        return this.onInstallationUpdateActivity(context);
      case ActivityTypes.Command:
        return this.onCommandActivity(context);
      case ActivityTypes.CommandResult:
        return this.onCommandResultActivity(context);
      default:
        return this.onUnrecognizedActivity(context);
    }
  }

  protected async onMessageActivity(_context: TurnContext): Promise<void> {}

  protected async onMessageUpdateActivity(_context: TurnContext): Promise<void> {}

  protected async onMessageDeleteActivity(_context: TurnContext): Promise<void> {}

  /** Calls the method for members added, or else that for members removed, if any of them is not the bot itself. */
  protected async onConversationUpdateActivity(context: TurnContext): Promise<void> {
    const { membersAdded, membersRemoved, recipient } = context.activity;
    const others = (members: ChannelAccount[]) => members.some((each) => recipient && recipient.id !== each.id);
    if (membersAdded?.length) {
      if (others(membersAdded)) await this.onMembersAddedActivity(membersAdded, context);
    } else if (membersRemoved?.length) {
      if (others(membersRemoved)) await this.onMembersRemovedActivity(membersRemoved, context);
    }
  }

  protected async onMembersAddedActivity(_membersAdded: ChannelAccount[], _context: TurnContext): Promise<void> {}

  protected async onMembersRemovedActivity(_membersRemoved: ChannelAccount[], _context: TurnContext): Promise<void> {}

  /** Calls the method for reactions added, and then that for reactions removed, where there are any. */
  protected async onMessageReactionActivity(context: TurnContext): Promise<void> {
    const { reactionsAdded, reactionsRemoved } = context.activity;
    if (reactionsAdded?.length) await this.onReactionsAddedActivity(reactionsAdded, context);
    if (reactionsRemoved?.length) await this.onReactionsRemovedActivity(reactionsRemoved, context);
  }

  protected async onReactionsAddedActivity(_reactionsAdded: MessageReaction[], _context: TurnContext): Promise<void> {}

  protected async onReactionsRemovedActivity(
    _reactionsRemoved: MessageReaction[],
    _context: TurnContext,
  ): Promise<void> {}

  protected async onEventActivity(_context: TurnContext): Promise<void> {}

  /** Answers 501 unless overridden. */
  protected async onInvokeActivity(_context: TurnContext): Promise<InvokeResponse> {
    return { status: StatusCodes.NOT_IMPLEMENTED };
  }

  protected async onEndOfConversationActivity(_context: TurnContext): Promise<void> {}

  protected async onTypingActivity(_context: TurnContext): Promise<void> {}

  /** Calls the method for added or for removed, upgrades included. */
  protected async onInstallationUpdateActivity(context: TurnContext): Promise<void> {
    switch (context.activity.action) {
      case 'add':
      case 'add-upgrade':
        return this.onInstallationUpdateAddActivity(context);
      case 'remove':
      case 'remove-upgrade':
        return this.onInstallationUpdateRemoveActivity(context);
    }
  }

  protected async onInstallationUpdateAddActivity(_context: TurnContext): Promise<void> {}

  protected async onInstallationUpdateRemoveActivity(_context: TurnContext): Promise<void> {}

  protected async onCommandActivity(_context: TurnContext): Promise<void> {}

  protected async onCommandResultActivity(_context: TurnContext): Promise<void> {}

  protected async onUnrecognizedActivity(_context: TurnContext): Promise<void> {}

  private async answerInvoke(context: TurnContext): Promise<void> {
    const response = await this.onInvokeActivity(context);
    if (response && !context.turnState.get(INVOKE_RESPONSE_KEY)) {
      await context.sendActivity({ type: ActivityTypes.InvokeResponse, value: response });
    }
  }
}

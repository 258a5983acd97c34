import {
  INVOKE_RESPONSE_KEY as THEIR_INVOKE_RESPONSE_KEY,
  type StatePropertyAccessor as TheirAccessor,
  type Activity as TheirActivity,
  type BotAdapter as TheirAdapter,
  type BotState as TheirBotState,
  TurnContext as TheirContext,
  type ConversationState as TheirConversationState,
  type UserState as TheirUserState,
} from 'botbuilder-core';
import type { BotState } from '../bot/bot-state';
import type { ConversationState } from '../bot/conversation-state';
import { INVOKE_RESPONSE_KEY } from '../bot/keys';
import type { StatePropertyAccessor } from '../bot/state-property';
import { TurnContext } from '../bot/turn-context';
import type { UserState } from '../bot/user-state';
import type { Activity } from '../schema/activity';

/** Where a turn's context of the Bot Framework SDK is kept, so that there is one per turn. */
const THEIRS: unique symbol = Symbol.for('turnwise.botbuilderContext');

/** A view of a context that hands out what the context shares with its copies. */
class OpenContext extends TurnContext {
  get parts() {
    return this.shared;
  }
}

/**
 * The same turn, as the Bot Framework SDK knows it: a `TurnContext` of `botbuilder-core`. What is sent, set and registered on either is so on
 * both. One turn has one.
 *
 * Dialogs of `botbuilder-dialogs` run on Turnwise's own context as well; this one is for TypeScript, which does not take one class for
 * another, and for code that asks with `instanceof` or extends `TurnContext`.
 *
 * ```ts
 * const dialogs = new DialogSet(toBotBuilder(conversationState.createProperty<DialogState>('dialogs')));
 * const dialogContext = await dialogs.createContext(toBotBuilder(context));
 * ```
 */
export function toBotBuilder(context: TurnContext): TheirContext;
/** A property of Turnwise's state, where the Bot Framework SDK's types want one of theirs. It is the same object. */
export function toBotBuilder<T>(accessor: StatePropertyAccessor<T>): TheirAccessor<T>;
/** A state of Turnwise, where the Bot Framework SDK's types want one of theirs. It is the same object. */
export function toBotBuilder(state: ConversationState): TheirConversationState;
/** A state of Turnwise, where the Bot Framework SDK's types want one of theirs. It is the same object. */
export function toBotBuilder(state: UserState): TheirUserState;
/** A state of Turnwise, where the Bot Framework SDK's types want one of theirs, such as in `DialogManager`. It is the same object. */
export function toBotBuilder(state: BotState): TheirBotState;
/** An activity, where the Bot Framework SDK's types want one of theirs, such as in a prompt. It is the same object. */
export function toBotBuilder(activity: Partial<Activity>): Partial<TheirActivity>;
export function toBotBuilder(ours: object): unknown {
  return ours instanceof TurnContext ? theirContext(ours) : ours;
}

function theirContext(ours: TurnContext): TheirContext {
  const { parts } = new OpenContext(ours);
  const existing = ours.turnState.get<TheirContext>(THEIRS);
  if (existing !== undefined) return existing;
  const theirs = new TheirContext(ours.adapter as unknown as TheirAdapter, ours.activity as TheirContext['activity']);
  // Private in their class, and shared between its own copies in the same way. Version 4.23.3 is its last.
  const shared = {
    _adapter: ours.adapter,
    _activity: ours.activity,
    _turnState: parts.turnState,
    _respondedRef: parts,
    _onSendActivities: parts.sendHandlers,
    _onUpdateActivity: parts.updateHandlers,
    _onDeleteActivity: parts.deleteHandlers,
    bufferedReplyActivities: parts.buffered,
  };
  // Their own way of copying leaves the turn's state out, and the copy could send nothing.
  const copyTo = (copy: object): object => Object.assign(copy, shared, { copyTo });
  copyTo(theirs);
  if (parts.locale !== undefined) theirs.locale = parts.locale;
  // Their handlers look for the answer to an invoke under a symbol of their own.
  ours.onSendActivities(async (_context, _activities, next) => {
    const responses = await next();
    const answer = parts.turnState.get(INVOKE_RESPONSE_KEY);
    if (answer !== undefined) parts.turnState.set(THEIR_INVOKE_RESPONSE_KEY, answer);
    return responses;
  });
  ours.turnState.set(THEIRS, theirs);
  return theirs;
}

// What every bot uses.
export { type BotApp, type BotAppOptions, createBotApp } from './app';
export { ActivityHandler } from './bot/activity-handler';
export { ActivityHandlerBase } from './bot/activity-handler-base';
export type { Bot } from './bot/bot';
export { BotState } from './bot/bot-state';
export { ConversationState } from './bot/conversation-state';
export { type Middleware, type MiddlewareHandler, MiddlewareSet } from './bot/middleware';
export { PrivateConversationState } from './bot/private-conversation-state';
export { TurnContext } from './bot/turn-context';
export { UserState } from './bot/user-state';
export { TURNS_QUEUE } from './configured';
export { CardFactory } from './schema/card-factory';
export * from './schema/constants';
export { MessageFactory } from './schema/message-factory';

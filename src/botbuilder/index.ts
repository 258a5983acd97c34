// What moves a bot over that was written for the Bot Framework SDK.
export {
  type BotBuilderBot,
  type FromBotBuilderOptions,
  fromBotBuilder,
  type TheirBot,
} from './from-botbuilder';
export { toBotBuilder } from './to-botbuilder';
export { TurnStorage } from './turn-storage';

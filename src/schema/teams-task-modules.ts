import type { Attachment, CardAction, SuggestedActions } from './attachments';
import type { Extensible, Open, Untyped } from './json';

/** What a task module or a message is: it goes on, or says something and closes. */
export type BotMessagePreviewType = 'message' | 'continue';

/** How long Teams may keep an answer. */
export interface CacheInfo extends Extensible {
  cacheType?: string;
  /** In seconds. */
  cacheDuration?: number;
}

/** The tab that an invoke comes from. */
export interface TabEntityContext extends Extensible {
  tabEntityId?: string;
}

/** How the client looks. */
export interface TaskModuleRequestContext extends Extensible {
  theme?: string;
}

/** The value of `task/fetch` and `task/submit`. */
export interface TaskModuleRequest extends Extensible {
  /** What the card's button, or the form, sends. */
  data?: Untyped;
  context?: TaskModuleRequestContext;
  tabContext?: TabEntityContext;
}

/** What the answers to a task module share. */
export interface TaskModuleResponseBase extends Extensible {
  type?: Open<BotMessagePreviewType>;
}

/** A dialog to show: a page or a card. */
export interface TaskModuleTaskInfo extends Extensible {
  title?: string;
  height?: number | 'small' | 'medium' | 'large';
  width?: number | 'small' | 'medium' | 'large';
  url?: string;
  card?: Attachment;
  fallbackUrl?: string;
  completionBotId?: string;
}

/** Shows a dialog. */
export interface TaskModuleContinueResponse extends TaskModuleResponseBase {
  value?: TaskModuleTaskInfo;
}

/** Says something and closes the dialog. */
export interface TaskModuleMessageResponse extends TaskModuleResponseBase {
  value?: string;
}

/** Shows a card in a tab. */
export interface TaskModuleCardResponse extends TaskModuleResponseBase {
  value?: string;
}

/** The answer to `task/fetch` and `task/submit`. */
export interface TaskModuleResponse extends Extensible {
  task?: TaskModuleContinueResponse | TaskModuleMessageResponse;
  cacheInfo?: CacheInfo;
}

/** Asks for a sign-in before the bot is configured. */
export interface BotConfigAuth extends Extensible {
  suggestedActions?: SuggestedActions;
  type: 'auth';
}

/** What a configuration goes on with. */
export type ConfigResponseConfig = BotConfigAuth | TaskModuleResponse;

/** The answer to `config/fetch` and `config/submit`. */
export interface ConfigResponse extends Extensible {
  cacheInfo?: CacheInfo;
  config: ConfigResponseConfig;
  responseType: 'config';
}

/** How the client of a tab looks. */
export interface TabContext extends Extensible {
  theme?: string;
}

/** The value of `tab/fetch`. */
export interface TabRequest extends Extensible {
  tabContext?: TabEntityContext;
  context?: TabContext;
  state?: string;
}

/** What a form in a tab sends. */
export interface TabSubmitData extends Extensible {
  type?: string;
}

/** The value of `tab/submit`. */
export interface TabSubmit extends Extensible {
  tabContext?: TabEntityContext;
  context?: TabContext;
  data?: TabSubmitData;
}

/** A card in a tab. */
export interface TabResponseCard extends Extensible {
  card: Record<string, unknown>;
}

/** The cards of a tab. */
export interface TabResponseCards extends Extensible {
  cards: TabResponseCard[];
}

/** What a tab offers to do, for example to sign in. */
export interface TabSuggestedActions extends Extensible {
  actions: CardAction[];
}

/** The content of a tab. */
export interface TabResponsePayload extends Extensible {
  type?: 'continue' | 'auth' | 'silentAuth';
  value?: TabResponseCards;
  suggestedActions?: TabSuggestedActions;
}

/** The answer to `tab/fetch` and `tab/submit`. */
export interface TabResponse extends Extensible {
  tab: TabResponsePayload;
}

import type { Activity } from './activity';
import type { Attachment, CardAction } from './attachments';
import type { Extensible, Open, Untyped } from './json';
import type { MessageActionsPayload } from './teams-message-payload';
import type {
  CacheInfo,
  TaskModuleContinueResponse,
  TaskModuleMessageResponse,
  TaskModuleRequest,
} from './teams-task-modules';

/** Where a messaging extension was called from. */
export type CommandContext = 'message' | 'compose' | 'commandbox';
/** What the user did with a preview. */
export type BotMessagePreviewActionType = 'edit' | 'send';
/** How results are laid out. */
export type AttachmentLayout = 'list' | 'grid';
/** What a messaging extension answers with. */
export type MessagingExtensionResultType =
  | 'result'
  | 'auth'
  | 'config'
  | 'message'
  | 'botMessagePreview'
  | 'silentAuth';

/** Which results are asked for. */
export interface MessagingExtensionQueryOptions extends Extensible {
  skip?: number;
  count?: number;
}

/** A parameter of a query. */
export interface MessagingExtensionParameter extends Extensible {
  name?: string;
  value?: Untyped;
}

/** The value of `composeExtension/query` and `composeExtension/querySettingUrl`. */
export interface MessagingExtensionQuery extends Extensible {
  commandId?: string;
  parameters?: MessagingExtensionParameter[];
  queryOptions?: MessagingExtensionQueryOptions;
  state?: string;
}

/** The value of `composeExtension/submitAction` and `composeExtension/fetchTask`. */
export interface MessagingExtensionAction extends TaskModuleRequest {
  commandId?: string;
  commandContext?: Open<CommandContext>;
  botMessagePreviewAction?: Open<BotMessagePreviewActionType>;
  botActivityPreview?: Activity[];
  /** The message that the command was called on. */
  messagePayload?: MessageActionsPayload;
}

/** The value of `composeExtension/queryLink` and `composeExtension/anonymousQueryLink`. */
export interface AppBasedLinkQuery extends Extensible {
  url?: string;
  state?: string;
}

/** A result: the card that is inserted, and what stands for it in the list. */
export interface MessagingExtensionAttachment extends Attachment {
  preview?: Attachment;
}

/** What a messaging extension offers to do, for example to sign in. */
export interface MessagingExtensionSuggestedAction extends Extensible {
  actions?: CardAction[];
}

/** The results of a messaging extension. */
export interface MessagingExtensionResult extends Extensible {
  attachmentLayout?: Open<AttachmentLayout>;
  type?: Open<MessagingExtensionResultType>;
  attachments?: MessagingExtensionAttachment[];
  suggestedActions?: MessagingExtensionSuggestedAction;
  text?: string;
  activityPreview?: Partial<Activity>;
}

/** The answer to a query, a link or a selected item. */
export interface MessagingExtensionResponse extends Extensible {
  composeExtension?: MessagingExtensionResult;
  cacheInfo?: CacheInfo;
}

/** The answer to an action: another dialog, or results. */
export interface MessagingExtensionActionResponse extends MessagingExtensionResponse {
  task?: TaskModuleContinueResponse | TaskModuleMessageResponse;
}

import type { O365ConnectorCardActionBase } from './cards';
import type { Extensible, Open } from './json';

/** Which action of a connector card it is: its `@type`. */
export type O365ConnectorCardActionType = 'ViewAction' | 'OpenUri' | 'HttpPOST' | 'ActionCard';
/** Which input of a connector card it is: its `@type`. */
export type O365ConnectorCardInputType = 'textInput' | 'dateInput' | 'multichoiceInput';
/** How an image is shown beside an activity. */
export type ActivityImageType = 'avatar' | 'article';
/** The operating systems for which a link can differ. */
export type Os = 'default' | 'iOS' | 'android' | 'windows';
/** How choices are shown. */
export type Style = 'compact' | 'expanded';

/** Opens one of several pages. */
export interface O365ConnectorCardViewAction extends O365ConnectorCardActionBase {
  target?: string[];
}

/** The page to open on one operating system. */
export interface O365ConnectorCardOpenUriTarget extends Extensible {
  os?: Open<Os>;
  uri?: string;
}

/** Opens a page. */
export interface O365ConnectorCardOpenUri extends O365ConnectorCardActionBase {
  targets?: O365ConnectorCardOpenUriTarget[];
}

/** Sends `body` back to the bot. */
export interface O365ConnectorCardHttpPOST extends O365ConnectorCardActionBase {
  body?: string;
}

/** An input; which other properties it has depends on `@type`. */
export interface O365ConnectorCardInputBase extends Extensible {
  '@type'?: Open<O365ConnectorCardInputType>;
  id?: string;
  isRequired?: boolean;
  title?: string;
  value?: string;
}

/** A form. */
export interface O365ConnectorCardActionCard extends O365ConnectorCardActionBase {
  inputs?: O365ConnectorCardInputBase[];
  actions?: O365ConnectorCardActionBase[];
}

/** An input of text. */
export interface O365ConnectorCardTextInput extends O365ConnectorCardInputBase {
  isMultiline?: boolean;
  maxLength?: number;
}

/** An input of a date. */
export interface O365ConnectorCardDateInput extends O365ConnectorCardInputBase {
  includeTime?: boolean;
}

/** One choice. */
export interface O365ConnectorCardMultichoiceInputChoice extends Extensible {
  display?: string;
  value?: string;
}

/** An input of one or more choices. */
export interface O365ConnectorCardMultichoiceInput extends O365ConnectorCardInputBase {
  choices?: O365ConnectorCardMultichoiceInputChoice[];
  style?: Open<Style>;
  isMultiSelect?: boolean;
}

/** The value of `actionableMessage/executeAction`. */
export interface O365ConnectorCardActionQuery extends Extensible {
  body?: string;
  actionId?: string;
}

/** The value of `signin/verifyState`: the code that the user's sign-in ended with. */
export interface SigninStateVerificationQuery extends Extensible {
  state?: string;
}

import type { ActionTypes } from './constants';
import type { Extensible, Open, Untyped } from './json';

/** A card or a file that a message carries. */
export interface Attachment extends Extensible {
  contentType: string;
  contentUrl?: string;
  content?: Untyped;
  name?: string;
  thumbnailUrl?: string;
}

/** A button, or what a tap does. */
export interface CardAction extends Extensible {
  type: Open<ActionTypes>;
  title?: string;
  image?: string;
  imageAltText?: string;
  text?: string;
  displayText?: string;
  value?: Untyped;
  channelData?: Untyped;
}

/** Buttons below a message, gone once one was pressed. */
export interface SuggestedActions extends Extensible {
  /** Ids of those who see them; everybody when left out. */
  to?: string[];
  actions: CardAction[];
}

/** One size in which an attachment can be had. */
export interface AttachmentView extends Extensible {
  viewId: string;
  size: number;
}

/** What the channel says about an uploaded attachment. */
export interface AttachmentInfo extends Extensible {
  name: string;
  type: string;
  views: AttachmentView[];
}

/** An attachment to upload. */
export interface AttachmentData extends Extensible {
  type: string;
  name: string;
  originalBase64: Uint8Array;
  thumbnailBase64?: Uint8Array;
}

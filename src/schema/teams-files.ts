import type { Attachment } from './attachments';
import type { Extensible, Open, Untyped } from './json';

/** What the user answered to a file consent card. */
export type Action = 'accept' | 'decline';

/** An attachment whose content is known. */
export interface TeamsAttachment<Content> extends Attachment {
  content: Content;
}

/** Asks the user whether the bot may upload a file. */
export interface FileConsentCard extends Extensible {
  description?: string;
  sizeInBytes?: number;
  /** Comes back when the user accepts. */
  acceptContext?: Untyped;
  /** Comes back when the user declines. */
  declineContext?: Untyped;
}

/** Where the file may be uploaded to. */
export interface FileUploadInfo extends Extensible {
  name?: string;
  uploadUrl?: string;
  contentUrl?: string;
  uniqueId?: string;
  fileType?: string;
}

/** The value of `fileConsent/invoke`. */
export interface FileConsentCardResponse extends Extensible {
  action?: Open<Action>;
  context?: Untyped;
  uploadInfo?: FileUploadInfo;
}

/** Where a file that the user sent can be had. */
export interface FileDownloadInfo extends Extensible {
  downloadUrl?: string;
  uniqueId?: string;
  fileType?: string;
  etag?: Untyped;
}

/** A file that the user sent. */
export type FileDownloadInfoAttachment = TeamsAttachment<FileDownloadInfo>;

/** Shows a file that was uploaded. */
export interface FileInfoCard extends Extensible {
  uniqueId?: string;
  fileType?: string;
  etag?: Untyped;
}

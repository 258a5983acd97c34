import type { Activity } from '../schema/activity';

/** Where activities are written down. */
export interface TranscriptLogger {
  logActivity(activity: Activity): void | Promise<void>;
}

/** One page of many things. */
export interface PagedResult<T> {
  items: T[];
  /** Hand it back for the next page; there is none when it is `undefined`. */
  continuationToken: string | undefined;
}

/** A conversation that was written down. */
export interface TranscriptInfo {
  channelId: string;
  /** The conversation's id. */
  id: string;
  /** The time of its first activity. */
  created: Date;
}

/** Where activities are written down and can be read again. */
export interface TranscriptStore extends TranscriptLogger {
  /** The activities of a conversation by time, from `startDate` on. */
  getTranscriptActivities(
    channelId: string,
    conversationId: string,
    continuationToken?: string,
    startDate?: Date,
  ): Promise<PagedResult<Activity>>;
  /** The conversations of a channel. */
  listTranscripts(channelId: string, continuationToken?: string): Promise<PagedResult<TranscriptInfo>>;
  deleteTranscript(channelId: string, conversationId: string): Promise<void>;
}

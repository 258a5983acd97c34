import type { ActivityKey, ConversationKey } from '../turn/keys';

/** A message that another application has asked for. */
export interface NewNotification {
  /** Names it, and is the key under which its activity is accepted. */
  readonly id: ActivityKey;
  readonly to: ConversationKey;
  /** The application that asked. */
  readonly by: string;
  /** Of the request: another one under the same key is a mistake. */
  readonly digest: string;
  /** Time at which it is to happen (ms since the epoch); absent: at once. */
  readonly due?: number;
}

export interface StoredNotification extends NewNotification {
  /** Whether its activity is known to be in its mailbox. */
  readonly accepted: boolean;
  /** Present once its activity was taken back before its time. */
  readonly cancelled?: true;
  /** When it was asked for, in store time (ms since the epoch). */
  readonly at: number;
}

/**
 * What was asked for through the notification API, for as long as a caller may repeat a request or ask what became of it (seven days, counted
 * from its time if that is later). Each method is one atomic step on one notification, and idempotent; each may throw a `StoreFault`.
 */
export interface Notifications {
  /** Writes it unless there is one of that id. @returns the one that is there now */
  begin(notification: NewNotification): Promise<StoredNotification>;
  /** Notes that its activity is in its mailbox. */
  accepted(id: ActivityKey): Promise<void>;
  /** Notes that its activity was taken back. */
  cancelled(id: ActivityKey): Promise<void>;
  get(id: ActivityKey): Promise<StoredNotification | undefined>;
}

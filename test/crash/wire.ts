/** What passes between the harness and its workers beside HTTP and the queue. */

/** Something that happened in a worker, told to the harness as it happens: for explanations and recovery times, never for the verdict. */
export interface WorkerEvent {
  readonly event: string;
  readonly conversation: string;
  /** For kinds that have one. */
  readonly detail?: string;
  /** Which of the rings that the worker has answered it belongs to. */
  readonly ring?: number;
}

/** What a reply of the crash bot says, as JSON in its text. */
export interface ReplyText {
  readonly activity: string;
  /** Which of the turn's replies, from 0; -1 is the apology for a dead letter. */
  readonly ordinal: number;
  /** How many turns the conversation had committed with this one, by its state. */
  readonly count: number;
  /** The same for the user's state, where the turn changes it. */
  readonly userCount?: number;
  /** Makes the reply large. */
  readonly padding?: string;
}

/** Where the connector finds which worker sent: added to `channelData` on the way out. */
export interface SenderMark {
  readonly worker: string;
}

export const CHANNEL = 'crash';

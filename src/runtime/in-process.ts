import type { ConversationKey } from '../turn/keys';
import { TurnLines } from './turn-lines';

/** Worker of this process that holds a conversation. */
export interface LocalHolder {
  /** Reads what others have recorded, and delivers it. @returns whether this holder sees to that */
  takeUp(): Promise<boolean>;
}

/** Knowledge of a process about the conversations that it is at work on. It saves work and time; nothing is decided by it. */
export class InProcess {
  /** Inline runs that would get in each other's way. */
  readonly runs = new TurnLines();
  /** Commits of inline runs, which all write the conversation's record. */
  readonly commits = new TurnLines();
  /** Whether this process has answered an activity inline: where some do, others may do so beside a queued turn of this process. */
  answersInline = false;
  readonly #holders = new Map<ConversationKey, LocalHolder>();

  /** Returns the worker of this process that holds a conversation, as far as it knows. */
  holderOf(key: ConversationKey): LocalHolder | undefined {
    return this.#holders.get(key);
  }

  /** Takes note that a worker of this process holds a conversation. @returns what ends that */
  holds(key: ConversationKey, holder: LocalHolder): () => void {
    this.#holders.set(key, holder);
    return () => {
      if (this.#holders.get(key) === holder) this.#holders.delete(key);
    };
  }
}

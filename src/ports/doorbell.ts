import type { ConversationKey } from '../turn/keys';

/**
 * The doorbell says "look at conversation K" and nothing else. A ring may be lost, doubled, delayed, reordered or
 * purged: only latency changes, because the conversation record says what there is to do and the sweep rings again.
 *
 * `ring` resolves when the queue has taken the message and rejects when it has not, or when that is unknown; it gives up
 * by itself within a few seconds. Callers treat a rejection as "rung later by the sweep" and never as a failed turn.
 */
export interface Doorbell {
  /** @param delayMs how long the ring stays invisible; 0 rings at once. At most seven days. */
  ring(key: ConversationKey, delayMs: number): Promise<void>;
  /** Whether the queue is there and can be reached, for `/api/health`: rejects when not, within a few seconds. Rings nothing. */
  ready?(): Promise<void>;
}

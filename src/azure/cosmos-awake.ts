import type { ConversationKey } from '../turn/keys';
import type { CosmosClock } from './cosmos-clock';

/** How long it is assumed that what was accepted is still being worked on, when nothing else is heard: the queue is looked at, a handler runs. */
const AWAKE_MS = 1_000;
/** The same where it has turned out to take longer. */
const BUSY_MS = 5_000;
const MOST_AWAKE = 5_000;

/**
 * Conversations in which something is going on, as far as this process knows: it accepted something a moment ago, and has not brought the
 * conversation to rest itself. A guess at which of two shapes an accept will take: a wrong one costs a request and nothing else.
 */
export class AwakeConversations {
  private readonly until = new Map<ConversationKey, number>();

  constructor(private readonly clock: CosmosClock) {}

  has(key: ConversationKey): boolean {
    return (this.until.get(key) ?? Number.NEGATIVE_INFINITY) > this.clock.monotonic;
  }

  /** @param foundAwake it was, against expectation */
  accepted(key: ConversationKey, foundAwake = false): void {
    const until = this.clock.monotonic + (foundAwake ? BUSY_MS : AWAKE_MS);
    const known = this.until.get(key) ?? until;
    this.until.delete(key);
    this.until.set(key, Math.max(until, known));
    const [oldest] = this.until.keys();
    if (this.until.size > MOST_AWAKE && oldest !== undefined) this.until.delete(oldest);
  }

  rests(key: ConversationKey): void {
    this.until.delete(key);
  }
}

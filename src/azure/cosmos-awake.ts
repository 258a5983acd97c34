import type { ConversationKey } from '../turn/keys';
import type { CosmosClock } from './cosmos-clock';

/** How long it is assumed that what was accepted is still being worked on, when nothing else is heard; and of how many conversations. */
const AWAKE_MS = 500;
const MOST_AWAKE = 5_000;

/**
 * Conversations in which something is going on, as far as this process knows: it accepted something a moment ago, and has not brought the
 * conversation to rest itself. A guess at which of two shapes an accept will take: a wrong one costs a request and nothing else.
 */
export class AwakeConversations {
  private readonly times = new Map<ConversationKey, number>();

  constructor(private readonly clock: CosmosClock) {}

  has(key: ConversationKey): boolean {
    return (this.times.get(key) ?? Number.NEGATIVE_INFINITY) > this.clock.monotonic - AWAKE_MS;
  }

  accepted(key: ConversationKey): void {
    this.times.delete(key);
    this.times.set(key, this.clock.monotonic);
    const [oldest] = this.times.keys();
    if (this.times.size > MOST_AWAKE && oldest !== undefined) this.times.delete(oldest);
  }

  rests(key: ConversationKey): void {
    this.times.delete(key);
  }
}

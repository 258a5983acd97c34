import { BoundedMap } from '../schema/bounded-map';
import type { ConversationKey } from '../turn/keys';
import type { CosmosClock } from './cosmos-clock';

/** How long it is assumed that what was accepted is still being worked on, when nothing else is heard: the queue is looked at, a handler runs. */
const AWAKE_MS = 1_000;
/** The same where it has turned out to take longer. */
const BUSY_MS = 5_000;
/** Most conversations that are remembered, and most bytes for them. */
const MAX_AWAKE = 5_000;
const MAX_AWAKE_BYTES = 4 * 1024 * 1024;

/**
 * Conversations in which something is going on, as far as this process knows: it accepted something a moment ago, and has not brought the
 * conversation to rest itself. A guess at which of two shapes an accept will take: a wrong one costs a request and nothing else.
 */
export class AwakeConversations {
  readonly #until = new BoundedMap<ConversationKey, number>({ maxEntries: MAX_AWAKE, maxBytes: MAX_AWAKE_BYTES });

  /** Bytes of memory that this takes. */
  get bytes(): number {
    return this.#until.bytes;
  }

  constructor(private readonly clock: CosmosClock) {}

  has(key: ConversationKey): boolean {
    return (this.#until.get(key) ?? Number.NEGATIVE_INFINITY) > this.clock.monotonic;
  }

  /** @param foundAwake it was, against expectation */
  accepted(key: ConversationKey, foundAwake = false): void {
    const until = this.clock.monotonic + (foundAwake ? BUSY_MS : AWAKE_MS);
    this.#until.set(key, Math.max(until, this.#until.get(key) ?? until));
  }

  rests(key: ConversationKey): void {
    this.#until.delete(key);
  }
}

import { hash } from 'node:crypto';
import type { Clock } from '../ports/clock';
import type { Log } from '../ports/log';
import type { References } from '../ports/references';
import type { Activity } from '../schema/activity';
import { BoundedMap, textBytes } from '../schema/bounded-map';
import { isVouchingChannel } from '../schema/vouching';
import type { ConversationKey } from '../turn/keys';
import { logEvent } from './events';
import { OVER } from './linked-signal';
import { referenceKey, referenceOf } from './reference-of';

export interface KeeperOptions {
  readonly references: References;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a reference is kept when nothing more comes from its conversation, in ms. */
  readonly ttlMs: number;
  /** Further channels that the operator takes for vouching, in lower case. */
  readonly vouchingChannels?: ReadonlySet<string> | undefined;
}

/** Unchanged, a reference is written anew when it was last seen this long ago. In ms. */
const REFRESH_MS = 24 * 3_600_000;

/** For how long this process relies on what it saw of a reference, in ms: another one may have found meanwhile that the bot is blocked. */
const TRUST_MS = 10 * 60_000;

/** Most references that this process remembers, and most bytes for them. */
const MAX_KNOWN = 5_000;
const MAX_KNOWN_BYTES = 4 * 1024 * 1024;

/** A turn is not kept waiting longer than this, in ms. */
const PATIENCE_MS = 2_000;

/**
 * Keeps the registry of references up to date beside the turns: a write when something about a conversation is new or has changed, and
 * once a day; one read when this process has not seen the conversation lately; nothing otherwise. Best effort: what fails is
 * logged, and made up for by the conversation's next activity.
 */
export class ReferenceKeeper {
  /** A digest of each reference as it was last seen. */
  readonly #known = new BoundedMap<ConversationKey, { readonly digest: string; readonly until: number }>({
    maxEntries: MAX_KNOWN,
    maxBytes: MAX_KNOWN_BYTES,
    bytesOf: ({ digest }) => textBytes(digest),
  });

  constructor(private readonly options: KeeperOptions) {}

  /** Bytes of memory that this takes for what it remembers. */
  get rememberedBytes(): number {
    return this.#known.bytes;
  }

  /**
   * Takes note of an activity that came from its channel, authenticated. Never rejects.
   *
   * @param vouched true when the caller answers for the identity fields; otherwise the reference is not found by them
   */
  async seen(activity: Activity, vouched?: true): Promise<void> {
    await this.bestEffort(() => this.keep(activity, vouched === true));
  }

  /** Takes note that the channel has refused a send into a conversation for good. Never rejects. */
  async refused(channelId: string, conversationId: string): Promise<void> {
    const id = referenceKey(channelId, conversationId);
    this.#known.delete(id);
    await this.bestEffort(async () => void (await this.options.references.mark(id, 'blocked')));
  }

  private async keep(activity: Activity, vouched: boolean): Promise<void> {
    const { clock, references, ttlMs, vouchingChannels } = this.options;
    const reference = referenceOf(
      activity,
      vouched || (isVouchingChannel(activity.channelId, vouchingChannels) ? false : undefined),
    );
    const digest = digestOf(reference);
    const known = this.#known.get(reference.id);
    if (known?.digest === digest && known.until > clock.monotonic()) return;
    const stored = await references.get(reference.id);
    // Nobody has been in it, and nobody is.
    if (stored === undefined && reference.state === 'removed') return;
    const { lastSeen = 0, ...before } = stored ?? {};
    if (digestOf(before) !== digest || lastSeen <= clock.now() - REFRESH_MS) {
      await references.keep(reference, ttlMs);
    }
    this.#known.set(reference.id, { digest, until: clock.monotonic() + TRUST_MS });
  }

  private async bestEffort(work: () => Promise<void>): Promise<void> {
    const { clock, log } = this.options;
    const done = new AbortController();
    try {
      await Promise.race([work(), clock.sleep(PATIENCE_MS, done.signal)]);
    } catch (error) {
      logEvent(log, 'referenceNotKept', { error: error instanceof Error ? error.name : typeof error });
    } finally {
      done.abort(OVER);
    }
  }
}

const digestOf = (reference: object): string => hash('sha256', JSON.stringify(reference), 'base64');

import { createHash } from 'node:crypto';
import { canonicalJson, jsonCopy } from '../bot/canonical-json';
import type { Body } from '../ports/store';
import type { Activity } from '../schema/activity';
import { TurnwiseError } from '../schema/errors';
import { isFinalOfStream } from '../schema/stream-info';
import { DIGEST_LENGTH, type NewEffect } from '../turn/commit';
import type { ReplyAddress } from '../turn/record';
import { inlinePayload } from '../turn/size';
import { pinnedTo } from './turn-address';

/** Effects on their way into the record, with the bodies that go beside it. */
export interface Captured {
  readonly effects: readonly NewEffect[];
  readonly bodies: readonly Body[];
}

export interface CaptureOptions {
  /** The id of the turn's effect of this ordinal. */
  readonly idOf: (ordinal: number) => string;
  /** Ordinal of the first effect. */
  readonly from: number;
  /** Effects below this ordinal were recorded by an earlier attempt: their records stand, whatever would be sent in their place. */
  readonly recordedBefore: number;
  /** Digest of an effect below that; `undefined` when none is known. */
  readonly recordedDigest?: (ordinal: number) => string | undefined;
  /** Told of an effect that is left out, and is not what was recorded. */
  readonly onDifferent?: (id: string) => void;
  /** That of the activity which the turn answers. */
  readonly address: ReplyAddress;
}

/** What a turn sends, updates and deletes, in order, until it is recorded. Its activities are in its effects, whatever their size. */
export class CapturedEffects {
  private effects: NewEffect[] = [];
  private next: number;
  /** Where among the effects the final message of a stream is. */
  private final: number | undefined;
  /** What was asked for since the last hand-over: later effects wait for earlier ones anyway. */
  private delayMs = 0;
  /** How much of it the effects captured since then carry. */
  private carriedMs = 0;

  constructor(private readonly options: CaptureOptions) {
    this.next = options.from;
  }

  send(activity: Activity): { id: string } {
    if (activity.type === 'delay') {
      this.delayMs += typeof activity.value === 'number' && activity.value >= 0 ? activity.value : DEFAULT_DELAY_MS;
      return { id: '' };
    }
    const waits = this.final === undefined && isFinalOfStream(activity);
    const captured = this.effects.length;
    const pinned = pinnedTo(this.options.address, activity);
    const sent = this.capture(
      (id) => ({ kind: 'send', id, activity: inlinePayload(pinned) }),
      () => digestOf('send', undefined, pinned),
    );
    if (waits && this.effects.length > captured) this.final = captured;
    return sent;
  }

  update(activity: Activity): { id: string } {
    const activityId = activity.id;
    if (activityId === undefined) throw new TurnwiseError('ActivityIdMissing');
    const pinned = pinnedTo(this.options.address, activity);
    this.capture(
      (id) => ({ kind: 'update', id, activityId, activity: inlinePayload(pinned) }),
      () => digestOf('update', activityId, pinned),
    );
    return { id: activityId };
  }

  delete(activityId: string): void {
    const reference = this.options.address;
    this.capture(
      (id) => ({ kind: 'delete', id, activityId, reference }),
      () => digestOf('delete', activityId, undefined),
    );
  }

  /** Hands over what has been captured since the last time. */
  take(): readonly NewEffect[] {
    const taken = this.effects;
    this.effects = [];
    this.final = undefined;
    this.delayMs -= this.carriedMs;
    this.carriedMs = 0;
    return taken;
  }

  /**
   * As {@link take}, up to the final message of a stream: that one and what comes after it wait for the commit, because another run of the
   * turn may have to end the same stream with another text.
   */
  takeReady(): readonly NewEffect[] {
    if (this.final === undefined) return this.take();
    const ready = this.effects.slice(0, this.final);
    const carriedMs = ready.at(-1)?.afterMs ?? 0;
    // What is left is recorded later, and what it waits for has begun by then.
    this.effects = this.effects.slice(this.final).map((effect) => waitingLess(effect, carriedMs));
    this.final = 0;
    this.delayMs -= carriedMs;
    this.carriedMs -= carriedMs;
    return ready;
  }

  private capture(make: (id: string) => NewEffect, digest: () => string): { id: string } {
    const ordinal = this.next++;
    const { idOf, onDifferent, recordedBefore, recordedDigest } = this.options;
    const id = idOf(ordinal);
    if (ordinal < recordedBefore) {
      this.delayMs = 0; // The record carries it.
      const known = recordedDigest?.(ordinal);
      if (known !== undefined && known !== digest()) onDifferent?.(id);
      return { id };
    }
    const effect = make(id);
    this.carriedMs = this.delayMs;
    this.effects.push(this.delayMs > 0 ? { ...effect, afterMs: this.delayMs } : effect);
    return { id };
  }
}

/** Returns a digest of each of these captured effects, one after the other. */
export function digestsOf(effects: readonly NewEffect[]): string {
  return effects
    .map((effect) => {
      const payload = 'activity' in effect ? effect.activity : undefined;
      const activity = payload !== undefined && 'inline' in payload ? payload.inline : undefined;
      return digestOf(effect.kind, 'activityId' in effect ? effect.activityId : undefined, activity);
    })
    .join('');
}

/** Returns the digest of what an effect is: what it does, to which activity, and what it says there. */
function digestOf(kind: string, activityId: string | undefined, activity: Activity | undefined): string {
  const content = canonicalJson(jsonCopy([kind, activityId ?? null, activity ?? null]));
  return createHash('sha256').update(content).digest('base64url').slice(0, DIGEST_LENGTH);
}

function waitingLess(effect: NewEffect, ms: number): NewEffect {
  if (effect.afterMs === undefined) return effect;
  return { ...effect, afterMs: Math.max(0, effect.afterMs - ms) };
}

/** What a `delay` activity without a number waits, as in the Bot Framework. */
const DEFAULT_DELAY_MS = 1_000;

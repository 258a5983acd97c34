import type { Body } from '../ports/store';
import type { Activity } from '../schema/activity';
import { TurnwiseError } from '../schema/errors';
import type { NewEffect } from '../turn/commit';
import type { Payload, ReplyAddress } from '../turn/record';

/** Effects on their way into the record, with the large bodies that go beside it. */
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
  readonly inlineBytes: number;
  /** Makes the name of a large activity's body its own: a turn may come to the ids of an earlier one whose dead letters still need theirs. */
  readonly unique: () => string;
}

/** What a turn sends, updates and deletes, in order, until it is recorded. */
export class CapturedEffects {
  private effects: NewEffect[] = [];
  private bodies: Body[] = [];
  private next: number;
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
    return this.capture((id) => ({ kind: 'send', id, activity: this.payload(id, activity) }));
  }

  update(activity: Activity): { id: string } {
    const activityId = activity.id;
    if (activityId === undefined) throw new TurnwiseError('ActivityIdMissing');
    this.capture((id) => ({ kind: 'update', id, activityId, activity: this.payload(id, activity) }));
    return { id: activityId };
  }

  delete(activityId: string, reference: ReplyAddress): void {
    this.capture((id) => ({ kind: 'delete', id, activityId, reference }));
  }

  /** Hands over what has been captured since the last time. */
  take(): Captured {
    const taken = { effects: this.effects, bodies: this.bodies };
    this.effects = [];
    this.bodies = [];
    this.delayMs -= this.carriedMs;
    this.carriedMs = 0;
    return taken;
  }

  private capture(make: (id: string) => NewEffect): { id: string } {
    const ordinal = this.next++;
    const id = this.options.idOf(ordinal);
    if (ordinal < this.options.recordedBefore) {
      this.delayMs = 0; // The record carries it.
      return { id };
    }
    const effect = make(id);
    this.carriedMs = this.delayMs;
    this.effects.push(this.delayMs > 0 ? { ...effect, afterMs: this.delayMs } : effect);
    return { id };
  }

  private payload(id: string, activity: Activity): Payload {
    const bytes = Buffer.byteLength(JSON.stringify(activity));
    if (bytes <= this.options.inlineBytes) return { inline: activity, bytes };
    const ref = `${id}-${this.options.unique()}`;
    this.bodies.push({ ref, activity });
    return { ref, bytes };
  }
}

/** What a `delay` activity without a number waits, as in the Bot Framework. */
const DEFAULT_DELAY_MS = 1_000;

/** Where an activity came from, as effects without one of their own are addressed. */
export function addressOf({ channelId, serviceUrl, conversation }: Activity): ReplyAddress {
  return { channelId, serviceUrl, conversationId: conversation.id };
}

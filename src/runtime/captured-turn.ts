import type { StateDocument, StateScope, Turn } from '../bot/turn';
import type { Body } from '../ports/store';
import type { Activity } from '../schema/activity';
import { TurnwiseError } from '../schema/errors';
import type { NewEffect } from '../turn/commit';
import type { UserKey } from '../turn/keys';
import { effectId, type Payload, type PendingActivity, turnPrefix } from '../turn/record';
import { deliverRecorded } from './delivery';
import type { Hold } from './hold';
import { type LinkedSignal, linkedSignal } from './linked-signal';
import { type Runtime, report } from './runtime';
import { Steps } from './steps';
import { TurnState } from './turn-state';

/** What the pipeline needs to know of an activity to run its turn. */
export interface TurnInput {
  readonly pending: PendingActivity;
  readonly activity: Activity;
  readonly user: UserKey | undefined;
  /** Whether what earlier attempts flushed stands for this run's first effects: true for the handler, false for the error handler. */
  readonly repeats: boolean;
}

/**
 * One run of middleware and handler over one activity, with everything it sends and changes held back. The runtime's side of
 * what a bot sees as its turn.
 */
export class CapturedTurn implements Turn {
  readonly id: string;
  readonly attempt: number;
  readonly states: TurnState;
  private readonly steps: Steps;
  readonly signal: AbortSignal;
  private readonly life: LinkedSignal;
  /** Effects not yet recorded, with their bodies. */
  private effects: NewEffect[] = [];
  private bodies: Body[] = [];
  private nextOrdinal: number;
  /** Effects that earlier attempts flushed: their records stand, whatever this run would send in their place. */
  private readonly recordedBefore: number;
  private delayMs = 0;
  private flushing: Promise<void> = Promise.resolve();
  private finished = false;

  constructor(
    private readonly runtime: Runtime,
    private readonly hold: Hold,
    private readonly input: TurnInput,
  ) {
    this.id = turnPrefix(input.pending);
    this.attempt = hold.head.att;
    this.states = new TurnState(runtime, hold.key, input.user);
    this.steps = new Steps(runtime, hold, this.id);
    this.recordedBefore = hold.head.flushed;
    this.nextOrdinal = input.repeats ? 0 : this.recordedBefore;
    this.life = linkedSignal(hold.lost);
    this.signal = this.life.signal;
  }

  state(scope: StateScope): Promise<StateDocument> {
    return this.states.open(scope);
  }

  send(activity: Activity): { id: string } {
    this.assertRunning();
    if (activity.type === 'delay') {
      this.delayMs += typeof activity.value === 'number' && activity.value >= 0 ? activity.value : DEFAULT_DELAY_MS;
      return { id: '' };
    }
    return this.capture((id, payload) => ({ kind: 'send', id, activity: payload(activity) }));
  }

  update(activity: Activity): { id: string } {
    this.assertRunning();
    const activityId = activity.id;
    if (activityId === undefined) throw new TurnwiseError('ActivityIdMissing');
    this.capture((id, payload) => ({ kind: 'update', id, activityId, activity: payload(activity) }));
    return { id: activityId };
  }

  delete(activityId: string): void {
    this.assertRunning();
    const { channelId, serviceUrl, conversation } = this.input.activity;
    const reference = { channelId, serviceUrl, conversationId: conversation.id };
    this.capture((id) => ({ kind: 'delete', id, activityId, reference }));
  }

  async sendLive(activity: Activity): Promise<void> {
    if (this.finished) return;
    const { channelId, serviceUrl, conversation } = activity;
    const call = { op: 'send', channelId, serviceUrl, conversationId: conversation.id, activity } as const;
    const enough = new AbortController();
    const limit = this.runtime.clock.sleep(LIVE_LIMIT_MS, enough.signal);
    const delivery = this.runtime.connector.deliver(call, this.signal).then(({ outcome }) => {
      if (outcome !== 'delivered') report(this.runtime, 'liveDropped', this.hold.key, { outcome });
    });
    await Promise.race([delivery, limit]);
    enough.abort();
  }

  flush(): Promise<void> {
    this.assertRunning();
    this.flushing = this.flushing.then(() => this.record());
    this.flushing.catch(() => undefined); // Whoever waits for it sees it fail; nobody has to wait.
    return this.flushing;
  }

  step<T>(name: string, run: () => T | Promise<T>): Promise<T> {
    this.assertRunning();
    return this.steps.step(name, run);
  }

  /**
   * Ends the run: nothing it does from now on counts. Waits for a flush in progress.
   * @returns the effects that are left for the commit.
   */
  async finish(): Promise<{ readonly effects: readonly NewEffect[]; readonly bodies: readonly Body[] }> {
    this.finished = true;
    this.life.unlink();
    await this.flushing;
    return { effects: this.effects, bodies: this.bodies };
  }

  /** As {@link finish}, for a run whose effects are dropped; tells the handler through its signal. */
  abandon(): void {
    this.finished = true;
    this.life.abort();
  }

  private capture(make: (id: string, payload: (activity: Activity) => Payload) => NewEffect): { id: string } {
    const ordinal = this.nextOrdinal++;
    const id = effectId(this.input.pending, ordinal);
    if (ordinal < this.recordedBefore) return { id };
    const effect = make(id, (activity) => this.payload(id, activity));
    this.effects.push(this.delayMs > 0 ? { ...effect, afterMs: this.delayMs } : effect);
    return { id };
  }

  private payload(ref: string, activity: Activity): Payload {
    const bytes = Buffer.byteLength(JSON.stringify(activity));
    if (bytes <= this.runtime.options.inlineBytes) return { inline: activity, bytes };
    this.bodies.push({ ref, activity });
    return { ref, bytes };
  }

  private async record(): Promise<void> {
    const { effects, bodies } = this;
    if (effects.length > 0) {
      const from = this.hold.head.flushed;
      this.effects = [];
      this.bodies = [];
      const flushed = { turn: this.id, effects, from };
      await this.hold.write((held) => this.runtime.store.turns.flush(held, flushed, bodies));
    }
    await deliverRecorded(this.runtime, this.hold, true);
  }

  private assertRunning(): void {
    if (this.finished) throw new TurnwiseError('TurnEnded');
    if (this.signal.aborted) throw new TurnwiseError('TurnLost');
  }
}

/** How long a handler waits for a send on the live lane, in ms: it is worth waiting for order, and not worth waiting long. */
const LIVE_LIMIT_MS = 2_000;

/** What a `delay` activity without a number waits, as in the Bot Framework. */
const DEFAULT_DELAY_MS = 1_000;

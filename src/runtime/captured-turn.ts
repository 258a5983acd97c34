import type { Proactive } from '../bot/proactive';
import type { LiveAnswer, StateDocument, StateScope, Turn, TurnTime } from '../bot/turn';
import type { Activity } from '../schema/activity';
import { TurnwiseError } from '../schema/errors';
import { flushedDigest, type NewEffect } from '../turn/commit';
import type { UserKey } from '../turn/keys';
import { effectId, type PendingActivity, postId, type ReplyAddress, turnPrefix } from '../turn/record';
import { type Captured, CapturedEffects, digestsOf } from './captured-effects';
import { CapturedPosts } from './captured-posts';
import { deliverRecorded } from './delivery';
import type { Hold } from './hold';
import { type LinkedSignal, linkedSignal } from './linked-signal';
import { sendLive } from './live-lane';
import { packed } from './packs';
import { proactiveOver } from './proactive';
import { type Runtime, report } from './runtime';
import { stage, traced } from './stage';
import { readSteps, Steps, watchState } from './steps';
import { addressOf } from './turn-address';
import { TurnState } from './turn-state';
import { runHeard, tellOf } from './unheard';

/** What the pipeline needs to know of an activity to run its turn. */
export interface TurnInput {
  readonly pending: PendingActivity;
  readonly activity: Activity;
  readonly user: UserKey | undefined;
  /** Whether what earlier attempts flushed stands for this run's first effects: true for the handler, false for the error handler. */
  readonly repeats: boolean;
  /** Settles when the activity's conversation is in the registry; absent when nothing is to be noted of it. */
  readonly noted?: Promise<void>;
}

/**
 * One run of middleware and handler over one activity, with everything it sends and changes held back. The runtime's side of
 * what a bot sees as its turn.
 */
export class CapturedTurn implements Turn {
  readonly id: string;
  readonly attempt: number;
  readonly states: TurnState;
  readonly proactive: Proactive;
  readonly signal: AbortSignal;
  private readonly address: ReplyAddress;
  private readonly steps: Steps;
  private readonly effects: CapturedEffects;
  readonly posts: CapturedPosts;
  private readonly life: LinkedSignal;
  private readonly leaveOthers: () => void;
  private flushing: Promise<void> = Promise.resolve();
  private finished = false;
  private readonly tell: (error: unknown) => void;

  constructor(
    private readonly runtime: Runtime,
    private readonly hold: Hold,
    private readonly input: TurnInput,
  ) {
    const { pending, user, repeats } = input;
    const { key, head } = hold;
    this.id = turnPrefix(pending);
    this.tell = tellOf(runtime, key, pending.key);
    this.attempt = head.att;
    this.address = addressOf(input.activity);
    this.steps = new Steps(
      () => readSteps(runtime, key, this.id),
      async (name, value) => {
        // A step that nobody waited for may end after its turn: the store would refuse it, and the hold would look lost.
        this.assertRunning();
        const { turns } = runtime.store;
        const recorded = await hold.write((held) => turns.recordStep(held, this.id, name, value));
        if (recorded.outcome === 'full') throw new TurnwiseError('StepsFull');
        return recorded.value;
      },
      () => watchState(runtime, key, pending.key, this.states),
    );
    this.states = new TurnState(runtime, { conversation: key, epoch: hold.epoch }, user, this.steps.scope);
    this.effects = new CapturedEffects({
      idOf: (ordinal) => effectId(pending, ordinal),
      from: repeats ? 0 : head.flushed,
      recordedBefore: head.flushed,
      recordedDigest: (ordinal) => flushedDigest(head, ordinal),
      onDifferent: (effect) => {
        const { attempt } = this;
        report(runtime, 'flushedDiffers', key, { activity: pending.key, effect, attempt, code: 'FlushedDiffers' });
      },
      address: this.address,
    });
    this.posts = new CapturedPosts({
      conversation: key,
      idOf: (ordinal) => postId(pending, ordinal),
      assertRunning: () => this.assertEffects(),
      // Whoever has spoken first in this very turn can be spoken to in it.
      ready: async () => input.noted,
    });
    this.proactive = proactiveOver(runtime, this.posts);
    this.life = linkedSignal(hold.lost);
    this.signal = this.life.signal;
    this.leaveOthers = hold.whileRunning(() => this.deliverOthers());
  }

  get time(): TurnTime {
    return this.runtime.clock;
  }

  state(scope: StateScope): Promise<StateDocument> {
    return this.states.open(scope);
  }

  send(activity: Activity): { id: string } {
    this.assertEffects();
    return this.effects.send(activity);
  }

  update(activity: Activity): { id: string } {
    this.assertEffects();
    return this.effects.update(activity);
  }

  delete(activityId: string): void {
    this.assertEffects();
    this.effects.delete(activityId);
  }

  async sendLive(activity: Activity, limitMs?: number): Promise<LiveAnswer> {
    this.assertOutsideStep();
    if (this.finished) return { outcome: 'notSent' };
    return sendLive(this.runtime, this.hold.key, this.address, activity, this.signal, limitMs);
  }

  /** The error handler's sends leave with the dead letter: a flushed apology would stand in for what a later attempt sends first. */
  flush(): Promise<void> {
    this.assertEffects();
    if (!this.input.repeats) return Promise.resolve();
    this.flushing = this.flushing.then(() => this.record());
    this.flushing.catch(() => undefined); // Whoever waits for it sees it fail; nobody has to wait.
    return this.flushing;
  }

  step<T>(name: string, run: () => T | Promise<T>): Promise<T> {
    this.assertRunning();
    return this.steps.step(name, run);
  }

  /** Runs code of the bot as this turn's: what it starts and does not wait for is logged when it fails, also after the turn. */
  run<T>(code: () => T): T {
    return runHeard(this.tell, code);
  }

  unheard(error: unknown): void {
    if (this.finished) this.tell(error);
  }

  assertOutsideStep(): void {
    this.steps.scope.assertOutside();
  }

  recordedStep(name: string): Promise<unknown> {
    return this.steps.recordedStep(name);
  }

  /**
   * Ends the run: nothing it does from now on counts. Waits for a flush in progress.
   * @returns the effects that are left for the commit.
   */
  async finish(): Promise<Captured> {
    this.finished = true;
    this.leaveOthers();
    this.life.unlink();
    await this.flushing;
    return this.packed(this.posts.before(this.effects.take()));
  }

  /**
   * As {@link finish}, for a run whose effects are dropped; tells the handler through its signal. Waits for a flush in progress too: the
   * conversation may not be handed back, nor another run be recorded, while a send of this one is on its way.
   */
  async abandon(): Promise<void> {
    this.finished = true;
    this.leaveOthers();
    this.life.abort();
    await this.flushing.catch(() => undefined);
  }

  /**
   * Delivers what others have recorded beside this turn. When that fails, it waits for the commit, and whatever comes next under this hold meets
   * the same trouble. The end of the turn waits for no more than the delivery that is on its way.
   */
  private deliverOthers(): void {
    this.flushing = this.flushing.then(async () => {
      await deliverRecorded(this.runtime, this.hold, true, () => !this.finished).catch(() => undefined);
    });
    this.flushing.catch(() => undefined);
  }

  private async record(): Promise<void> {
    if (this.finished) return; // What it would have recorded leaves with the commit.
    const captured = this.effects.takeReady();
    const digests = digestsOf(captured);
    const { effects, bodies } = this.packed(captured);
    if (effects.length > 0) {
      await stage(this.runtime, 'commit', {}, async (span) => {
        const ready = effects.map((effect) => traced(effect, span));
        const flushed = { turn: this.id, effects: ready, from: this.hold.head.flushed, digests };
        const { outcome } = await this.hold.write((held) => this.runtime.store.turns.flush(held, flushed, bodies));
        if (outcome === 'tooLarge') throw new TurnwiseError('TurnTooLarge');
        span.set({ 'turnwise.outcome': 'flushed' });
      });
    }
    await deliverRecorded(this.runtime, this.hold, true);
  }

  private packed(effects: readonly NewEffect[]): Captured {
    const { ids, options } = this.runtime;
    return packed(effects, this.hold.head.out, options, () => ids.next());
  }

  private assertEffects(): void {
    this.assertRunning();
    this.assertOutsideStep();
  }

  private assertRunning(): void {
    if (this.finished) throw new TurnwiseError('TurnEnded');
    if (this.signal.aborted) throw new TurnwiseError('TurnLost');
  }
}

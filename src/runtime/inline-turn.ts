import type { Proactive } from '../bot/proactive';
import type { LiveAnswer, StateDocument, StateScope, Turn, TurnTime } from '../bot/turn';
import type { Activity } from '../schema/activity';
import { TurnwiseError } from '../schema/errors';
import type { InlineFence } from '../turn/inline';
import type { ActivityKey, ConversationKey, UserKey } from '../turn/keys';
import type { ReplyAddress } from '../turn/record';
import { type Captured, CapturedEffects } from './captured-effects';
import { CapturedPosts } from './captured-posts';
import type { InlinePlace } from './inline-place';
import { sendLive } from './live-lane';
import { packed } from './packs';
import { persist } from './persist';
import { proactiveOver } from './proactive';
import type { Runtime } from './runtime';
import { readSteps, Steps, watchState } from './steps';
import { addressOf } from './turn-address';
import { TurnState } from './turn-state';
import { runHeard, tellOf } from './unheard';

/** The run of an activity was taken over or revoked: what it did is dropped. */
export class InlineRunLost extends Error {
  override readonly name = 'InlineRunLost';
}

/** What the pipeline needs to know of an activity to answer it inline. */
export interface InlineInput {
  readonly conversation: ConversationKey;
  readonly key: ActivityKey;
  readonly activity: Activity;
  readonly user: UserKey | undefined;
  readonly fence: InlineFence;
  /** How often this delivery has run it. */
  readonly run: number;
  readonly deadline: Date;
  /** Place in the line of others that touch the same state; absent for a run that waits for none. */
  readonly place?: InlinePlace;
}

/** One inline run: like a queued one, but on a fresh snapshot, fenced by its claim, and with nothing sent before the commit. */
export class InlineTurn implements Turn {
  readonly id: string;
  readonly attempt: number;
  readonly deadline: Date;
  readonly states: TurnState;
  private readonly address: ReplyAddress;
  readonly proactive: Proactive;
  private readonly steps: Steps;
  private readonly effects: CapturedEffects;
  readonly posts: CapturedPosts;
  private readonly over = new AbortController();
  private finished = false;
  private readonly tell: (error: unknown) => void;

  constructor(
    private readonly runtime: Runtime,
    private readonly input: InlineInput,
  ) {
    const { conversation, key, user, fence, run, deadline } = input;
    this.id = key;
    this.tell = tellOf(runtime, conversation, key);
    this.attempt = run;
    this.deadline = deadline;
    this.address = addressOf(input.activity);
    this.steps = new Steps(
      () => readSteps(runtime, conversation, key),
      (name, value) => this.recordStep(name, value),
      () => watchState(runtime, conversation, key, this.states),
    );
    this.states = new TurnState(runtime, { conversation, inline: key, epoch: fence.epoch }, user, this.steps.scope);
    this.effects = new CapturedEffects({
      idOf: (ordinal) => `${key}~i${fence.epoch}.${ordinal}`,
      from: 0,
      recordedBefore: 0,
      address: this.address,
    });
    this.posts = new CapturedPosts({
      conversation,
      idOf: (ordinal) => `${key}~i${fence.epoch}.p${ordinal}`,
      assertRunning: () => this.assertEffects(),
    });
    this.proactive = proactiveOver(runtime, this.posts);
  }

  get signal(): AbortSignal {
    return this.over.signal;
  }

  get time(): TurnTime {
    return this.runtime.clock;
  }

  /** A conflict is about state that was touched: a run that touches nothing waits for no other. */
  async state(scope: StateScope): Promise<StateDocument> {
    await this.input.place?.enter();
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
    return sendLive(this.runtime, this.input.conversation, this.address, activity, this.signal, limitMs);
  }

  /** An inline turn has nothing to hand out before its commit, which is at most seconds away. */
  async flush(): Promise<void> {
    this.assertEffects();
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

  /** Ends the run: nothing it does from now on counts. */
  finish(): Captured {
    this.finished = true;
    const { ids, options } = this.runtime;
    // What the record has already is not known here; the commit refuses what does not fit.
    return packed(this.posts.before(this.effects.take()), [], options, () => ids.next());
  }

  /** As {@link finish}, for a run that is dropped; tells the handler through its signal. */
  abandon(): void {
    this.finished = true;
    this.over.abort();
  }

  private async recordStep(name: string, value: unknown): Promise<unknown> {
    const { clock, store } = this.runtime;
    const { conversation, fence, key } = this.input;
    const recorded = await persist(clock, () => store.inline.recordStep(conversation, fence, key, name, value), {
      limitMs: store.timing.leaseMs,
    });
    if (recorded.outcome === 'lost') {
      this.abandon();
      throw new InlineRunLost('Another delivery of the activity has taken over.');
    }
    if (recorded.outcome === 'full') throw new TurnwiseError('StepsFull');
    return recorded.value;
  }

  private assertEffects(): void {
    this.assertRunning();
    this.assertOutsideStep();
  }

  private assertRunning(): void {
    if (this.signal.aborted) throw new TurnwiseError('TurnLost');
    if (this.finished) throw new TurnwiseError('TurnEnded');
  }
}

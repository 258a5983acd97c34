import { JsonStateDocument } from '../../src/bot/state-document';
import type { LiveAnswer, StateScope, Turn, TurnTime } from '../../src/bot/turn';
import { StepScope } from '../../src/runtime/step-scope';
import { systemClock } from '../../src/runtime/system';
import type { Activity } from '../../src/schema/activity';

/** What a turn did to the outside, in order. */
export type Effect =
  | { kind: 'send'; id: string; activity: Activity }
  | { kind: 'update'; id: string; activity: Activity }
  | { kind: 'delete'; id: string };

/** State by scope, as it would be stored. */
export type Stored = Partial<Record<StateScope, Record<string, unknown>>>;

export interface MemoryTurnOptions {
  id?: string;
  attempt?: number;
  deadline?: Date;
  stored?: Stored;
  /** Results of steps that an earlier attempt recorded. */
  steps?: Map<string, string>;
}

/** A turn for tests: effects in a list, state in memory, nothing delivered. One per attempt; what is to outlive one is passed in. */
export class MemoryTurn implements Turn {
  readonly id: string;
  readonly attempt: number;
  readonly deadline?: Date;
  readonly effects: Effect[] = [];
  /** What went out at once, outside the transaction. */
  readonly live: Activity[] = [];
  /** How many effects had been recorded at each flush. */
  readonly flushes: number[] = [];
  readonly steps: Map<string, string>;
  readonly time: TurnTime = systemClock;
  get proactive(): never {
    throw new Error('There is nobody else to speak to.');
  }
  private readonly abortion = new AbortController();
  private readonly documents = new Map<StateScope, JsonStateDocument>();
  private readonly stored: Stored;
  private readonly scope = new StepScope();

  constructor(options: MemoryTurnOptions = {}) {
    this.id = options.id ?? 'turn-1';
    this.attempt = options.attempt ?? 1;
    if (options.deadline !== undefined) this.deadline = options.deadline;
    this.stored = options.stored ?? {};
    this.steps = options.steps ?? new Map();
  }

  get signal(): AbortSignal {
    return this.abortion.signal;
  }

  /** The turn has lost its conversation. */
  abort(): void {
    this.abortion.abort();
  }

  /** The texts sent so far. */
  get texts(): (string | undefined)[] {
    return this.sent.map((activity) => activity.text);
  }

  /** The activities sent so far. */
  get sent(): Activity[] {
    return this.effects.flatMap((effect) => (effect.kind === 'send' ? [effect.activity] : []));
  }

  async state(scope: StateScope): Promise<JsonStateDocument> {
    const document = this.documents.get(scope) ?? new JsonStateDocument(this.stored[scope]);
    this.documents.set(scope, document);
    return document;
  }

  send(activity: Activity): { id: string } {
    const id = `${this.id}.${this.effects.length}`;
    this.effects.push({ kind: 'send', id, activity });
    return { id };
  }

  update(activity: Activity): { id: string } {
    const id = activity.id ?? '';
    this.effects.push({ kind: 'update', id, activity });
    return { id };
  }

  delete(id: string): void {
    this.effects.push({ kind: 'delete', id });
  }

  async sendLive(activity: Activity): Promise<LiveAnswer> {
    this.live.push(activity);
    return { outcome: 'delivered' };
  }

  async flush(): Promise<void> {
    this.flushes.push(this.effects.length);
  }

  async step<T>(name: string, run: () => T | Promise<T>): Promise<T> {
    const recorded = this.steps.get(name);
    if (recorded !== undefined) return JSON.parse(recorded) as T;
    const result = await this.scope.run(run);
    this.steps.set(name, JSON.stringify(result));
    return result;
  }

  assertOutsideStep(): void {
    this.scope.assertOutside();
  }

  async recordedStep(name: string): Promise<unknown> {
    const recorded = this.steps.get(name);
    return recorded === undefined ? undefined : JSON.parse(recorded);
  }

  /** What would be stored now: the loaded scopes as the turn left them, the others as they were. */
  committed(): Stored {
    const changed = [...this.documents].map(([scope, document]) => [scope, document.toJson()] as const);
    return { ...this.stored, ...Object.fromEntries(changed) };
  }
}

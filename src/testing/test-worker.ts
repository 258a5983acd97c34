import type { Connector } from '../ports/connector';
import type { Doorbell } from '../ports/doorbell';
import type { Ids } from '../ports/ids';
import type { Log } from '../ports/log';
import type { Store } from '../ports/store';
import { InProcess } from '../runtime/in-process';
import type { RuntimeOptions } from '../runtime/options';
import { ReferenceKeeper } from '../runtime/reference-keeper';
import type { BotLogic, Runtime } from '../runtime/runtime';
import type { BadDays, CrashPoint } from './bad-days';
import type { TestClock, WorkerClock } from './test-clock';

/** What all workers of a test share. */
export interface Workplace {
  readonly store: Store;
  readonly clock: TestClock;
  readonly connector: Connector;
  readonly doorbell: Doorbell;
  readonly ids: Ids;
  readonly bot: BotLogic;
  readonly options: RuntimeOptions;
  readonly badDays: BadDays;
}

const SILENT: Log = { event: () => undefined };

/**
 * One worker of the pipeline. When it dies, nothing it still does has an effect: its calls to the store and to the channel get
 * no answer, and its timers do not ring. A handler that was running cannot be stopped, as in a process that is cut off from its store.
 */
export class TestWorker {
  readonly runtime: Runtime;
  /** Resolves when the worker dies. */
  readonly death: Promise<'dead'>;
  private alive = true;
  private running = 0;
  private atRest: (() => void)[] = [];
  private announceDeath: (death: 'dead') => void = () => undefined;
  private readonly clock: WorkerClock;

  constructor(private readonly place: Workplace) {
    this.death = new Promise((resolve) => {
      this.announceDeath = resolve;
    });
    this.clock = place.clock.forWorker();
    this.runtime = {
      store: this.mortalStore(place.store),
      connector: { deliver: (call, signal) => this.call('deliver', () => place.connector.deliver(call, signal)) },
      doorbell: place.doorbell,
      clock: this.clock,
      ids: place.ids,
      log: SILENT,
      bot: this.observedBot(place.bot),
      keeper: new ReferenceKeeper({
        references: place.store.references,
        clock: this.clock,
        log: SILENT,
        ttlMs: place.options.referenceTtlMs,
      }),
      inProcess: new InProcess(),
      options: place.options,
    };
  }

  /** Whether code of the bot is running. */
  get busy(): boolean {
    return this.alive && this.running > 0;
  }

  /** Resolves as soon as no code of the bot is running. */
  rest(): Promise<void> {
    if (!this.busy) return Promise.resolve();
    return new Promise((resolve) => {
      this.atRest.push(resolve);
    });
  }

  private die(): void {
    this.alive = false;
    this.clock.stop();
    this.announceDeath('dead');
    this.rested();
  }

  /** Makes a call, unless the worker is dead or dies here; what comes back to a dead worker is not heard. */
  private async call<T>(point: CrashPoint | undefined, make: () => Promise<T>): Promise<T> {
    if (this.alive && point !== undefined && this.place.badDays.crashesAt(point)) this.die();
    if (!this.alive) return never();
    try {
      return await make();
    } finally {
      if (!this.alive) await never();
    }
  }

  private mortalStore({ inline, turns, users, ...others }: Store): Store {
    return {
      ...others,
      turns: {
        ...turns,
        renew: (held, delivers) => this.call(undefined, () => turns.renew(held, delivers)),
        handBack: (held, reason) => this.call(undefined, () => turns.handBack(held, reason)),
        commit: (held, turn) => this.call('commit', () => turns.commit(held, turn)),
        flush: (held, flushed, bodies) => this.call('flush', () => turns.flush(held, flushed, bodies)),
        recordStep: (held, turn, name, value) => this.call('step', () => turns.recordStep(held, turn, name, value)),
        markDelivered: (held, delivered, turnRuns) =>
          this.call(isFold(delivered.effect) ? undefined : 'mark', () =>
            turns.markDelivered(held, delivered, turnRuns),
          ),
      },
      inline: {
        ...inline,
        commit: (key, fence, turn) => this.call('commit', () => inline.commit(key, fence, turn)),
        recordStep: (key, fence, activity, name, value) =>
          this.call('step', () => inline.recordStep(key, fence, activity, name, value)),
      },
      users: {
        ...users,
        propose: (user, version, intent) => this.call(undefined, () => users.propose(user, version, intent)),
        settle: (user, intent, counts) =>
          this.call(counts ? 'fold' : undefined, () => users.settle(user, intent, counts)),
      },
    };
  }

  private observedBot(bot: BotLogic): BotLogic {
    return {
      run: (turn, activity, proactive) => this.observed(() => bot.run(turn, activity, proactive)),
      onError: (turn, activity, error) =>
        this.observed(async () => {
          await bot.onError?.(turn, activity, error);
        }),
      onDeliveryFailed: (failed) => bot.onDeliveryFailed?.(failed),
    };
  }

  private async observed<T>(run: () => Promise<T>): Promise<T> {
    this.running += 1;
    try {
      return await this.call('run', run);
    } finally {
      this.running -= 1;
      if (this.running === 0) this.rested();
    }
  }

  private rested(): void {
    const waiting = this.atRest;
    this.atRest = [];
    for (const resolve of waiting) resolve();
  }
}

/** The fold of a turn's change to its user's state, by the name that the pipeline gives it. */
const isFold = (effect: string): boolean => effect.endsWith('.fold');

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

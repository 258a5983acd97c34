import type { DeadLetter, Store, TurnStore } from '../../src/ports/store';
import { InProcess } from '../../src/runtime/in-process';
import { receive } from '../../src/runtime/ingress';
import { DEFAULT_OPTIONS, type RuntimeOptions } from '../../src/runtime/options';
import { attend } from '../../src/runtime/processor';
import { errorName, type Runtime } from '../../src/runtime/runtime';
import { sweep } from '../../src/runtime/sweep';
import { SweepWatch } from '../../src/runtime/sweep-watch';
import { transactionalStore } from '../../src/store/transactional-store';
import { type ConversationKey, conversationKey } from '../../src/turn/keys';
import { type Lease, turnPrefix } from '../../src/turn/record';
import { RECORD_SIZES } from '../../src/turn/size';
import { DEFAULT_TIMING } from '../../src/turn/timing';
import { OPEN } from '../support/open-auth';
import { contend, contendedFaults, contendedPlans } from './contention';
import { isCalmCrowd, withCrowd } from './crowds';
import { purgingPartitions } from './erasing';
import { type ErasingRun, eraseAtTheEnd, eraseOften, reservedPlans } from './erasing-acts';
import { isErasing } from './erasing-seeds';
import { type Faults, NO_FAULTS, randomFaults } from './faults';
import { Ghost, STORE_CLOCK_ERROR_MS } from './ghost';
import { watchingAcquires } from './held-up';
import { checkAtRest, turnOf } from './invariants';
import { Leftovers } from './leftovers';
import { type Observer, SimPartitions, withClockError } from './partitions';
import { CHANNEL, makePlans, type Plan } from './plan';
import { withPosts } from './posts';
import { Random } from './random';
import { type Instance, Scheduler } from './scheduler';
import { simBot } from './sim-bot';
import { connectorOf, type SimContext, storeOf } from './sim-ports';
import { assertFits, Breakage, checkRefused, checkSize, isSized, SMALL_SIZES, smallOptions, withSizes } from './sizes';
import { isTimerless, SweepLedger, visitPlans } from './timerless';
import { newerCode } from './versions';

export interface SimResult {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly history: readonly string[];
  readonly steps: number;
}

const INSTANCES = 3;
const FAULTY_STEPS = 700;
const MAX_STEPS = 30_000;
const SWEEP_MS = 60_000;
const HIDDEN_MS = 600_000;
const MAX_DEQUEUES = 5;

/** One seeded run: load and faults for a while, then peace until everything is at rest, then the books are checked. */
export async function simulate(seed: number): Promise<SimResult> {
  const world = new World(seed);
  await world.run();
  return { seed, violations: world.ghost.violations, history: world.ghost.history, steps: world.scheduler.steps };
}

class World {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly ghost: Ghost;
  private readonly partitions: SimPartitions;
  /** Present where erasing takes several steps. */
  private readonly erasing: ErasingRun | undefined;
  private readonly options: RuntimeOptions;
  private readonly plans: readonly Plan[];
  /** Those of the plans that come one after the other for as long as the run takes. */
  private readonly visits: readonly Plan[];
  private visited = 0;
  private faults: Faults;
  private readonly runtimes = new Map<Instance, Runtime>();
  /** Whether nothing sweeps but what invocations do beside their own work. */
  private readonly timerless: boolean;
  /** Whether the store has limits on size, and deliveries throw. */
  private readonly sized: boolean;
  private readonly breakage: Breakage | undefined;
  private peace = false;
  private readonly watches = new Map<Instance, SweepWatch>();
  private readonly ledger: SweepLedger;
  private readonly acknowledged = new Set<string>();
  /** Whether no read of this run can be stale, even those before the faults stop. */
  private readonly readsAreFresh: boolean;
  /** Whether newer code is being brought out, and whether that is done. */
  private readonly deploys: boolean;
  private deployed = false;
  /** Whether what the app brings along throws. */
  private readonly clumsy: boolean;
  /** Most that an instance's estimate of the store's time is off by, in ms, good days included. */
  private readonly storeClockErrorMs: number;
  private purges = 0;
  private contentions = 0;
  private posting = 0;
  private working = 0;
  private named = 0;

  constructor(private readonly seed: number) {
    this.random = new Random(seed);
    this.scheduler = new Scheduler(this.random);
    const faults = randomFaults(this.random);
    this.faults = isCalmCrowd(seed) ? NO_FAULTS : contendedFaults(faults, seed);
    this.readsAreFresh = this.faults.staleRead === 0;
    this.ghost = new Ghost(() => this.scheduler.now, this.readsAreFresh, this.faults === NO_FAULTS);
    this.deploys = this.faults.deploys;
    this.timerless = isTimerless(seed);
    this.sized = isSized(seed);
    this.ledger = new SweepLedger(() => this.scheduler.now, this.ghost);
    this.clumsy = this.random.chance(0.1);
    this.storeClockErrorMs = this.random.chance(0.5) ? 0 : STORE_CLOCK_ERROR_MS;
    const leftovers = isErasing(seed) ? new Leftovers(() => this.scheduler.now) : undefined;
    this.partitions = new SimPartitions(
      () => this.scheduler.now,
      () => (this.random.chance(this.faults.staleRead) ? this.random.below(6) : 0),
      this.sized ? this.measuring(this.ghost) : this.ghost,
      leftovers,
      this.sized ? assertFits : undefined,
    );
    const made = contendedPlans(makePlans(this.random, this.faults.poison), seed);
    const plans = withCrowd(withPosts(made, seed), seed);
    this.visits = this.timerless ? visitPlans() : isErasing(seed) ? reservedPlans(plans) : [];
    this.plans = [...(this.sized ? withSizes(plans, seed) : plans), ...this.visits];
    this.erasing = leftovers === undefined ? undefined : this.erasingRun(leftovers, plans);
    this.options = { ...makeOptions(this.random), ...(this.sized ? smallOptions(seed) : {}) };
    this.breakage = this.sized ? new Breakage(seed, this.options, () => this.peace) : undefined;
    for (let index = 0; index < INSTANCES; index += 1) this.start();
  }

  async run(): Promise<void> {
    this.ghost.note(JSON.stringify(this.faults));
    const atTheirTimes = this.plans.filter((plan) => plan.postedBy === undefined && !this.visits.includes(plan));
    for (const plan of atTheirTimes) this.post(plan, plan.arrivesAt, 1);
    if (this.timerless) this.visitLater();
    else this.sweepLater();
    this.replayLater();
    if (this.erasing === undefined) this.eraseLater();
    else eraseOften(this.erasing);
    if (!(await this.comeToRest())) return;
    const toCome = new Set(this.visits.slice(this.visited));
    const came = this.plans.filter((plan) => !toCome.has(plan));
    checkAtRest(this.ghost, this.partitions, came, this.acknowledged, this.options);
    if (this.sized) checkRefused(this.ghost, (await this.partitions.dead(1_000)) as DeadLetter[], this.plans);
    if (this.erasing !== undefined) await eraseAtTheEnd(this.erasing);
  }

  /** @returns whether it did, in bounded steps */
  private async comeToRest(): Promise<boolean> {
    while (!this.atRest()) {
      if (this.scheduler.steps === FAULTY_STEPS) this.makePeace();
      if (this.scheduler.steps >= MAX_STEPS) {
        this.ghost.violate('I7', 'not at rest in bounded steps');
        return false;
      }
      this.disturb();
      await this.scheduler.step();
    }
    return true;
  }

  private measuring(observer: Observer): Observer {
    return {
      wrote: (key, before, after, writes) => {
        checkSize(this.ghost, key, after.head);
        observer.wrote(key, before, after, writes);
      },
      wroteUser: (user, before, after) => observer.wroteUser(user, before, after),
    };
  }

  private atRest(): boolean {
    if (this.posting > 0 || this.working > 0) return false;
    return this.partitions.keys().every((key) => {
      const head = this.partitions.current(key).head;
      if (head === undefined) return true;
      const { lease, out, pend, sched } = head;
      return pend.length === 0 && out.length === 0 && sched.length === 0 && lease === null;
    });
  }

  private disturb(): void {
    const { random, faults } = this;
    if (random.chance(faults.queuePurged)) this.purges += 1;
    if (this.runtimes.size === 0) return;
    if (random.chance(faults.crash)) this.kill(random.pick([...this.runtimes.keys()]));
    if (this.runtimes.size > 0 && random.chance(faults.stall)) {
      const instance = random.pick([...this.runtimes.keys()]);
      instance.stalledUntil = this.scheduler.now + DEFAULT_TIMING.leaseMs * random.between(0.6, 1.8);
      this.ghost.interruptions += 1;
      this.ghost.note(`${instance.name} stalls`);
    }
    if (this.runtimes.size > 0 && random.chance(faults.storeUnreadable)) {
      const instance = random.pick([...this.runtimes.keys()]);
      instance.unreadableUntil = this.scheduler.now + random.between(5_000, 90_000);
      this.ghost.note(`${instance.name} cannot read the store`);
    }
  }

  /** From here on nothing goes wrong; a deployment that was under way is brought to its end. */
  private makePeace(): void {
    const { commitSlowMs, skewMs } = this.faults;
    this.faults = { ...NO_FAULTS, commitSlowMs, skewMs };
    this.peace = true;
    if (!this.deploys) return;
    this.deployed = true;
    for (const instance of [...this.runtimes.keys()].filter(({ newer }) => !newer)) this.kill(instance);
  }

  private start(): void {
    this.named += 1;
    const instance: Instance = {
      name: `i${this.named}`,
      skew: this.random.between(-1, 1) * this.faults.skewMs,
      alive: true,
      stalledUntil: 0,
      unreadableUntil: 0,
      newer: this.deploys && (this.deployed || this.random.chance(0.5)),
      onDeath: [],
    };
    const { context } = this;
    const known = withClockError(this.partitions, this.random.between(-1, 1) * this.storeClockErrorMs);
    const own = instance.newer ? newerCode(known) : known;
    const partitions = this.erasing === undefined ? own : purgingPartitions(own, instance, this.erasing);
    const made = transactionalStore(partitions, DEFAULT_TIMING, {}, this.sized ? SMALL_SIZES : RECORD_SIZES);
    const store = { ...made, turns: this.watched(made.turns), sweeps: this.ledger.noting(made.sweeps) };
    let ids = 0;
    const runtime: Runtime = {
      store: this.withoutStepsFor(storeOf(instance, store, context), store),
      connector: connectorOf(instance, context),
      clock: this.scheduler.clockOf(instance),
      doorbell: { ring: (key, delayMs) => this.scheduler.call(instance, 0, () => this.ring(key, delayMs)) },
      ids: { next: () => `${instance.name}-${++ids}` },
      log: { event: (_level, name, fields) => this.logged(instance, name, fields) },
      bot: simBot({
        plans: this.byId,
        scheduler: this.scheduler,
        ghost: this.ghost,
        instance,
        kill: (each) => this.kill(each),
        contend: (at) => {
          this.contentions += 1;
          return contend(store, at, this.contentions);
        },
        isRecorded: (key, step) => this.readsAreFresh && this.partitions.current(key).records.has(`step/${step}`),
        clumsy: this.clumsy,
      }),
      inProcess: new InProcess(),
      options: this.options,
    };
    this.runtimes.set(instance, runtime);
    this.watches.set(instance, new SweepWatch(runtime));
  }

  private get context(): SimContext {
    const { random, scheduler, ghost, breakage, delivering } = this;
    return { random, scheduler, ghost, faults: () => this.faults, breakage, delivering };
  }

  /** Where erasing is one step, there is nothing to finish, and looking for it takes no step: runs are what they would be without. */
  private withoutStepsFor(reached: Store, { erasure }: Store): Store {
    if (this.erasing !== undefined) return reached;
    const { finish, requests } = erasure;
    return { ...reached, erasure: { ...reached.erasure, finish, requests } };
  }

  private erasingRun(leftovers: Leftovers, plans: readonly Plan[]): ErasingRun {
    const { random, scheduler, ghost, partitions } = this;
    return {
      random,
      scheduler,
      ghost,
      partitions,
      leftovers,
      plans,
      reserved: this.visits,
      begun: new Map(),
      faults: () => this.faults,
      ring: (key) => scheduler.call(undefined, 0, () => this.ring(key, 0)),
      storeOf: (instance, made) => storeOf(instance, transactionalStore(made, DEFAULT_TIMING), this.context),
      post: (plan) => this.post(plan, 0, 1),
      makePeace: () => this.makePeace(),
      comeToRest: () => this.comeToRest(),
    };
  }

  /** Where no view is stale, and none of another format, what a worker is told is so. */
  private watched(turns: TurnStore): TurnStore {
    if (!this.readsAreFresh || this.deploys) return turns;
    return watchingAcquires(
      turns,
      (key) => this.partitions.current(key).head,
      () => this.scheduler.now - 2 * STORE_CLOCK_ERROR_MS,
      (key) => this.ghost.violate('I7', `${key}: what is due to be delivered is put off`),
    );
  }

  private logged(instance: Instance, name: string, fields: Readonly<Record<string, unknown>>): void {
    this.ghost.note(`${instance.name} ${name} ${JSON.stringify(fields)}`);
    const conversation = fields.conversation as ConversationKey;
    if (fields.policy === 'skip') this.ghost.skippedEffect(conversation, String(fields.effect));
    const head = this.partitions.keys().includes(conversation) ? this.partitions.current(conversation).head : undefined;
    const running = head?.pend.find(({ key }) => key === fields.activity);
    if (name === 'conflict')
      this.ghost.allowStart(conversation, running === undefined ? `${fields.activity}` : turnPrefix(running));
    const isOwn = head !== undefined && head.epoch === fields.epoch && isOf(instance, head.lease);
    if (name === 'fenced' && isOwn && !this.ghost.outgrew(conversation, head.epoch)) {
      this.ghost.violate('I11', `${instance.name} gave up ${conversation}, which is its own`);
    }
    if (name === 'attemptFailed') this.ghost.attemptFailed(conversation, fields);
    if (name === 'recordTooLarge') this.ghost.violate('I17', `${conversation} cannot be written by its holder`);
    if (name === 'swept' && this.ghost.calm && this.leftToSweep())
      this.ghost.violate('I7', 'a conversation was left to the sweep');
    if (this.clumsy) throw new Error('clumsy');
  }

  /** Whether anything is overdue but conversations that are looked at ahead of what is scheduled in them. */
  private leftToSweep(): boolean {
    return this.partitions.keys().some((key) => {
      const { sched = [], wake = null } = this.partitions.current(key).head ?? {};
      const [first] = sched;
      const ahead = first !== undefined && wake !== null && wake >= first.due - DEFAULT_TIMING.aheadMs;
      return wake !== null && wake <= this.scheduler.now && !ahead;
    });
  }

  /** Deliveries that kill are for runs in which a delivery is given up soon. */
  private readonly delivering = (instance: Instance, text: string): void => {
    if (this.options.maxDeliveries > 100 || !text.includes(' reply 0 ')) return;
    if (this.plans.some(({ activity, deadly }) => deadly && text.startsWith(`${activity.id} `))) this.kill(instance);
  };

  private get byId(): ReadonlyMap<string, Plan> {
    return new Map(this.plans.map((plan) => [plan.activity.id ?? '', plan]));
  }

  private kill(instance: Instance): void {
    if (!instance.alive) return;
    instance.alive = false;
    this.runtimes.delete(instance);
    this.watches.delete(instance);
    for (const tell of instance.onDeath) tell();
    this.ghost.interruptions += 1;
    this.ghost.note(`${instance.name} dies`);
    void this.scheduler.call(undefined, this.random.between(0, 5_000), () => this.start());
  }

  private ring(key: ConversationKey, delayMs: number): void {
    const { random, faults } = this;
    if (random.chance(faults.ringLost)) {
      if (random.chance(0.5)) return;
      throw new Error('The queue did not answer.');
    }
    this.deliver(key, delayMs + random.between(0, faults.ringDelayedMs), this.purges, 1);
    if (random.chance(faults.ringDoubled)) this.deliver(key, delayMs + random.between(0, 30_000), this.purges, 1);
  }

  /** The queue trigger's host: hands a message to some instance, again if the invocation fails, much later if its instance dies. */
  private deliver(key: ConversationKey, delayMs: number, purges: number, dequeues: number): void {
    void this.scheduler.call(undefined, delayMs, () => {
      if (purges < this.purges || dequeues > MAX_DEQUEUES) return;
      const [instance, runtime] = this.random.pick([...this.runtimes, [undefined, undefined] as const]);
      if (instance === undefined || runtime === undefined) return this.deliver(key, 1_000, purges, dequeues);
      let over = false;
      const end = (): void => {
        if (!over) this.working -= 1;
        over = true;
      };
      this.working += 1;
      this.ringAnswered(instance, runtime, key).then(end, (error) => {
        this.ghost.note(`${instance.name} attend fails: ${error}`);
        if (errorName(error) === 'RecordTooLarge') this.ghost.violate('I17', `${key} cannot be acquired`);
        end();
        this.deliver(key, 0, purges, dequeues + 1);
      });
      instance.onDeath.push(() => {
        if (over) return;
        end();
        this.deliver(key, HIDDEN_MS, purges, dequeues + 1);
      });
      return undefined;
    });
  }

  /** What the function behind the queue does. */
  private async ringAnswered(instance: Instance, runtime: Runtime, key: ConversationKey): Promise<void> {
    await attend(runtime, key);
    if (this.timerless) await this.watches.get(instance)?.sweepIfMissed();
  }

  /** The channel: posts, waits for an acknowledgement, and comes again with the same id when there is none; sometimes even when there is. */
  private post(plan: Plan, delayMs: number, tries: number): void {
    this.posting += 1;
    void this.scheduler.call(undefined, delayMs, () => {
      const [instance, runtime] = this.random.pick([...this.runtimes, [undefined, undefined] as const]);
      let answered = false;
      const done = (status: number): void => {
        if (answered) return;
        answered = true;
        const answers = status === 200 || (plan.inline && status === 500);
        if (answers) this.acknowledge(plan);
        const again = answers ? this.faults.ringDoubled > 0 && this.random.chance(0.15) : true;
        if (again && tries < 4) this.post(plan, this.random.between(0, 20_000), tries + 1);
        else if (plan.comesAgain && tries < 5) this.post(plan, DEFAULT_TIMING.dedupeMs * 1.2, 5);
        this.posting -= 1;
      };
      if (instance === undefined || runtime === undefined) return done(0);
      instance.onDeath.push(() => done(0)); // Its connections break.
      const body = new TextEncoder().encode(JSON.stringify(plan.activity));
      const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
      receive(runtime, OPEN, { headers, body: async () => body }).then(
        ({ status }) => {
          done(status);
          if (this.timerless) void this.watches.get(instance)?.sweepIfMissed();
        },
        () => done(0),
      );
      void this.scheduler.call(undefined, 15_000, () => done(0));
      return undefined;
    });
  }

  private acknowledge({ activity }: Plan): void {
    const key = conversationKey(CHANNEL, activity.conversation.id);
    this.acknowledged.add(activity.id ?? '');
    this.ghost.note(`${activity.conversation.id}/${activity.id} acknowledged`);
    if (!this.isDurable(key, activity.id ?? '')) {
      this.ghost.violate('I8', `${activity.id} was acknowledged before it was durable`);
    }
  }

  private isDurable(key: ConversationKey, id: string): boolean {
    const planned = this.plans.find(({ activity }) => activity.id === id);
    if (planned === undefined) return false;
    const { accepted, answered } = this.ghost.of(key);
    const turn = turnOf(planned);
    return accepted.includes(turn) || answered.has(turn) || this.ghost.wasErased(key, turn);
  }

  /** The operator: replays dead letters now and then, impatiently, while there are faults; where activities come again, afterwards. */
  private replayLater(): void {
    const comesAgain = this.plans.some((plan) => plan.comesAgain);
    if (!this.faults.poison && this.faults.sendRejected === 0) return;
    if (this.random.chance(comesAgain ? 0.2 : 0.5)) return;
    this.posting += 1;
    void this.scheduler.call(undefined, this.random.between(0, comesAgain ? LATE_REPLAYS_MS : REPLAYS_MS), async () => {
      const letters = (await this.partitions.dead(10)) as DeadLetter[];
      const runtime = this.random.pick([...this.runtimes.values(), undefined]);
      for (const { conversation, id } of letters) {
        this.ghost.note(`operator replays ${id}`);
        for (const _ of [1, 2]) void runtime?.store.deadLetters.requeue(conversation, id).catch(() => undefined);
      }
      this.posting -= 1;
    });
  }

  /** The operator: erases a conversation, in the middle of whatever is going on in it. */
  private eraseLater(): void {
    // Of its own, so that runs without it are what they would be.
    const random = new Random(this.seed ^ 0x5eed);
    if (this.ghost.calm || random.chance(0.85)) return;
    const plan = random.pick(this.plans);
    const key = conversationKey(CHANNEL, plan.activity.conversation.id);
    for (let times = random.pick([1, 1, 2]); times > 0; times -= 1) {
      this.posting += 1;
      void this.scheduler.call(undefined, plan.arrivesAt + random.between(0, random.pick([500, 5_000, 60_000])), () => {
        this.posting -= 1;
        const [runtime] = this.runtimes.values();
        if (runtime === undefined) return;
        const ring = (): unknown => runtime.doorbell.ring(key, 0);
        runtime.store.erasure
          .conversation(key)
          .then(ring, ring)
          .catch(() => undefined);
      });
    }
  }

  /** Somebody else writes to the bot now and then, in a conversation of its own. */
  private visitLater(): void {
    void this.scheduler.call(undefined, this.random.between(1_000, LONGEST_BETWEEN_VISITS_MS), () => {
      const plan = this.visits[this.visited];
      if (plan !== undefined) this.post(plan, 0, 1);
      this.visited += 1;
      this.visitLater();
    });
  }

  private sweepLater(): void {
    void this.scheduler.call(undefined, SWEEP_MS, () => {
      const runtime = this.random.pick([...this.runtimes.values(), undefined]);
      if (runtime !== undefined) sweep(runtime).catch(() => undefined);
      this.sweepLater();
    });
  }
}

function isOf({ name }: Instance, lease: Lease | null): boolean {
  return lease?.owner.startsWith(`${name}-`) === true;
}

function makeOptions(random: Random): RuntimeOptions {
  return {
    ...DEFAULT_OPTIONS,
    inlineBytes: 2_000,
    turnTimeoutMs: 90_000,
    inDoubt: random.chance(0.3) ? 'skip' : 'resend',
    holdRepliesMs: random.chance(0.8) ? 1_000 : 0,
    invocationTurns: random.pick([1, 2, 100]),
    invocationBudgetMs: random.pick([2_000, 60_000, 60_000]),
    backlogLimit: random.chance(0.1) ? 2 : 100,
    maxDeliveries: random.chance(0.1) ? 3 : 1_000,
  };
}

const LONGEST_BETWEEN_VISITS_MS = 90_000;

/** Replays may happen in this time from the start, in virtual ms. */
const REPLAYS_MS = 400_000;

/** Late enough for what came again past the dedupe horizon to have died as well. */
const LATE_REPLAYS_MS = 3 * DEFAULT_TIMING.dedupeMs;

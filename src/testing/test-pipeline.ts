import { AsyncLocalStorage } from 'node:async_hooks';
// From the module, because tests replace the global ones.
import { setImmediate } from 'node:timers';
import { createMemoryStore } from '../memory/memory-store';
import type { Store } from '../ports/store';
import { keyOf } from '../runtime/activity-keys';
import { answerInline } from '../runtime/answer-inline';
import { type ReceivedActivity, receivedEntry } from '../runtime/endpoint-answers';
import { DEFAULT_OPTIONS, type RuntimeOptions } from '../runtime/options';
import { attend } from '../runtime/processor';
import type { BotLogic } from '../runtime/runtime';
import type { Activity } from '../schema/activity';
import { Channels } from '../schema/constants';
import { TurnwiseError } from '../schema/errors';
import { type ParsedActivity, parseActivity } from '../schema/parse-activity';
import { isVouchingChannel } from '../schema/vouching';
import { type ActivityKey, type ConversationKey, conversationKey } from '../turn/keys';
import type { Head } from '../turn/record';
import { BadDays, withConflicts } from './bad-days';
import { ReplyQueue } from './reply-queue';
import { TestClock } from './test-clock';
import { TestWorker, type Workplace } from './test-worker';

/**
 * The pipeline as it runs in production, in this process: mailbox, turns and state in a memory store, a doorbell that is a list, a
 * channel that is a queue. A delivery is over when nothing is left to do; whatever production would wait for has then passed.
 */
export class TestPipeline {
  readonly store: Store;
  readonly channel = new ReplyQueue();
  readonly badDays = new BadDays();
  private readonly clock = new TestClock();
  private readonly place: Workplace;
  private readonly workers = new Set<TestWorker>();
  /** When each conversation was rung for, on the monotonic clock. */
  private readonly bells = new Map<ConversationKey, number>();
  private readonly work = new Map<ConversationKey, Promise<void>>();
  /** The conversations whose turns the running code is part of. */
  private readonly within = new AsyncLocalStorage<ReadonlySet<ConversationKey>>();
  private ids = 0;

  constructor(bot: BotLogic, options: Partial<RuntimeOptions>) {
    this.store = createMemoryStore(this.clock.forWorker());
    this.place = {
      store: withConflicts(this.store, this.badDays),
      clock: this.clock,
      connector: this.channel,
      doorbell: { ring: async (key, delayMs) => this.ring(key, delayMs) },
      ids: { next: () => this.nextId() },
      bot,
      options: { ...DEFAULT_OPTIONS, ...options },
      badDays: this.badDays,
    };
  }

  /** The key under which the pipeline recognises an activity. */
  keyOf(activity: Activity): ActivityKey {
    return keyOf(activity, () => this.nextId());
  }

  /** A key that no other activity has. */
  uniqueKey(): ActivityKey {
    return keyOf({ type: 'message' } as Activity, () => this.nextId());
  }

  /**
   * Delivers an activity, and resolves when its turn and everything that follows from it is done. From within a turn of the same conversation
   * it resolves at once: the activity is then accepted, and its turn comes after this one.
   * @throws TurnwiseError when the activity would be refused at the endpoint
   */
  async deliver(key: ActivityKey, activity: Activity): Promise<void> {
    const parsed = parseActivity(JSON.stringify(activity));
    if (!parsed.ok) throw new TurnwiseError(parsed.code);
    const conversation = conversationKey(parsed.activity.channelId, parsed.activity.conversation.id);
    const answersInline = activity.type === 'invoke' || activity.deliveryMode === 'expectReplies';
    const received = admittedAs(parsed);
    if (answersInline) await this.answer(conversation, key, received);
    else await this.accept(conversation, key, received);
    if (!this.within.getStore()?.has(conversation)) await this.settle(conversation);
  }

  private async accept(conversation: ConversationKey, key: ActivityKey, received: ReceivedActivity) {
    const { backlogLimit, inlineBytes } = this.place.options;
    const { entry, bodies } = receivedEntry(key, received, inlineBytes);
    const outcome = await this.store.mailbox.accept(conversation, entry, bodies, backlogLimit);
    if (outcome === 'full') throw new TurnwiseError('BacklogFull');
    this.ring(conversation, 0);
  }

  /** What needs its answer in the HTTP response; should its worker die, the channel comes again when the run's time is over. */
  private async answer(conversation: ConversationKey, key: ActivityKey, received: ReceivedActivity) {
    const { acceptLimitMs, inlineDeadlineMs } = this.place.options;
    while ((await this.employ(conversation, ({ runtime }) => answerInline(runtime, received, key))) === 'dead') {
      this.clock.skipTo(this.clock.monotonic() + inlineDeadlineMs + acceptLimitMs + 1);
    }
  }

  private ring(key: ConversationKey, delayMs: number): void {
    const at = this.clock.monotonic() + delayMs;
    this.bells.set(key, Math.min(at, this.bells.get(key) ?? at));
  }

  private nextId(): string {
    this.ids += 1;
    return `test-${this.ids}`;
  }

  private async settle(conversation: ConversationKey): Promise<void> {
    for (let other = this.work.get(conversation); other !== undefined; other = this.work.get(conversation)) {
      await other.catch(() => undefined);
    }
    const working = this.workUntilIdle(conversation).finally(() => this.work.delete(conversation));
    this.work.set(conversation, working);
    await working;
    for (const rung of [...this.bells.keys()]) if (!this.work.has(rung)) await this.settle(rung);
  }

  private async workUntilIdle(conversation: ConversationKey): Promise<void> {
    for (;;) {
      const head = (await this.store.inspection.conversation(conversation))?.head;
      const bell = this.bells.get(conversation);
      this.bells.delete(conversation);
      if (head === undefined || head.wake === null || waitsForItsTime(head)) return;
      // Without a bell (its worker died before it could ring) the sweep looks, once the record is overdue.
      this.clock.skipTo(bell ?? this.clock.monotonic() + head.wake - this.clock.now());
      await this.employ(conversation, ({ runtime }) => attend(runtime, conversation));
    }
  }

  /** Gives a worker of its own something to do; over when it is done, or dead. Waiting takes no time unless code of the bot is running. */
  private async employ(conversation: ConversationKey, work: (worker: TestWorker) => Promise<unknown>) {
    const worker = new TestWorker(this.place);
    this.workers.add(worker);
    let over = false;
    const within = new Set([...(this.within.getStore() ?? []), conversation]);
    const working = this.within.run(within, () => work(worker));
    const ended = Promise.race([working.then(() => 'done' as const), worker.death]).finally(() => {
      over = true;
      this.workers.delete(worker);
    });
    // Looked at when it is awaited below; until then it must not count as unhandled.
    ended.catch(() => undefined);
    for (;;) {
      await Promise.race([ended, worker.rest()]).catch(() => undefined);
      await whatIsUnderWay();
      if (over) return ended;
      if (![...this.workers].some(({ busy }) => busy)) this.clock.skipToNextSleeper();
    }
  }
}

/** Returns a parsed activity as its channel's token would have it admitted. The test channel vouches for what its test says. */
function admittedAs({ activity }: ParsedActivity): ReceivedActivity {
  const vouches = activity.channelId === Channels.Test || isVouchingChannel(activity.channelId);
  return vouches ? { activity, vouched: true } : { activity };
}

/** Nothing is left but what was scheduled: that may be years away, or repeat itself for ever. */
function waitsForItsTime({ lease, out, pend }: Head): boolean {
  return lease === null && pend.length === 0 && out.length === 0;
}

/** Lets everything go on that is not waiting for time to pass: in this store and on this channel nothing takes longer. */
function whatIsUnderWay(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

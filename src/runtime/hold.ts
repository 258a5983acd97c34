import type { Held } from '../ports/store';
import { TurnwiseError } from '../schema/errors';
import { StoreFault } from '../turn/fault';
import type { HandBack, UndeliveredEffect } from '../turn/hand-back';
import type { ConversationKey } from '../turn/keys';
import type { Effect, Head } from '../turn/record';
import { LastPack } from './bodies';
import type { LocalHolder } from './in-process';
import { OVER } from './linked-signal';
import { persist } from './persist';
import { type Runtime, report, ring } from './runtime';

/** Another worker has the conversation, or it cannot be told that none has: everything not committed is dropped. */
export class ConversationLost extends Error {
  override readonly name = 'ConversationLost';
}

/**
 * A conversation held by this worker. Writes go one after the other, each on what the last one left behind; the lease is
 * renewed while the hold lasts. Once a write is fenced the hold is over for good, and `lost` aborts.
 */
export class Hold implements LocalHolder {
  readonly key: ConversationKey;
  readonly lastPack = new LastPack();
  private held: Held;
  private writes: Promise<unknown> = Promise.resolve();
  /** On this process's monotonic clock: until when nobody else can have taken over. */
  private leaseEnds: number;
  /** By how much the store's time is ahead of that clock, as far as this worker can tell. */
  private readonly storeAhead: number;
  /** On the same clock: the channel asked not to be called before. */
  private quietUntil = Number.NEGATIVE_INFINITY;
  private undelivered: UndeliveredEffect | undefined;
  /** Delivers what others have recorded, while a turn runs under this hold. */
  private deliver: (() => void) | undefined;
  private readonly noLongerHolds: () => void;
  private readonly ended = new AbortController();
  private readonly losing = new AbortController();

  /** @param acquiredAt monotonic time just before the acquire was sent: the lease cannot have begun earlier. */
  constructor(
    private readonly runtime: Runtime,
    held: Held,
    acquiredAt: number,
  ) {
    this.key = held.key;
    this.held = held;
    this.leaseEnds = acquiredAt + runtime.store.timing.leaseMs;
    this.storeAhead = (held.head.lease?.until ?? 0) - this.leaseEnds;
    this.noLongerHolds = runtime.inProcess.holds(held.key, this);
    void this.keepLease();
  }

  /** The record as the last write left it. */
  get head(): Head {
    return this.held.head;
  }

  /** The epoch of this hold. */
  get epoch(): number {
    return this.held.fence.epoch;
  }

  /** Aborts when the conversation is lost. */
  get lost(): AbortSignal {
    return this.losing.signal;
  }

  /** The store's time now, as far as this worker can tell. */
  get storeNow(): number {
    const now = this.runtime.clock.monotonic();
    const { lease } = this.held.head;
    return lease === null ? now + this.storeAhead : lease.until - Math.max(0, this.leaseEnds - now);
  }

  /**
   * One fenced write. Repeated through faults until its outcome is known.
   * @throws ConversationLost when it is fenced, or when the store does not answer for longer than the lease.
   */
  write<T extends { readonly outcome: string; readonly head?: Head }>(
    call: (held: Held) => Promise<T>,
  ): Promise<Exclude<T, { outcome: 'fenced' }>> {
    const next = this.writes.then(() => this.writeNow(call));
    this.writes = next.catch(() => undefined);
    return next;
  }

  /** Remembers how the delivery of the first effect went, and that the channel wants a pause before the next. */
  deliveryFailed(undelivered: UndeliveredEffect, pauseMs: number): void {
    // Under one hold an effect may be tried several times; what one try may have sent stays in doubt, however the next one fares.
    const { outcome } = this.progressOf(undelivered.effect);
    this.undelivered = outcome === 'unknown' ? { ...undelivered, outcome } : undelivered;
    this.quietUntil = this.runtime.clock.monotonic() + pauseMs;
  }

  /** How much of that pause is left, in ms. */
  get quietForMs(): number {
    return Math.max(0, this.quietUntil - this.runtime.clock.monotonic());
  }

  /** Renews the lease unless it outlives `ms` already. @throws ConversationLost */
  async ensure(ms: number): Promise<void> {
    if (this.leaseEnds - this.runtime.clock.monotonic() < ms) {
      await this.write((held) => this.runtime.store.turns.renew(held));
    }
  }

  /**
   * As {@link ensure}, and makes sure that the record says so before a delivery of `effect` begins. The write that put it first has
   * said so, unless it was appended beside this hold, by an inline turn or a replay. @throws ConversationLost
   */
  async ensureDelivery(effect: Effect, ms: number): Promise<void> {
    if (effect.started) await this.ensure(ms);
    else await this.write((held) => this.runtime.store.turns.renew(held, true));
  }

  /**
   * Gives the conversation back with work remaining, and rings for it. What is recorded is delivered when the pause that its channel wants is
   * over, whatever puts the next handler off.
   *
   * @param delayMs no handler starts before; 0: that is as it was
   * @throws ConversationLost
   */
  async handBack(delayMs: number, attempt: 'attemptCounts' | 'attemptTakenBack' | 'contended'): Promise<void> {
    const first = this.head.out[0]?.id;
    const reason: HandBack = {
      delayMs,
      uncountAttempt: attempt === 'attemptTakenBack',
      ...(attempt === 'contended' ? { contended: true } : {}),
      ...(first === undefined ? {} : { undelivered: { ...this.progressOf(first), pauseMs: this.quietForMs } }),
    };
    await this.write((held) => this.runtime.store.turns.handBack(held, reason));
    const [effect] = this.head.out;
    const deliveryMs = effect === undefined ? delayMs : Math.max(0, (effect.due ?? 0) - this.storeNow);
    await ring(this.runtime, this.key, deliveryMs);
    // The deliveries leave no bell for a back-off that is longer: this one is for the handler.
    if (delayMs > deliveryMs) await ring(this.runtime, this.key, delayMs);
  }

  /**
   * Has what others record delivered while a turn runs, as soon as this hold knows of it.
   *
   * @param deliver begins to deliver what the record has
   * @returns what ends that
   */
  whileRunning(deliver: () => void): () => void {
    const over = new AbortController();
    this.deliver = deliver;
    void this.lookForEffects(over.signal);
    if (this.head.out.length > 0) deliver();
    return () => {
      if (this.deliver === deliver) this.deliver = undefined;
      over.abort(OVER);
    };
  }

  /**
   * Reads what others have recorded beside this hold. A turn that runs begins to deliver it at once, and everything else that a holder does comes
   * to it by itself.
   *
   * @returns false when the hold is over: then it is for the next holder of the conversation
   */
  async takeUp(): Promise<boolean> {
    try {
      await this.write((held) => this.runtime.store.turns.renew(held));
    } catch {
      return false;
    }
    if (this.head.out.length > 0) this.deliver?.();
    return true;
  }

  /**
   * Looks from time to time whether another process has recorded effects in the conversation, where inline turns are known to happen. One read,
   * where a renewal would be a write.
   */
  private async lookForEffects(over: AbortSignal): Promise<void> {
    const { clock, inProcess, options, store } = this.runtime;
    for (;;) {
      await clock.sleep(options.lookMs, over);
      if (over.aborted || this.ended.signal.aborted) return;
      if (!inProcess.answersInline || this.head.out.length > 0) continue;
      // A read that fails is made again next time, and the renewal finds the same later.
      if (await store.turns.hasEffects(this.key).catch(() => false)) await this.takeUp();
    }
  }

  private progressOf(effect: string): UndeliveredEffect {
    return this.undelivered?.effect === effect ? this.undelivered : { effect, outcome: 'notTried' };
  }

  /** Ends the hold on this side: no more renewals. What is written last decides what the record says. */
  end(): void {
    this.noLongerHolds();
    this.ended.abort(OVER);
  }

  /** Ends the hold because the conversation is somebody else's. */
  lose(): void {
    this.losing.abort();
    this.end();
  }

  private async writeNow<T extends { readonly outcome: string; readonly head?: Head }>(
    call: (held: Held) => Promise<T>,
  ): Promise<Exclude<T, { outcome: 'fenced' }>> {
    if (this.ended.signal.aborted) throw new ConversationLost('The hold on the conversation is over.');
    const { clock, store } = this.runtime;
    // The first try counts: an identical earlier one may be what was applied, and began the lease.
    const sent = clock.monotonic();
    let result: T;
    try {
      result = await persist(clock, () => call(this.held), {
        limitMs: store.timing.leaseMs,
        onFault: (fault) => report(this.runtime, 'storeFault', this.key, { applied: fault.applied }),
      });
    } catch (error) {
      if (error instanceof StoreFault) this.lose();
      if (!(error instanceof TurnwiseError && error.code === 'RecordTooLarge')) throw error;
      report(this.runtime, 'recordTooLarge', this.key, { epoch: this.epoch });
      this.lose();
      throw new ConversationLost('The record of the conversation is too large to be written.', { cause: error });
    }
    if (result.outcome === 'fenced') {
      report(this.runtime, 'fenced', this.key, { epoch: this.epoch });
      this.lose();
      throw new ConversationLost('Another worker has taken the conversation over.');
    }
    if (result.head !== undefined) {
      this.held = { ...this.held, head: result.head };
      this.leaseEnds = sent + store.timing.leaseMs;
      if (result.outcome === 'released') this.end();
    }
    return result as Exclude<T, { outcome: 'fenced' }>;
  }

  /**
   * Renews the lease at intervals, and leaves a delayed bell for the moment it would end: should this worker die, that bell
   * brings another one, long before the sweep and the queue's own redelivery would.
   */
  private async keepLease(): Promise<void> {
    const { clock, options, store } = this.runtime;
    const guard = (): Promise<void> =>
      ring(this.runtime, this.key, Math.max(0, this.leaseEnds - clock.monotonic()) + GUARD_SLACK_MS);
    await clock.sleep(options.guardBellMs, this.ended.signal);
    if (this.ended.signal.aborted) return;
    await guard();
    while (!this.ended.signal.aborted) {
      await clock.sleep(options.renewMs, this.ended.signal);
      if (this.ended.signal.aborted) return;
      try {
        await this.write((held) => store.turns.renew(held));
      } catch {
        return; // `write` has ended the hold; who works under it learns from `lost` or from its own next write.
      }
      if (this.head.out.length > 0) this.deliver?.();
      if (!this.ended.signal.aborted) await guard();
    }
  }
}

/** A little after the lease's end, so that the bell finds it expired and not about to expire. */
export const GUARD_SLACK_MS = 500;

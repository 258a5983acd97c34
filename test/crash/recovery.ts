import type { WorkerEvent } from './wire';
import type { Worker } from './workers';

/** A conversation whose turn, or whose reply on its way, was cut off by a kill, and which has not moved since. */
interface Interruption {
  readonly worker: string;
  readonly killedAt: number;
  /** The first kill in a row of kills without anything between them. */
  readonly since: number;
}

/** Events after which a worker no longer runs the conversation's turn. */
const TURN_ENDS = new Set(['committed', 'deadLettered', 'attemptFailed', 'conflict', 'fenced', 'handedOver']);

/** Events that show that a conversation has moved. */
const PROGRESS = new Set(['committed', 'deadLettered', 'delivered']);

/**
 * Measures recovery: from the `kill -9` of the worker that was running a conversation's turn, or sending its reply, until that
 * conversation's next commit, dead letter or reply by another worker. The time that the repeated turn itself takes is part of it. When a
 * worker is killed or frozen that has the conversation's next turn or has taken the ring for it, the clock starts anew, and the whole row
 * counts as one outage.
 */
export class RecoveryWatch {
  readonly recoveriesMs: number[] = [];
  readonly outagesMs: number[] = [];
  /** The longest recovery of all, to be looked into. */
  slowest: { readonly conversation: string; readonly from: number; readonly to: number } | undefined;
  /** Kills that cut off at least one turn or reply. */
  effectiveKills = 0;
  readonly #running = new Map<string, Set<string>>();
  /** Rings that each worker has taken off the queue and not answered yet. */
  readonly #rung = new Map<string, string[]>();
  readonly #interrupted = new Map<string, Interruption>();

  /** Conversations that have not recovered. */
  get open(): readonly string[] {
    return [...this.#interrupted.keys()];
  }

  /** Whether a worker is in the middle of a turn. */
  isBusy(worker: Worker): boolean {
    return (this.#running.get(worker.name)?.size ?? 0) > 0;
  }

  /** A worker told of something, perhaps just before it died. */
  event(worker: Worker, { event, conversation }: WorkerEvent): void {
    const running = this.#running.get(worker.name) ?? new Set();
    this.#running.set(worker.name, running);
    if (event === 'rung') this.#rung.set(worker.name, [...(this.#rung.get(worker.name) ?? []), conversation]);
    if (event === 'answered') {
      const rings = this.#rung.get(worker.name) ?? [];
      this.#rung.set(worker.name, rings.toSpliced(rings.indexOf(conversation), 1));
    }
    if (event === 'started') {
      running.add(conversation);
      if (worker.killedAt !== undefined) this.#interrupt(worker, worker.killedAt, conversation);
    }
    if (TURN_ENDS.has(event)) {
      running.delete(conversation);
      // Its last words: the kill came too late to cut this turn off.
      const cutOff = this.#interrupted.get(conversation)?.worker === worker.name;
      if (cutOff && worker.killedAt !== undefined) this.#interrupted.delete(conversation);
    }
    if (PROGRESS.has(event) && worker.killedAt === undefined) this.#progress(conversation);
  }

  /** @param sending the conversations whose replies the worker was sending. */
  killed(worker: Worker, at: number, sending: readonly string[]): void {
    const cut = new Set([...(this.#running.get(worker.name) ?? []), ...sending]);
    if (cut.size > 0) this.effectiveKills += 1;
    for (const conversation of cut) this.#interrupt(worker, at, conversation);
    this.#hitAgain(worker, at);
  }

  /** A worker is about to be frozen: whoever waits for it waits for it to lose its lease. */
  onStall(worker: Worker): void {
    this.#hitAgain(worker, Date.now());
  }

  /** A reply arrived, sent by a worker that lives. */
  replied(conversation: string): void {
    this.#progress(conversation);
  }

  /** What has not recovered yet and was just being taken up by this worker has to be taken up once more. */
  #hitAgain(worker: Worker, at: number): void {
    const mine = [...(this.#rung.get(worker.name) ?? []), ...(this.#running.get(worker.name) ?? [])];
    for (const conversation of mine.filter((each) => this.#interrupted.has(each))) {
      this.#interrupt(worker, at, conversation);
    }
  }

  #interrupt(worker: Worker, killedAt: number, conversation: string): void {
    const since = this.#interrupted.get(conversation)?.since ?? killedAt;
    this.#interrupted.set(conversation, { worker: worker.name, killedAt, since });
  }

  #progress(conversation: string): void {
    const interruption = this.#interrupted.get(conversation);
    if (interruption === undefined) return;
    this.#interrupted.delete(conversation);
    const now = Date.now();
    const { killedAt, since } = interruption;
    if (now - killedAt > Math.max(0, ...this.recoveriesMs)) this.slowest = { conversation, from: killedAt, to: now };
    this.recoveriesMs.push(now - killedAt);
    this.outagesMs.push(now - since);
  }
}

/** The value below which the share `q` of the values lies; 0 of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
}

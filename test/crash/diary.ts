import type { WorkerEvent } from './wire';

/** What each worker told of each conversation, in its own order. */
export class Diary {
  readonly #entries = new Map<string, WorkerEvent[]>();
  readonly #counts = new Map<string, number>();
  readonly #timeline: { readonly at: number; readonly worker: string; readonly event: WorkerEvent }[] = [];

  record(worker: string, event: WorkerEvent): void {
    const name = nameOf(worker, event.conversation);
    const entries = this.#entries.get(name) ?? [];
    this.#entries.set(name, entries);
    entries.push(event);
    this.#timeline.push({ at: Date.now(), worker, event });
    this.#counts.set(event.event, this.count(event.event) + 1);
  }

  of(worker: string, conversation: string): readonly WorkerEvent[] {
    return this.#entries.get(nameOf(worker, conversation)) ?? [];
  }

  /** What all workers told of a conversation in a span of time, one line each, times counted from its start. */
  timeline(conversation: string, from: number, to: number): string[] {
    return this.#timeline
      .filter(({ at, event }) => event.conversation === conversation && at >= from && at <= to)
      .map(({ at, worker, event }) => {
        return `  +${((at - from) / 1_000).toFixed(1)} s  ${worker} ${event.event} ${event.detail ?? ''}`.trimEnd();
      });
  }

  /** How often any worker told of such an event. */
  count(event: string): number {
    return this.#counts.get(event) ?? 0;
  }
}

const nameOf = (worker: string, conversation: string): string => `${worker} ${conversation}`;

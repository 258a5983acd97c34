import type { WorkerEvent } from './wire';

/** What each worker told of each conversation, in its own order. */
export class Diary {
  readonly #entries = new Map<string, WorkerEvent[]>();
  readonly #counts = new Map<string, number>();

  record(worker: string, event: WorkerEvent): void {
    const name = nameOf(worker, event.conversation);
    const entries = this.#entries.get(name) ?? [];
    this.#entries.set(name, entries);
    entries.push(event);
    this.#counts.set(event.event, this.count(event.event) + 1);
  }

  of(worker: string, conversation: string): readonly WorkerEvent[] {
    return this.#entries.get(nameOf(worker, conversation)) ?? [];
  }

  /** How often any worker told of such an event. */
  count(event: string): number {
    return this.#counts.get(event) ?? 0;
  }
}

const nameOf = (worker: string, conversation: string): string => `${worker} ${conversation}`;

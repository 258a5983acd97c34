import type { Clock } from '../ports/clock';

/** Time between two lines, in ms: a command that is done sooner says nothing. */
const EVERY_MS = 5_000;

/** Progress of a command that takes long: at most one line in five seconds. */
export class Progress {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #show: (line: string) => void;
  readonly #startedAt: number;
  #shownAt: number;
  #what = 'working';
  #requests = 0;
  #pages = 0;

  constructor(clock: Pick<Clock, 'monotonic'>, show: (line: string) => void) {
    this.#clock = clock;
    this.#show = show;
    this.#startedAt = clock.monotonic();
    this.#shownAt = this.#startedAt;
  }

  /** Takes note of what is being done. */
  doing(what: string): void {
    this.#what = what;
    this.#showIfTime();
  }

  /** Takes note of a request to the store, for a step that consists of many. */
  requested({ operation }: { readonly operation: string }): void {
    this.#requests += 1;
    if (operation === 'query') this.#pages += 1;
    this.#showIfTime();
  }

  #showIfTime(): void {
    const now = this.#clock.monotonic();
    if (now - this.#shownAt < EVERY_MS) return;
    this.#shownAt = now;
    const seconds = Math.round((now - this.#startedAt) / 1_000);
    const done = this.#requests === 0 ? '' : `; ${this.#requests} requests, ${this.#pages} of them pages of queries`;
    this.#show(`${this.#what} (${seconds} s${done})`);
  }
}

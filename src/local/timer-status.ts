import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

/** What is remembered about a timer across restarts. Times are ISO strings. */
export interface TimerStatus {
  readonly schedule: string;
  readonly last: string | undefined;
  readonly next: string;
}

const shape = z.record(
  z.string(),
  z.object({ schedule: z.string(), last: z.string().optional(), next: z.iso.datetime() }),
);

/**
 * Remembers when each timer was due, so that one missed while the runner was down fires at the next start: what the host keeps in
 * a blob. A file that cannot be read counts as no memory.
 */
export class TimerStatusFile {
  readonly #path: string;
  readonly #timers: Record<string, TimerStatus>;

  constructor(path: string) {
    this.#path = path;
    this.#timers = read(path);
  }

  get(name: string): TimerStatus | undefined {
    return Object.hasOwn(this.#timers, name) ? this.#timers[name] : undefined;
  }

  set(name: string, status: TimerStatus): void {
    this.#timers[name] = status;
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    // Renamed into place: a crash leaves the old file or the new one.
    writeFileSync(`${this.#path}.new`, `${JSON.stringify(this.#timers, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }
}

function read(path: string): Record<string, TimerStatus> {
  try {
    const parsed = shape.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (!parsed.success) return {};
    return Object.fromEntries(
      Object.entries(parsed.data).map(([name, { schedule, last, next }]) => [name, { schedule, last, next }]),
    );
  } catch {
    return {};
  }
}

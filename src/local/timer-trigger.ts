import type { RunnerLog } from './console-log';
import { parseNcrontab, type Schedule } from './ncrontab';
import { oneLine, StartupError } from './startup-error';
import { parseTimeSpan } from './time-span';
import type { TimerStatusFile } from './timer-status';

/** What a timer function is told, in the host's spelling. */
export interface TimerInfo {
  readonly Schedule: { readonly AdjustForDST: boolean };
  readonly ScheduleStatus: { readonly Last: string; readonly LastUpdated: string; readonly Next: string } | null;
  readonly IsPastDue: boolean;
}

export interface TimerTriggerOptions {
  readonly functionName: string;
  readonly schedule: string;
  readonly runOnStartup: boolean;
  readonly useMonitor: boolean;
  readonly status: TimerStatusFile;
  readonly invoke: (info: TimerInfo) => Promise<void>;
  readonly log: RunnerLog;
  readonly now?: () => number;
}

/** The host's way to say "never yet". */
const NEVER = '0001-01-01T00:00:00';
const MINUTE_MS = 60_000;
/** `setTimeout` takes 24.8 days at most; longer waits go in steps. */
const LONGEST_WAIT_MS = 24 * 24 * 60 * MINUTE_MS;

/** Runs one function by the clock. A run that takes longer than the interval delays the next; runs never overlap. */
export class TimerTrigger {
  readonly #options: TimerTriggerOptions;
  readonly #schedule: Schedule;
  readonly #monitored: boolean;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  #last: string | undefined;

  constructor(options: TimerTriggerOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#schedule = parseSchedule(options.functionName, options.schedule);
    this.#monitored = options.useMonitor && !this.#isFrequent();
  }

  start(): void {
    const { functionName, schedule, status, runOnStartup } = this.#options;
    const remembered = this.#monitored ? status.get(functionName) : undefined;
    const known = remembered?.schedule === schedule ? remembered : undefined;
    this.#last = known?.last;
    const pastDue = known !== undefined && Date.parse(known.next) < this.#now();
    if (pastDue || runOnStartup) this.#run({ pastDue });
    else this.#wait(this.#plan(known?.next));
  }

  /** Starts no further run. One that is under way goes on; {@link idle} waits for it. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async idle(): Promise<void> {
    await this.#running;
  }

  #wait(next: number | undefined): void {
    if (this.#stopped || next === undefined) return;
    const ms = next - this.#now();
    this.#timer =
      ms > LONGEST_WAIT_MS
        ? setTimeout(() => this.#wait(next), LONGEST_WAIT_MS)
        : setTimeout(() => this.#run({ pastDue: false, due: next }), Math.max(0, ms));
  }

  #run(occasion: { readonly pastDue: boolean; readonly due?: number }): void {
    if (this.#stopped) return;
    this.#running = this.#invoke(occasion.pastDue).then(() => {
      // A timer may fire a little before its time by the clock; counting from its due time keeps it from firing twice.
      this.#last = iso(Math.max(this.#now(), occasion.due ?? 0));
      this.#wait(this.#plan(undefined));
    });
  }

  async #invoke(pastDue: boolean): Promise<void> {
    const { functionName, status, invoke } = this.#options;
    const next = status.get(functionName)?.next;
    const last = this.#last ?? NEVER;
    try {
      await invoke({
        Schedule: { AdjustForDST: true },
        ScheduleStatus: this.#monitored ? { Last: last, LastUpdated: last, Next: next ?? NEVER } : null,
        IsPastDue: pastDue,
      });
    } catch {
      // Logged where the function is run. A failed run does not stop the schedule.
    }
  }

  /** Works out, and remembers, when the next run is due. */
  #plan(known: string | undefined): number | undefined {
    const { functionName, schedule, status, log } = this.#options;
    const next = known === undefined ? this.#schedule.next(Math.max(this.#now(), this.#lastMs())) : Date.parse(known);
    if (next === undefined) {
      log.write('warning', functionName, `the schedule "${schedule}" has no further occurrence`);
    } else if (this.#monitored) {
      try {
        status.set(functionName, { schedule, last: this.#last, next: iso(next) });
      } catch (error) {
        log.write('warning', functionName, `the timer's next occurrence could not be written down: ${oneLine(error)}`);
      }
    }
    return next;
  }

  #lastMs(): number {
    return this.#last === undefined ? 0 : Date.parse(this.#last);
  }

  /** The host does not write down occurrences less than a minute apart. */
  #isFrequent(): boolean {
    const first = this.#schedule.next(this.#now());
    const second = first === undefined ? undefined : this.#schedule.next(first);
    return first !== undefined && second !== undefined && second - first < MINUTE_MS;
  }
}

function parseSchedule(functionName: string, text: string): Schedule {
  const interval = parseTimeSpan(text);
  if (interval !== undefined && interval > 0) return { next: (after) => after + interval };
  const schedule = parseNcrontab(text);
  if (!schedule) {
    throw new StartupError(
      `Function ${functionName}: "${text}" is neither an NCRONTAB expression ("0 */5 * * * *") nor a time span ("00:05:00").`,
    );
  }
  return schedule;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

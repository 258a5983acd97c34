import type { Attributes, Metric } from '../ports/telemetry';

/** How long something took: how often each length came, in steps of a fifth. */
export interface Durations {
  readonly count: number;
  readonly maxMs: number;
  /** Number of values by step: step `n` holds what is above 1.2^(n-1) ms and not above 1.2^n ms. */
  readonly steps: Readonly<Record<string, number>>;
}

/** What was measured in a process since it started, small enough to be written to a file every few seconds. */
export interface FiguresData {
  /** In ms since the epoch. */
  readonly since: number;
  /** Sums of counters, by metric and then by outcome (or by code, or `all`). */
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly durations: Readonly<Record<string, Durations>>;
}

const STEP = 1.2;

/** Adds up what is measured. */
export class Figures {
  private readonly counters: Record<string, Record<string, number>> = {};
  private readonly durations: Record<string, { count: number; maxMs: number; steps: Record<string, number> }> = {};

  constructor(private readonly since: number) {}

  measure({ kind, name, unit }: Metric, value: number, attributes: Attributes): void {
    if (kind === 'counter') {
      const what = String(attributes['turnwise.outcome'] ?? attributes['turnwise.code'] ?? 'all');
      this.counters[name] ??= {};
      const counts = this.counters[name];
      counts[what] = (counts[what] ?? 0) + value;
    } else if (kind === 'histogram' && unit === 's') {
      const ms = value * 1_000;
      this.durations[name] ??= { count: 0, maxMs: 0, steps: {} };
      const known = this.durations[name];
      const step = String(Math.max(0, Math.ceil(Math.log(Math.max(ms, 1e-9)) / Math.log(STEP))));
      known.count += 1;
      known.maxMs = Math.max(known.maxMs, ms);
      known.steps[step] = (known.steps[step] ?? 0) + 1;
    }
  }

  get data(): FiguresData {
    return { since: this.since, counters: this.counters, durations: this.durations };
  }
}

/** The figures of several processes as one; `undefined` for none. */
export function merged(all: readonly FiguresData[]): FiguresData | undefined {
  const [first, ...others] = all;
  if (first === undefined) return undefined;
  return others.reduce(
    (sum, { counters, durations, since }) => ({
      since: Math.min(sum.since, since),
      counters: joined(sum.counters, counters, (a, b) => joined(a, b, (x, y) => x + y)),
      durations: joined(sum.durations, durations, (a, b) => ({
        count: a.count + b.count,
        maxMs: Math.max(a.maxMs, b.maxMs),
        steps: joined(a.steps, b.steps, (x, y) => x + y),
      })),
    }),
    first,
  );
}

function joined<T>(
  a: Readonly<Record<string, T>>,
  b: Readonly<Record<string, T>>,
  join: (a: T, b: T) => T,
): Record<string, T> {
  const both = Object.entries(b).map(([name, value]) => [name, name in a ? join(a[name] as T, value) : value] as const);
  return { ...a, ...Object.fromEntries(both) };
}

/** What a part of the values does not exceed, to a fifth: `quantile(durations, 0.95)`. In ms. */
export function quantile({ count, maxMs, steps }: Durations, part: number): number {
  let seen = 0;
  for (const step of Object.keys(steps)
    .map(Number)
    .sort((a, b) => a - b)) {
    seen += steps[String(step)] ?? 0;
    if (seen >= count * part) return Math.min(maxMs, STEP ** step);
  }
  return maxMs;
}

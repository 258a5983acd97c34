import path from 'node:path';
import { parseArgs } from 'node:util';
import { MUTANTS } from './mutants';
import type { SimResult } from './simulate';

/** `npm run sim -- [--runs N] [--seed N] [--seeds N,N,…] [--mutant NAME] [--catches N] [--json]`: N runs from the seed on, or those seeds; a single run prints its history. Long ones say on stderr how far they are. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      seeds: { type: 'string' },
      mutant: { type: 'string' },
      /** Ends after so many runs with violations: what is asked about a mutant is whether it is caught, and how soon. */
      catches: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const seeds =
    values.seeds === undefined
      ? from(wholeNumber('--seed', values.seed), wholeNumber('--runs', values.runs))
      : values.seeds.split(',').map((each) => wholeNumber('--seeds', each));
  const simulate = load(values.mutant);
  const kinds = new Map<string, number>();
  const failed: number[] = [];
  const enough = values.catches === undefined ? Number.POSITIVE_INFINITY : wholeNumber('--catches', values.catches);
  const progress = new Progress(seeds.length);
  let runs = 0;
  for (const seed of seeds) {
    const result = await simulate(seed);
    runs += 1;
    if (result.violations.length > 0) failed.push(seed);
    for (const kind of kindsOf(result)) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    if (!values.json) show(result, seeds.length === 1, failed.length);
    progress.show(runs, failed.length);
    if (failed.length >= enough) break;
  }
  const found = Object.fromEntries(kinds);
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ runs, failed: failed.length, kinds: found })}\n`
      : `${runs} runs, ${failed.length} with violations ${JSON.stringify(found)}\n${listed(failed)}`,
  );
  process.exitCode = failed.length > 0 ? 1 : 0;
}

function load(mutantName: string | undefined): (seed: number) => Promise<SimResult> {
  if (mutantName !== undefined) {
    const mutant = MUTANTS.find(({ name }) => name === mutantName);
    if (mutant === undefined) throw new Error(`There is no mutant "${mutantName}".`);
    const { install } = require('./mutate') as typeof import('./mutate', { with: { 'resolution-mode': 'require' }});
    install(mutant, process.cwd(), path.resolve(__dirname, '../..'));
  }
  // Loaded only now, so that the mutant is what it loads.
  return (require('./simulate') as typeof import('./simulate', { with: { 'resolution-mode': 'require' }})).simulate;
}

const SHOWN_FAILURES = 5;

function show({ seed, violations, history }: SimResult, single: boolean, failed: number): void {
  if (single) process.stdout.write(`${history.join('\n')}\n`);
  if (violations.length > 0 && failed <= SHOWN_FAILURES) {
    process.stdout.write(`seed ${seed} (npm run sim -- --seed ${seed}):\n  ${violations.join('\n  ')}\n`);
  }
}

/** A line a minute to stderr, when there is much to do. */
class Progress {
  private readonly startedAt = Date.now();
  private shownAt = this.startedAt;

  constructor(private readonly runs: number) {}

  show(done: number, failed: number): void {
    const now = Date.now();
    if (this.runs <= LONG_RUNS || now - this.shownAt < PROGRESS_MS) return;
    this.shownAt = now;
    const left = Math.round(((now - this.startedAt) / done) * (this.runs - done)) / MINUTE;
    process.stderr.write(
      `${done} of ${this.runs} runs, ${failed} with violations; about ${Math.ceil(left)} min to go\n`,
    );
  }
}

const MINUTE = 60_000;
const LONG_RUNS = 50_000;
const PROGRESS_MS = MINUTE;

function from(seed: number, runs: number): number[] {
  return Array.from({ length: runs }, (_, index) => seed + index);
}

function listed(seeds: readonly number[]): string {
  return seeds.length === 0 ? '' : `failing seeds: ${seeds.slice(0, 20).join(',')}\n`;
}

function kindsOf({ violations }: SimResult): Set<string> {
  return new Set(violations.map((each) => each.split(':', 1)[0] ?? ''));
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${option} takes a whole number from 1 on.`);
  return value;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
});

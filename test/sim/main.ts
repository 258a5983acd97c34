import path from 'node:path';
import { parseArgs } from 'node:util';
import { MUTANTS } from './mutants';
import type { SimResult } from './simulate';

/** `npm run sim -- [--runs N] [--seed N] [--mutant NAME] [--json]`: N runs from the seed on; a single run prints its history. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      mutant: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const [runs, seed] = [wholeNumber('--runs', values.runs), wholeNumber('--seed', values.seed)];
  const simulate = load(values.mutant);
  const kinds = new Map<string, number>();
  let failed = 0;
  for (let each = seed; each < seed + runs; each += 1) {
    const result = await simulate(each);
    if (result.violations.length > 0) failed += 1;
    for (const kind of kindsOf(result)) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    if (!values.json) show(result, runs === 1, failed);
  }
  const found = Object.fromEntries(kinds);
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ runs, failed, kinds: found })}\n`
      : `${runs} runs from seed ${seed}: ${failed} with violations ${failed > 0 ? JSON.stringify(found) : ''}\n`,
  );
  process.exitCode = failed > 0 ? 1 : 0;
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

import { execFile } from 'node:child_process';
import { cpus } from 'node:os';
import path from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { buildSimulation, COMPILED } from './build';
import { MUTANTS, type Mutant, seedsOf } from './mutants';

const MAIN = path.join(COMPILED, 'test/sim/main.js');

interface Caught {
  readonly mutant: Mutant;
  readonly runs: number;
  readonly failed: number;
  readonly kinds: Readonly<Record<string, number>>;
}

beforeAll(buildSimulation, 120_000);

test('the simulation catches every mutant', async () => {
  const waiting = [...MUTANTS];
  const results: Caught[] = [];
  const worker = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift())
      results.push(await attack(mutant));
  };
  // Every mutant gets its run, so that no process is left behind when one of them does not apply.
  const workers = await Promise.allSettled(Array.from({ length: cpus().length }, worker));
  process.stdout.write(`${table(results)}\n`);
  for (const each of workers) if (each.status === 'rejected') throw each.reason;
  expect(results.filter(({ failed }) => failed === 0).map(({ mutant }) => mutant.name)).toEqual([]);
}, 600_000);

/** Enough to say how often a mutant is caught; one is enough to say that it is. */
const CATCHES = '3';

/** Runs the mutant's seeds in a process of its own. A run that cannot be brought to an end counts as caught by its step limit. */
function attack(mutant: Mutant): Promise<Caught> {
  return new Promise((resolve, reject) => {
    const parameters = [
      MAIN,
      '--mutant',
      mutant.name,
      '--seeds',
      seedsOf(mutant).join(),
      '--catches',
      CATCHES,
      '--json',
    ];
    execFile(process.execPath, parameters, (_error, out, problems) => {
      try {
        resolve({ mutant, ...(JSON.parse(out) as Omit<Caught, 'mutant'>) });
      } catch {
        reject(new Error(`The mutant "${mutant.name}" did not run: ${problems}`));
      }
    });
  });
}

function table(results: readonly Caught[]): string {
  return [...results]
    .sort((a, b) => b.failed / b.runs - a.failed / a.runs)
    .map(({ mutant, runs, failed, kinds }) => {
      const rate = `${((100 * failed) / runs).toFixed(1)} %`.padStart(8);
      return `${mutant.name.padEnd(62)} ${rate} of ${String(runs).padStart(5)} seeds  ${Object.keys(kinds).sort().join(' ')}`;
    })
    .join('\n');
}

import { parseArgs } from 'node:util';
import { simulate } from './simulate';

/** `npm run sim -- [--runs N] [--seed N]`: N seeded runs from the seed on; one run prints its history. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' } } });
  const first = Number(values.seed ?? 1);
  const runs = Number(values.runs ?? 1);
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(runs) || runs < 1) {
    throw new Error('Give --runs and --seed whole numbers.');
  }
  const kinds = new Map<string, number>();
  let failed = 0;
  for (let seed = first; seed < first + runs; seed += 1) {
    const { violations, history } = await simulate(seed);
    if (violations.length > 0) {
      failed += 1;
      for (const kind of new Set(violations.map((each) => each.split(':', 1)[0] ?? '')))
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      if (failed <= 5) process.stdout.write(`seed ${seed}: ${violations.join('\n  ')}\n`);
    }
    if (runs === 1) process.stdout.write(`${history.join('\n')}\n`);
  }
  const summary = [...kinds].map(([kind, count]) => `${kind} ${count}`).join(', ');
  process.stdout.write(`${runs} runs from seed ${first}: ${failed} with violations${summary && ` (${summary})`}\n`);
  process.exitCode = failed > 0 ? 1 : 0;
}

void main();

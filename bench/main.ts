import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { CONTENDERS } from './contenders.ts';
import { measure, measureCorrectness } from './measure/run.ts';
import { FULL, QUICK } from './measure/scale.ts';
import { endAllParts } from './processes.ts';
import { summaryOf } from './report/figures.ts';
import { correctnessText, environmentOf, tablesText, withResults } from './report/page.ts';
import { drawPlots } from './report/plots.ts';

const ROOT = path.join(import.meta.dirname, '..');

/** `npm run bench -- [--quick] [--rounds N] [--only TEXT] [--write] [--emulators]`: `--write` makes `docs/benchmarks.md` and its pictures. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      /** Contenders whose names contain this. */
      only: { type: 'string', default: '' },
      write: { type: 'boolean', default: false },
      /** Right or wrong only, on Azurite and the test server for Cosmos DB. */
      emulators: { type: 'boolean', default: false },
    },
  });
  const scale = values.quick ? QUICK : FULL;
  const rounds = values.rounds === undefined ? scale.rounds : Number(values.rounds);
  if (!Number.isSafeInteger(rounds) || rounds < 1) throw new Error('--rounds takes a whole number from 1 on.');
  const contenders = CONTENDERS.filter(({ name }) => name.toLowerCase().includes(values.only.toLowerCase()));
  if (contenders.length === 0) throw new Error(`--only: no contender's name contains "${values.only}".`);
  const chosen = { ...scale, rounds };
  const say = (line: string): void => void process.stderr.write(`${elapsed()} ${line}\n`);
  if (values.emulators) {
    process.stdout.write(`${correctnessText(await measureCorrectness(contenders, say))}\n`);
    say('done');
    return;
  }
  const measurements = await measure(chosen, contenders, say);
  const results = [...environmentOf(chosen), tablesText(measurements)].join('\n\n');
  process.stdout.write(`${results}\n`);
  const folder = path.join(ROOT, '.local/bench');
  await mkdir(folder, { recursive: true });
  await writeFile(
    path.join(folder, 'results.json'),
    `${JSON.stringify({ environment: environmentOf(chosen), ...measurements }, null, 2)}\n`,
  );
  say('Everything that was measured: .local/bench/results.json');
  if (!values.write) return;
  const page = path.join(ROOT, 'docs/benchmarks.md');
  const plots = await drawPlots(measurements.contenders.map(summaryOf), path.join(ROOT, 'docs/benchmarks'));
  const pictures = plots.map((name) => `![${name.replaceAll('-', ' ')}](benchmarks/${name}.svg)`);
  await writeFile(page, withResults(await readFile(page, 'utf8'), [results, ...pictures].join('\n\n')));
}

/** Since the start, in minutes and seconds. */
function elapsed(): string {
  const seconds = Math.round(performance.now() / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await endAllParts();
}

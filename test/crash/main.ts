import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { passed, summaryOf, tableOf } from './report';
import { type RunOptions, runCrashTest } from './run';

/** `npm run test:crash -- [--seconds N] [--turns N] [--conversations N] [--workers N] [--store sqlite|cosmos] [--seed N] [--json] [--keep]` */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '75' },
      turns: { type: 'string', default: '2000' },
      conversations: { type: 'string', default: '100' },
      workers: { type: 'string', default: '4' },
      store: { type: 'string', default: 'sqlite' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      json: { type: 'boolean', default: false },
      /** Leaves the store and the workers' folders where they are. */
      keep: { type: 'boolean', default: false },
    },
  });
  if (values.store !== 'sqlite' && values.store !== 'cosmos') throw new Error('--store is sqlite or cosmos.');
  const folder = await mkdtemp(path.join(tmpdir(), 'turnwise-crash-'));
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const options: RunOptions = {
    folder,
    store: values.store,
    seconds: wholeNumber('--seconds', values.seconds),
    turns: wholeNumber('--turns', values.turns),
    conversations: wholeNumber('--conversations', values.conversations),
    workers: wholeNumber('--workers', values.workers),
    seed: wholeNumber('--seed', values.seed),
    stop: stop.signal,
    say: (line) => process.stderr.write(`${line}\n`),
  };
  try {
    const result = await runCrashTest(options);
    if (stop.signal.aborted) {
      process.stderr.write('Stopped before its end, when nothing can be said yet.\n');
      process.exitCode = 130;
      return;
    }
    process.stdout.write(`\n${tableOf(result)}\n`);
    if (values.json) process.stdout.write(`${JSON.stringify(summaryOf(result))}\n`);
    process.exitCode = passed(result) ? 0 : 1;
  } finally {
    if (values.keep) process.stderr.write(`Kept: ${folder}\n`);
    else await rm(folder, { recursive: true, force: true });
  }
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

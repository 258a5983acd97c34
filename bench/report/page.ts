import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import path from 'node:path';
import type { Measurements } from '../measure/run.ts';
import type { Scale } from '../measure/scale.ts';
import { PINNED } from '../processes.ts';
import { summaryOf } from './figures.ts';
import { asMarkdown, rightOrWrong, tablesOf } from './tables.ts';

const HERE = path.join(import.meta.dirname, '..');

/** What the figures were measured with. */
export function environmentOf(scale: Scale): string[] {
  const bench = JSON.parse(readFileSync(path.join(HERE, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const versions = Object.keys(bench.dependencies).map((name) => {
    const file = path.join(HERE, 'node_modules', name, 'package.json');
    return `${name} ${(JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version}`;
  });
  return [
    `Node ${process.version}, Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB.`,
    `${PINNED ? 'The contender on a core of its own, everything else on another.' : 'Processes could not be pinned to cores.'} ${scale.rounds} ${scale.rounds === 1 ? 'round' : 'rounds'} of ${scale.seconds} s for each number of clients.`,
    `${versions.join(', ')}.`,
  ];
}

export function tablesText(measurements: Measurements): string {
  const summaries = measurements.contenders.map(summaryOf);
  return tablesOf(summaries, measurements).map(asMarkdown).join('\n\n');
}

export const correctnessText = (measurements: Measurements): string =>
  asMarkdown(rightOrWrong(measurements.contenders.map(summaryOf)));

const BEGIN = '<!-- results -->';
const END = '<!-- /results -->';

/** The page with its results replaced; what is written around them stays. */
export function withResults(page: string, results: string): string {
  const [before, rest = ''] = page.split(BEGIN);
  const [, after = ''] = rest.split(END);
  return `${before}${BEGIN}\n\n${results}\n\n${END}${after}`;
}

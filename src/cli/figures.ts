import { type FiguresData, quantile } from '../telemetry/figures';
import { fields, table } from './render';

/** What the counters are called here, in the order in which they are shown. */
const COUNTERS: readonly (readonly [metric: string, title: string])[] = [
  ['turnwise.activities', 'Activities'],
  ['turnwise.turns', 'Turns'],
  ['turnwise.attempts.failed', 'Failed attempts'],
  ['turnwise.dead_letters', 'Given up'],
  ['turnwise.conflicts', 'Conflicts'],
  ['turnwise.rebases', 'Rebases'],
  ['turnwise.deliveries.in_doubt', 'Replies in doubt'],
  ['turnwise.fenced', 'Taken over'],
  ['turnwise.rings.failed', 'Rings that failed'],
  ['turnwise.store.faults', 'Store faults'],
];

interface Row {
  readonly stage: string;
  readonly count: number;
  readonly p50: string;
  readonly p95: string;
  readonly max: string;
}

/** The figures of a process, or of several: what was counted, and how long each stage took. */
export function figuresText({ counters, durations, since }: FiguresData, processes: number): string {
  const counted = COUNTERS.flatMap(([metric, title]) => {
    const counts = counters[metric];
    return counts === undefined ? [] : [[title, countsText(counts)] as const];
  });
  const rows = Object.entries(durations).map(
    ([name, each]): Row => ({
      stage: name.replace(/^turnwise\.(.*?)(\.duration)?$/, '$1'),
      count: each.count,
      p50: ms(quantile(each, 0.5)),
      p95: ms(quantile(each, 0.95)),
      max: ms(each.maxMs),
    }),
  );
  const from = new Date(since).toISOString().slice(0, 19).replace('T', ' ');
  const title = processes === 1 ? `Since ${from} UTC` : `Since ${from} UTC, in ${processes} processes`;
  return [
    title,
    ...(counted.length === 0 ? [] : [fields(counted)]),
    '',
    table(rows, [
      { title: 'STAGE', of: ({ stage }) => stage },
      { title: 'COUNT', of: ({ count }) => count },
      { title: 'P50', of: ({ p50 }) => p50 },
      { title: 'P95', of: ({ p95 }) => p95 },
      { title: 'MAX', of: ({ max }) => max },
    ]),
  ].join('\n');
}

function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([what, count]) => (what === 'all' ? String(count) : `${what} ${count}`))
    .join(', ');
}

const ms = (value: number): string => (value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`);

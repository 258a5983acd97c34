import type { Grown } from '../measure/growth.ts';
import type { Measurements } from '../measure/run.ts';
import { at16, rounded, type Summary, targetsOf } from './figures.ts';

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const yes = (value: boolean): string => (value ? 'yes' : 'no');
const figure = (value: number | undefined): string => (value === undefined ? '–' : rounded(value));

/** Everything that was measured, as tables: for the terminal, and for the page. */
export function tablesOf(summaries: readonly Summary[], measurements: Measurements): Table[] {
  return [
    {
      title: 'Targets',
      head: ['figure', 'target', 'measured', 'met'],
      rows: targetsOf(summaries, measurements).map(({ figure: name, target, measured, met }) => [
        name,
        target,
        measured,
        yes(met),
      ]),
    },
    {
      title: 'Speed at 16 clients, each waiting for its reply',
      head: ['', 'turns/s', 'rounds', 'ack p50 / p95 / p99 ms', 'reply p50 / p99 ms', 'CPU ms per turn'],
      rows: summaries.map((summary) => {
        const row = at16(summary);
        if (row === undefined) return [summary.contender];
        return [
          summary.contender,
          rounded(row.turnsPerS),
          row.range.map(rounded).join('–'),
          [row.ackP50, row.ackP95, row.ackP99].map(rounded).join(' / '),
          [row.replyP50, row.replyP99].map(rounded).join(' / '),
          rounded(row.cpuMsPerTurn),
        ];
      }),
    },
    {
      title: 'The same at other numbers of clients',
      head: ['', 'clients', 'turns/s', 'ack p50 / p99 ms', 'reply p50 / p99 ms', 'CPU ms per turn'],
      rows: summaries.flatMap(({ contender, clients }) =>
        clients
          .filter((row) => row.clients !== 16)
          .map((row) => [
            contender,
            String(row.clients),
            rounded(row.turnsPerS),
            [row.ackP50, row.ackP99].map(rounded).join(' / '),
            [row.replyP50, row.replyP99].map(rounded).join(' / '),
            rounded(row.cpuMsPerTurn),
          ]),
      ),
    },
    {
      title: 'Acknowledgements alone, 16 clients',
      head: ['', 'acks/s', 'ack p50 / p99 ms', 'CPU ms per ack'],
      rows: summaries.flatMap(({ contender, acksPerS, ackP50, ackP99, cpuMsPerAck }) =>
        acksPerS === undefined
          ? []
          : [[contender, figure(acksPerS), `${figure(ackP50)} / ${figure(ackP99)}`, figure(cpuMsPerAck)]],
      ),
    },
    {
      title: 'The start',
      head: ['', 'load ms', 'first ack after ms', 'bundled: load ms', 'bundled: first ack after ms'],
      rows: summaries.map(({ contender, start, bundledStart }) => [
        contender,
        ...[start.loadMs, start.firstAckMs, bundledStart.loadMs, bundledStart.firstAckMs].map(rounded),
      ]),
    },
    rightOrWrong(summaries),
    {
      title: 'At leisure: 5 messages a second, store 5 ms away, connector 30 ms',
      head: [
        '',
        'ack ms',
        'reply ms',
        'reply ms with the queue looked at every 100 ms',
        'ack ms when the handler is slow',
        'how slow, ms',
      ],
      rows: summaries.flatMap(({ contender, measured: { leisure } }) =>
        leisure === undefined
          ? []
          : [
              [
                contender,
                ...[
                  leisure.ackMs,
                  leisure.replyMs,
                  leisure.replyWithPollMs,
                  leisure.ackBehindSlowMs,
                  leisure.slowHandlerMs,
                ].map(rounded),
              ],
            ],
      ),
    },
    {
      title: 'What a turn asks of the services',
      head: [
        '',
        'round trips to the store: accept',
        'soon after a turn',
        'turn',
        'request units, all in all',
        'queue messages',
      ],
      rows: summaries.flatMap(({ contender, measured: { footprint } }) =>
        footprint === undefined
          ? []
          : [
              [
                contender,
                ...[
                  footprint.acceptRoundTrips,
                  footprint.soonAcceptRoundTrips,
                  footprint.turnRoundTrips,
                  footprint.requestUnits,
                  footprint.queueMessages,
                ].map(figure),
              ],
            ],
      ),
    },
    {
      title: 'One conversation at 50 messages a second',
      head: ['', 'answered', 'reply p50 / p99 ms'],
      rows: summaries.flatMap(({ contender, measured: { hot } }) =>
        hot === undefined
          ? []
          : [
              [
                contender,
                `${hot.answered} of ${hot.posted}`,
                `${rounded(hot.replyP50Ms)} / ${rounded(hot.replyP99Ms)}`,
              ],
            ],
      ),
    },
    {
      title: 'As work grows',
      head: ['', 'grows', 'CPU ms per turn', 'reply p50 ms', 'heap MB', 'resident MB'],
      rows: summaries.flatMap(({ contender, measured: { growth } }) =>
        growth === undefined
          ? []
          : [
              grownRow(contender, 'conversations', growth.conversations),
              grownRow(contender, 'turns in one conversation', growth.turns),
              grownRow(contender, 'state, KB', growth.state),
            ],
      ),
    },
    {
      title: 'Workers that share a store, 64 clients',
      head: ['', 'turns/s'],
      rows: measurements.scaleOut.map(({ workers, turnsPerS }) => [
        `${workers} ${workers === 1 ? 'worker' : 'workers'}`,
        rounded(turnsPerS),
      ]),
    },
  ];
}

/** What became of messages in the situations in which bots lose or repeat them. */
export function rightOrWrong(summaries: readonly Summary[]): Table {
  return {
    title: 'Right or wrong',
    head: [
      '',
      '20 at once: counter',
      'replies',
      'in order',
      'delivered twice: replies',
      'killed in mid-turn: acknowledged and lost',
      'left to the channel',
    ],
    rows: summaries
      .filter(({ measured }) => measured.atOnce !== undefined)
      .map(({ contender, measured: { atOnce, repliesToTwice, killed } }) => [
        contender,
        String(atOnce?.counter ?? '–'),
        String(atOnce?.replies ?? '–'),
        atOnce === undefined || atOnce.replies === 0 ? '–' : yes(atOnce.inOrder),
        String(repliesToTwice ?? '–'),
        killed === undefined ? 'not measured' : `${killed.lost} of ${killed.acknowledged}`,
        killed === undefined ? 'not measured' : `${killed.leftToTheChannel} of 10`,
      ]),
  };
}

function grownRow(contender: string, what: string, rows: readonly Grown[]): string[] {
  return [
    contender,
    `${what}: ${rows.map(({ size }) => size.toLocaleString('en-US')).join(' / ')}`,
    ...(['cpuMsPerTurn', 'replyP50Ms', 'heapMb', 'residentMb'] as const).map((figure) =>
      rows.map((row) => rounded(row[figure])).join(' / '),
    ),
  ];
}

export function asMarkdown({ title, head, rows }: Table): string {
  const widths = head.map((name, column) => Math.max(3, name.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [`### ${title}`, '', line(head), rule, ...rows.map(line)].join('\n');
}

import { ON_COSMOS, TRACED } from '../contenders.ts';
import type { Grown } from '../measure/growth.ts';
import type { Measured, Measurements } from '../measure/run.ts';
import type { Start } from '../measure/start.ts';
import { median } from '../measure/statistics.ts';

/** A contender's rounds in one: medians, and how far apart the rounds were. */
export interface Summary {
  readonly contender: string;
  readonly kind: Measured['kind'];
  readonly clients: readonly ClientSummary[];
  readonly acksPerS?: number;
  readonly ackP50?: number;
  readonly ackP99?: number;
  readonly cpuMsPerAck?: number;
  readonly start: Start;
  readonly bundledStart: Start;
  readonly measured: Measured;
}

export interface ClientSummary {
  readonly clients: number;
  readonly turnsPerS: number;
  /** Lowest and highest round. */
  readonly range: readonly [number, number];
  readonly cpuMsPerTurn: number;
  readonly ackP50: number;
  readonly ackP95: number;
  readonly ackP99: number;
  readonly replyP50: number;
  readonly replyP99: number;
}

export function summaryOf(measured: Measured): Summary {
  const { acks, starts, bundledStarts } = measured;
  return {
    contender: measured.contender,
    kind: measured.kind,
    clients: (measured.paces[0] ?? []).map((_, index) => clientSummary(measured, index)),
    ...(acks.length === 0
      ? {}
      : {
          acksPerS: median(acks.map(({ acksPerS }) => acksPerS)),
          ackP50: median(acks.map(({ ack }) => ack.p50)),
          ackP99: median(acks.map(({ ack }) => ack.p99)),
          cpuMsPerAck: median(acks.map(({ cpuMsPerAck }) => cpuMsPerAck)),
        }),
    start: startOf(starts),
    bundledStart: startOf(bundledStarts),
    measured,
  };
}

function startOf(starts: readonly Start[]): Start {
  return {
    loadMs: median(starts.map(({ loadMs }) => loadMs)),
    firstAckMs: median(starts.map(({ firstAckMs }) => firstAckMs)),
  };
}

function clientSummary({ paces }: Measured, index: number): ClientSummary {
  const rounds = paces.flatMap((round) => round[index] ?? []);
  const rates = rounds.map(({ turnsPerS }) => turnsPerS);
  return {
    clients: rounds[0]?.clients ?? 0,
    turnsPerS: median(rates),
    range: [Math.min(...rates), Math.max(...rates)],
    cpuMsPerTurn: median(rounds.map(({ cpuMsPerTurn }) => cpuMsPerTurn)),
    ackP50: median(rounds.map(({ ack }) => ack.p50)),
    ackP95: median(rounds.map(({ ack }) => ack.p95)),
    ackP99: median(rounds.map(({ ack }) => ack.p99)),
    replyP50: median(rounds.map(({ reply }) => reply.p50)),
    replyP99: median(rounds.map(({ reply }) => reply.p99)),
  };
}

export const at16 = ({ clients }: Summary): ClientSummary | undefined => clients.find((each) => each.clients === 16);

/** A target, what came of it, and whether that is within it. */
export interface Target {
  readonly figure: string;
  readonly target: string;
  readonly measured: string;
  readonly met: boolean;
}

export function targetsOf(summaries: readonly Summary[], { scaleOut }: Measurements): Target[] {
  const ours = summaries.find(({ contender }) => contender === ON_COSMOS.name);
  const traced = summaries.find(({ contender }) => contender === TRACED.name);
  const floor = summaries.find(({ contender }) => contender.startsWith('by hand: verify, write'));
  const rivals = summaries.filter(({ kind }) => kind === 'sdk');
  if (ours === undefined || floor === undefined || rivals.length === 0) return [];
  const bestRival = Math.max(...rivals.map((each) => at16(each)?.turnsPerS ?? 0));
  const { leisure, footprint, growth } = ours.measured;
  const ratio = (a: number | undefined, b: number | undefined): number => (a ?? Number.NaN) / (b ?? Number.NaN);
  const targets: Target[] = [
    atMost(
      'acknowledgement, p50 at 16 clients, against the same writes by hand',
      ratio(ours.ackP50, floor.ackP50),
      2,
      '×',
    ),
    atMost(
      'acknowledgement, p99 at 16 clients, against the same writes by hand',
      ratio(ours.ackP99, floor.ackP99),
      3,
      '×',
    ),
    atMost(
      'acknowledgement behind a slow handler, against one without',
      ratio(leisure?.ackBehindSlowMs, leisure?.ackMs),
      1.2,
      '×',
    ),
    atLeast(
      'acknowledgements per second and core, against the turns of the best SDK',
      ratio(ours.acksPerS, bestRival),
      5,
      '×',
    ),
    atMost('CPU for a whole turn', at16(ours)?.cpuMsPerTurn ?? Number.NaN, 0.7, 'ms'),
    atMost(
      'from post to reply at 5/s, store 5 ms, connector 30 ms, without the poll',
      leisure?.replyMs ?? Number.NaN,
      45,
      'ms',
    ),
    atMost('deployed bundle: load', ours.bundledStart.loadMs, 50, 'ms'),
    atMost('deployed bundle: start to first acknowledgement', ours.bundledStart.firstAckMs, 200, 'ms'),
    atMost('round trips of a simple turn after its accept', footprint?.turnRoundTrips ?? Number.NaN, 5, ''),
    atMost('request units of a simple turn', footprint?.requestUnits ?? Number.NaN, 60, 'RU'),
  ];
  if (traced !== undefined) {
    const tracedMs = at16(traced)?.cpuMsPerTurn;
    targets.push(
      atMost('CPU of a traced turn, against one that is not', ratio(tracedMs, at16(ours)?.cpuMsPerTurn), 1.1, '×'),
    );
  }
  const grown = (rows: readonly Grown[] | undefined): number =>
    ratio(rows?.at(-1)?.cpuMsPerTurn, rows?.[0]?.cpuMsPerTurn);
  targets.push(atMost('CPU of a turn as conversations grow in number', grown(growth?.conversations), 1.1, '×'));
  targets.push(atMost('CPU of a turn as a conversation goes on', grown(growth?.turns), 1.1, '×'));
  const [warm, full] = growth?.conversations.slice(-2) ?? [];
  const counts = [full, warm].map((row) => row?.size.toLocaleString('en-US'));
  targets.push(
    atMost(`heap after ${counts.join(' conversations, against ')}`, ratio(full?.heapMb, warm?.heapMb), 1.1, '×'),
  );
  const [one] = scaleOut;
  const most = scaleOut.at(-1);
  if (one !== undefined && most !== undefined && most !== one) {
    const gain = most.turnsPerS / one.turnsPerS;
    targets.push({
      figure: `turns a second with ${most.workers} workers against one`,
      target: 'more',
      measured: `${gain.toFixed(2)} ×`,
      met: gain > 1,
    });
  }
  return targets;
}

const atMost = (figure: string, value: number, limit: number, unit: string): Target => ({
  figure,
  target: `≤ ${limit} ${unit}`.trim(),
  measured: `${rounded(value)} ${unit}`.trim(),
  met: value <= limit,
});

const atLeast = (figure: string, value: number, limit: number, unit: string): Target => ({
  figure,
  target: `≥ ${limit} ${unit}`,
  measured: `${rounded(value)} ${unit}`,
  met: value >= limit,
});

/** Three digits that say something. */
export function rounded(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(value >= 10 ? 1 : 2);
}

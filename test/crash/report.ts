import type { ChaosLog } from './chaos';
import type { ErasingLog } from './erasing';
import { quantile, type RecoveryWatch } from './recovery';
import type { Verdict } from './verdict';

/** Everything that a run came to. */
export interface RunResult {
  readonly verdict: Verdict;
  readonly chaos: ChaosLog;
  readonly recovery: RecoveryWatch;
  readonly unknownSends: number;
  readonly throttledSends: number;
  /** Posts of activities, those that were repeated included. */
  readonly posts: number;
  /** Those that were not acknowledged, by what came instead. */
  readonly refusals: ReadonlyMap<string, number>;
  /** How often a worker found itself fenced. */
  readonly takeovers: number;
  readonly erasing: ErasingLog;
  readonly loadSeconds: number;
  readonly settleSeconds: number;
  /** What did not come to rest in time, or ended that should not have. */
  readonly troubles: readonly string[];
}

/** The numbers that `--json` prints. */
export function summaryOf({ verdict, chaos, erasing, recovery }: RunResult) {
  const { attempted, acknowledged, committed, deadLettered } = verdict;
  const { lost, twice, outOfOrder, lostUpdates, duplicateReplies } = verdict;
  return {
    ...{ attempted, acknowledged, committed, deadLettered },
    ...{ lost, twice, outOfOrder, lostUpdates, duplicateReplies },
    kills: chaos.kills,
    erasersInterrupted: erasing.interrupted,
    erasedReadable: erasing.readable.length,
    recoveryP50Ms: Math.round(quantile(recovery.recoveriesMs, 0.5)),
    recoveryMaxMs: Math.round(Math.max(0, ...recovery.recoveriesMs)),
  };
}

export function passed({ verdict, erasing, troubles }: RunResult): boolean {
  const { acknowledged, committed, deadLettered, violations } = verdict;
  const complaints = troubles.length + violations.length + erasing.readable.length;
  return complaints === 0 && acknowledged === committed + deadLettered;
}

const VIOLATIONS_SHOWN = 30;

/** The table for people. */
export function tableOf(result: RunResult): string {
  const { verdict, chaos, erasing, recovery } = result;
  const { explained } = verdict;
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  const rows: (readonly [string, string | number, string?])[] = [
    ['attempted', verdict.attempted, `${result.posts} posts in ${result.loadSeconds} s`],
    ['acknowledged', verdict.acknowledged],
    ['committed', verdict.committed],
    ['dead-lettered', verdict.deadLettered],
    ['lost', verdict.lost],
    ['run twice in effect', verdict.twice],
    ['out of order', verdict.outOfOrder],
    ['lost updates', verdict.lostUpdates],
    ['replies missing', verdict.missingReplies],
    ['replies that say what was not committed', verdict.wrongReplies],
    ['posts to others that did not happen once', verdict.wrongPosts],
    [
      'duplicate replies',
      verdict.duplicateReplies,
      `${explained.kill} by a kill, ${explained.takeover} by a takeover, ${explained.unknown} after no answer, ${explained.none} unexplained`,
    ],
    ['erased and readable', erasing.readable.length],
    ['posts without a 200', result.posts - verdict.acknowledged, listed(result.refusals)],
    ['workers killed', chaos.kills, `${recovery.effectiveKills} of them in a turn or a send`],
    ['workers frozen past their lease', chaos.stalls],
    ['commands killed while they erased', erasing.interrupted, `${erasing.done} were done before`],
    ['queue server killed / queue purged', `${chaos.queueRestarts} / ${chaos.queuePurges}`],
    ['sends without an answer / throttled', `${result.unknownSends} / ${result.throttledSends}`],
    ['takeovers that fenced a worker', result.takeovers],
    ['recoveries', recovery.recoveriesMs.length],
    [
      'recovery p50 / p99',
      `${seconds(quantile(recovery.recoveriesMs, 0.5))} / ${seconds(quantile(recovery.recoveriesMs, 0.99))}`,
    ],
    ['recovery max', seconds(Math.max(0, ...recovery.recoveriesMs))],
    ['longest outage through several faults', seconds(Math.max(0, ...recovery.outagesMs))],
    ['everything at rest after the last fault', `${result.settleSeconds} s`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, value, note]) => {
    return `  ${name.padEnd(width)}  ${String(value).padStart(13)}${note === undefined ? '' : `  (${note})`}`;
  });
  const complaints = [...result.troubles, ...erasing.readable, ...verdict.violations];
  const shown = complaints.slice(0, VIOLATIONS_SHOWN).map((each) => `  ${each}`);
  const more = complaints.length > shown.length ? [`  … and ${complaints.length - shown.length} more`] : [];
  const judgement = passed(result) ? 'Nothing was lost, doubled or reordered.' : 'THE PROMISE WAS BROKEN:';
  return [...lines, '', LEGEND, '', judgement, ...shown, ...more, ''].join('\n');
}

function listed(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
}

const LEGEND = `  Recovery: from the kill -9 of the worker that was running a conversation's turn, or sending its reply, until that
  conversation's next commit, dead letter or reply by another worker, the repeated turn's own time included. A further kill (or
  freeze) of the worker that has the conversation's next turn, or has just taken the ring for it, starts the clock anew; the whole
  row of them is what "longest outage" measures.`;

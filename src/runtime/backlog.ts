import type { Runtime } from './runtime';
import { METRICS } from './telemetry';

/** Most conversations that are looked at: with more of them, a backlog is a backlog, and looking costs. */
const MOST_LOOKED_AT = 100;

/** Measures what waits. A store that cannot say so now says it next time. */
export async function measureBacklog({ clock, store, telemetry }: Runtime, overdue: number): Promise<void> {
  if (telemetry === undefined) return;
  telemetry.measure(METRICS.overdue, overdue);
  try {
    const heads = (await store.inspection.busy(MOST_LOOKED_AT)).map(({ head }) => head);
    const times = heads.flatMap(({ out, pend }) => [...pend, ...out].map(({ at }) => at));
    telemetry.measure(METRICS.busy, heads.length);
    telemetry.measure(METRICS.waiting, sum(heads.map(({ pend }) => pend.length)));
    telemetry.measure(METRICS.toDeliver, sum(heads.map(({ out }) => out.length)));
    const oldestMs = times.length === 0 ? 0 : Math.max(0, clock.now() - Math.min(...times));
    telemetry.measure(METRICS.oldest, oldestMs / 1000);
  } catch {
    // The faults of the store are counted where they matter.
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

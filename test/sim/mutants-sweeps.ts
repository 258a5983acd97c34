import type { Mutant } from './mutants';
import { FIRST_TIMERLESS_SEED } from './timerless';

const SEEDS = Array.from({ length: 200 }, (_, index) => FIRST_TIMERLESS_SEED + index);

/** Mistakes in what sweeps when the timer does not. */
export const SWEEP_MUTANTS: readonly Mutant[] = [
  {
    name: 'never claims a missed sweep',
    file: 'src/runtime/sweep-watch.ts',
    find: "return claim.outcome === 'claimed';",
    replace: 'return false;',
    seeds: SEEDS,
  },
  {
    name: 'sweeps for the timer without a ring',
    file: 'src/runtime/sweep-watch.ts',
    find: 'await ringForOverdue(this.#runtime, options.missedSweepLimit, MISSED_SWEEP_LIMIT_MS)',
    replace: '{ left: 0, overdue: 0 }',
    seeds: SEEDS,
  },
  {
    name: 'asks only once whether a sweep was missed',
    file: 'src/runtime/sweep-watch.ts',
    find: "if (claim.outcome === 'notDue') this.#askAgainIn(claim.remainingMs);",
    replace: 'this.#askAgainIn(Number.POSITIVE_INFINITY);',
    seeds: SEEDS,
  },
  {
    name: 'grants every claim',
    file: 'src/store/sweeps.ts',
    find: 'if (remainingMs > 0) return',
    replace: 'if (remainingMs < 0) return',
    seeds: SEEDS,
  },
  {
    name: 'grants a claim beside another',
    file: 'src/store/sweeps.ts',
    find: 'claim?.owner === owner ? 0 : remaining(claim?.at, now, claimMs)',
    replace: '0',
    seeds: SEEDS,
  },
  {
    name: 'takes no sweep for too long ago',
    file: 'src/store/sweeps.ts',
    find: 'return Math.max(0, at + spanMs - now);',
    replace: 'return spanMs;',
    seeds: SEEDS,
  },
];

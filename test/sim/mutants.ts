import { ERASING_MUTANTS } from './mutants-erasing';
import { POST_MUTANTS } from './mutants-posts';
import { PROTOCOL_MUTANTS } from './mutants-protocol';
import { RUNTIME_MUTANTS } from './mutants-runtime';
import { SIZE_MUTANTS } from './mutants-sizes';
import { SWEEP_MUTANTS } from './mutants-sweeps';

/** A mistake worth fearing, as a change to the production source, and how many seeds must contain one that catches it. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /**
   * The seeds that are run: 1 to this number, or these very ones, for mistakes that take a rare sequence of events. When a
   * change of the engine has moved them, `npm run sim -- --mutant NAME --runs 20000` finds new ones.
   */
  readonly seeds?: number | readonly number[];
}

const SEEDS = 600;

/** The fixed set of seeds of a mutant, one of which must catch it. */
export function seedsOf({ seeds = SEEDS }: Mutant): readonly number[] {
  return typeof seeds === 'number' ? Array.from({ length: seeds }, (_, index) => index + 1) : seeds;
}

export const MUTANTS: readonly Mutant[] = [
  ...PROTOCOL_MUTANTS,
  ...RUNTIME_MUTANTS,
  ...POST_MUTANTS,
  ...SWEEP_MUTANTS,
  ...ERASING_MUTANTS,
  ...SIZE_MUTANTS,
];

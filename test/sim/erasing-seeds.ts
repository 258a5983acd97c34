/** Runs of these seeds erase much, in an engine that takes several steps for it, and let days pass. */
const ERASING_SEEDS = { first: 60_001, last: 80_000 } as const;

export const FIRST_ERASING_SEED = ERASING_SEEDS.first;

export function isErasing(seed: number): boolean {
  return seed >= ERASING_SEEDS.first && seed <= ERASING_SEEDS.last;
}

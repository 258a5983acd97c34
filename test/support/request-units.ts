/** Request units to create an item of so many KB, as published for single-region accounts without indexes on what it holds. */
const CREATE: readonly (readonly [kb: number, units: number])[] = [
  [1, 4.95],
  [2, 6.29],
  [4, 6.67],
  [8, 7.04],
  [16, 9.52],
  [32, 11.2],
  [64, 22.7],
  [256, 98],
  [1024, 625],
  // Nothing is published beyond that; in proportion.
  [2048, 1250],
];

const READ: readonly (readonly [kb: number, units: number])[] = [
  [1, 1],
  [2, 1.04],
  [4, 1.14],
  [8, 1.33],
  [16, 1.67],
  [32, 2.19],
  [64, 4.76],
  [256, 20],
  [1024, 146],
  [2048, 292],
];

/** What an item of so many bytes costs by a table, between its entries in proportion. */
function priced(table: readonly (readonly [kb: number, units: number])[], bytes: number): number {
  const kb = bytes / 1024;
  const above = table.findIndex(([size]) => size >= kb);
  const [high, low] = [table[above], table[above - 1]];
  if (high === undefined) throw new Error(`There is no price for ${bytes} bytes.`);
  if (low === undefined) return high[1];
  return low[1] + ((kb - low[0]) / (high[0] - low[0])) * (high[1] - low[1]);
}

/** Of a value that an index holds, for each write of its item. */
const TERM = 0.2;

/** Of each operation of a patch. */
const PATCH_OPERATION = 0.4;

export const readUnits = (bytes: number): number => priced(READ, bytes);

export const createUnits = (bytes: number, terms: number): number => priced(CREATE, bytes) + terms * TERM;

/** A replace takes the old item out and puts the new one in: about twice a create. */
export const replaceUnits = (before: number, after: number, terms: number): number =>
  priced(CREATE, before) + priced(CREATE, after) + terms * TERM;

export const patchUnits = (before: number, after: number, terms: number, operations: number): number =>
  replaceUnits(before, after, terms) + operations * PATCH_OPERATION;

/** Request units by item size in KB, as published: a point read, and a create. */
const PRICES: readonly (readonly [kb: number, read: number, create: number])[] = [
  [0, 1, 4.95],
  [1, 1, 4.95],
  [2, 1.04, 6.29],
  [4, 1.14, 6.67],
  [8, 1.33, 7.04],
  [16, 1.67, 9.52],
  [32, 2.19, 11.2],
  [64, 4.76, 22.7],
  [256, 20, 98],
  [1024, 146, 625],
  [2048, 292, 1250],
];

const INDEXED_TERM = 0.2;
const PATCH_OPERATION = 0.4;

function priced(bytes: number, column: 1 | 2): number {
  const kb = bytes / 1024;
  const above = Math.max(
    1,
    PRICES.findIndex(([size]) => size >= kb),
  );
  const [high, low] = [PRICES[above], PRICES[above - 1]];
  if (high === undefined || low === undefined) return Number.POSITIVE_INFINITY;
  return low[column] + ((kb - low[0]) / (high[0] - low[0])) * (high[column] - low[column]);
}

export const readCharge = (bytes: number): number => priced(bytes, 1);

/** A write takes the old item out, if there is one, and puts the new one in. */
export function writeCharge(before: number | undefined, after: number, terms: number, patches = 0): number {
  const old = before === undefined ? 0 : priced(before, 2);
  return old + priced(after, 2) + terms * INDEXED_TERM + patches * PATCH_OPERATION;
}

import type { Ids } from '../ports/ids';

const DIGITS = 6;

/** Returns a length of time between 0 and `ms`, at random as identifiers are. */
export function jitter(ids: Ids, ms: number): number {
  const digits = ids
    .next()
    .replace(/[^0-9a-f]/g, '')
    .slice(-DIGITS);
  return (ms * Number.parseInt(`0${digits}`, 16)) / 16 ** DIGITS;
}

import type { Pace, PaceLimit } from '../ports/pace';
import type { Collections, ItemDecision } from './collections';

/** When the tokens that were taken so far have all been earned: the bucket is full `burst` tokens' time after that. */
interface Bucket {
  readonly v: 1;
  readonly earnedAt: number;
}

/** A bucket that nobody has used for this long is full, and need not be kept. */
const KEPT_MS = 24 * 3_600_000;

/** Token buckets on a storage engine, each in a partition of its own. */
export function pace(collections: Collections): Pace {
  const change = <T>(name: string, decide: (earnedAt: number, now: number) => [T, number | undefined]): Promise<T> =>
    collections.transactItem<T>(`pace:${name}`, 'bucket', (value, now): ItemDecision<T> => {
      const [result, earnedAt] = decide((value as Bucket | undefined)?.earnedAt ?? 0, now);
      if (earnedAt === undefined) return { result };
      const bucket: Bucket = { v: 1, earnedAt };
      return { result, value: bucket, expiresAt: Math.ceil(Math.max(now, earnedAt)) + KEPT_MS };
    });
  return {
    take: (name, tokens, limit, mostMs) =>
      change<{ taken: boolean; waitMs: number }>(name, (earnedAt, now) => {
        const { waitMs, earnedAt: after } = taken(earnedAt, now, tokens, limit);
        return waitMs > mostMs ? [{ taken: false, waitMs }, undefined] : [{ taken: true, waitMs }, after];
      }),
    pause: (name, ms) => change(name, (earnedAt, now) => [undefined, earnedAt >= now + ms ? undefined : now + ms]),
  };
}

/** Tokens are taken in advance and waited for, so that those who take together go one after the other (GCRA). */
function taken(
  earnedAt: number,
  now: number,
  tokens: number,
  { perSecond, burst }: PaceLimit,
): { readonly waitMs: number; readonly earnedAt: number } {
  const tokenMs = 1_000 / perSecond;
  const after = Math.max(earnedAt, now) + tokens * tokenMs;
  return { waitMs: Math.max(0, Math.ceil(after - now - burst * tokenMs)), earnedAt: after };
}

const MAX_MS = 600_000;

const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Reads a Retry-After header: seconds, or an HTTP date. At most ten minutes, because a header must not silence a conversation for
 * a day; `undefined` for nonsense and for "now", which leaves the pause to the caller.
 *
 * @param now wall time, for dates.
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  const wait = /^\d{1,12}$/.test(text)
    ? Number(text) * 1000
    : HTTP_DATE.test(text)
      ? Date.parse(text) - now
      : Number.NaN;
  return wait > 0 ? Math.min(wait, MAX_MS) : undefined;
}

/** A schedule: when it fires next after a moment. */
export interface Schedule {
  /** The next time after `after` (ms since the epoch), or undefined if there is none. */
  next(after: number): number | undefined;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const DAY_MS = 86_400_000;
/** Long enough for every 29 February on every weekday; an expression without a match in it never fires. */
const SEARCH_DAYS = 366 * 40;

/**
 * Reads an NCRONTAB expression, `{second} {minute} {hour} {day} {month} {day of week}`; with five fields the second is 0. Two
 * things differ from Unix cron: a day must satisfy both day fields, and Sunday is only 0. Times are UTC, as they are in Azure.
 * Undefined if the text is no such expression.
 */
export function parseNcrontab(text: string): Schedule | undefined {
  const fields = text.trim().split(/\s+/);
  if (fields.length === 5) fields.unshift('0');
  if (fields.length !== 6) return undefined;
  const seconds = parseField(fields[0], 0, 59);
  const minutes = parseField(fields[1], 0, 59);
  const hours = parseField(fields[2], 0, 23);
  const days = parseField(fields[3], 1, 31);
  const months = parseField(fields[4], 1, 12, MONTHS);
  const weekdays = parseField(fields[5], 0, 6, DAYS);
  if (!seconds || !minutes || !hours || !days || !months || !weekdays) return undefined;

  const timesOfDay = (from: number): number | undefined => {
    for (const hour of hours) {
      for (const minute of minutes) {
        if ((hour * 60 + minute) * 60 + 59 < from) continue;
        for (const second of seconds) {
          const time = (hour * 60 + minute) * 60 + second;
          if (time >= from) return time;
        }
      }
    }
    return undefined;
  };
  return {
    next(after) {
      const from = Math.floor(after / 1000) * 1000 + 1000;
      let midnight = Math.floor(from / DAY_MS) * DAY_MS;
      for (let day = 0; day < SEARCH_DAYS; day += 1, midnight += DAY_MS) {
        const date = new Date(midnight);
        const onThisDay =
          months.includes(date.getUTCMonth() + 1) &&
          days.includes(date.getUTCDate()) &&
          weekdays.includes(date.getUTCDay());
        const time = onThisDay ? timesOfDay(Math.max(0, (from - midnight) / 1000)) : undefined;
        if (time !== undefined) return midnight + time * 1000;
      }
      return undefined;
    },
  };
}

/** The values that a field (`*`, `5`, `1-5`, `10-40/5`, lists of these, names) stands for, sorted; undefined if malformed. */
function parseField(
  field: string | undefined,
  from: number,
  to: number,
  names: readonly string[] = [],
): number[] | undefined {
  if (!field) return undefined;
  const readValue = (text: string): number | undefined => {
    const byName = names.indexOf(text.toLowerCase().slice(0, 3));
    if (byName >= 0 && /^[a-z]{3,9}$/i.test(text)) return byName + from;
    const value = /^\d{1,2}$/.test(text) ? Number(text) : undefined;
    return value !== undefined && value >= from && value <= to ? value : undefined;
  };
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const match = /^(?:(\*)|([a-z0-9]+)(?:-([a-z0-9]+))?)(?:\/(\d{1,2}))?$/i.exec(part);
    if (!match) return undefined;
    const [, star, low, high, step] = match;
    const first = star ? from : readValue(low ?? '');
    // `5/10` means "from 5 on, every 10".
    const last = star || (step !== undefined && high === undefined) ? to : readValue(high ?? low ?? '');
    const every = step === undefined ? 1 : Number(step);
    if (first === undefined || last === undefined || last < first || every === 0) return undefined;
    for (let value = first; value <= last; value += every) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

/** One column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string | number;
}

/**
 * Rows under their titles, numbers to the right. Nothing is cut off, because what is shown is copied into the next command; so what may be
 * long belongs into the last column.
 */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cells = rows.map((row) => columns.map(({ of }) => of(row)));
  const widths = columns.map(({ title }, index) =>
    Math.max(title.length, ...cells.map((row) => printable(String(row[index])).length)),
  );
  const line = (row: readonly (string | number)[]): string =>
    row
      .map((cell, index) => {
        const text = printable(String(cell));
        const width = widths[index] ?? 0;
        return typeof cell === 'number' ? text.padStart(width) : text.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  const titles = columns.map(({ title }, index) =>
    typeof cells[0]?.[index] === 'number' ? title.padStart(widths[index] ?? 0) : title,
  );
  return [line(titles), ...cells.map(line)].join('\n');
}

/** Names with their values, one a line. */
export function fields(entries: readonly (readonly [name: string, value: string | number])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${printable(String(value))}`).join('\n');
}

/** A JSON value over several lines, indented under what it belongs to. */
export function indented(value: unknown): string {
  return JSON.stringify(value, undefined, 2)
    .split('\n')
    .map((line) => `    ${printable(line)}`)
    .join('\n');
}

/** Control and direction characters, with which stored text could rewrite what a terminal shows. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** The text with such characters spelled out, as JSON spells them: a JSON text stays what it is. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** A duration in its two largest units: `2 h 5 min`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const from = UNITS.findIndex(([, size]) => seconds >= size);
  if (from < 0) return '0 s';
  let rest = seconds;
  return UNITS.slice(from, from + 2)
    .flatMap(([unit, size]) => {
      const amount = Math.floor(rest / size);
      rest -= amount * size;
      return amount > 0 ? [`${amount} ${unit}`] : [];
    })
    .join(' ');
}

/** A time as it is stored, for people. */
export function time(ms: number): string {
  return new Date(ms).toISOString();
}

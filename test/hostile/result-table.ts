import type { Answer, ConnectorRow, Group, RequestRow, RingRow } from './rows';

export interface Results {
  readonly requests: readonly Group<RequestRow>[];
  readonly rings: readonly Group<RingRow>[];
  readonly answers: readonly Group<ConnectorRow>[];
}

/** The rows as a page has them: by group and answer, each of them named. */
export function resultTable({ requests, rings, answers }: Results): string {
  const count = [...requests, ...rings, ...answers].reduce((sum, { rows }) => sum + rows.length, 0);
  return [
    `${count} cases in ${requests.length + rings.length + answers.length} groups.`,
    '',
    ...requests.flatMap(({ name, rows }) => table(name, 'answer', rows, ({ answer }) => answerText(answer))),
    ...rings.flatMap(({ name, rows }) => table(name, 'ends', rows, ({ ends }) => ends)),
    ...answers.flatMap(({ name, rows }) => table(name, 'ends', rows, connectorText)),
  ].join('\n');
}

function table<Row extends { readonly what: string }>(
  name: string,
  column: string,
  rows: readonly Row[],
  result: (row: Row) => string,
): string[] {
  const byResult = new Map<string, Row[]>();
  for (const each of rows) byResult.set(result(each), [...(byResult.get(result(each)) ?? []), each]);
  const lines = [...byResult].map(([text, same]) => [text, same.map(({ what }) => plain(what)).join('; ')] as const);
  const widths = [column, 'cases'].map((title, index) =>
    Math.max(title.length, ...lines.map((line) => width(line[index] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - width(cell))).join(' | ')} |`;
  const title = `**${name[0]?.toUpperCase()}${name.slice(1)}** (${rows.length})`;
  return [title, '', line([column, 'cases']), line(widths.map((size) => '-'.repeat(size))), ...lines.map(line), ''];
}

const width = (text: string): number => [...text].length;

/** What Markdown, or the formatter, would make something else of. */
const plain = (what: string): string => what.replaceAll('__proto__', '`__proto__`').replaceAll('|', '\\|');

function answerText(answer: RequestRow['answer']): string {
  const all = (typeof answer[0] === 'number' ? [answer] : answer) as readonly Answer[];
  return all.map(([status, code]) => (status === 0 ? 'none' : `${status} \`${code}\``)).join(', or ');
}

function connectorText({ calls, ends }: ConnectorRow): string {
  if (ends !== 'delivered') return `dead letter \`${ends}\`, not sent again`;
  return calls === 1 ? 'delivered' : 'sent again, and delivered';
}

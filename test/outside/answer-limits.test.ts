import { expect, test } from '@jest/globals';
import { ANSWER_LIMITS, LEAST_FACTOR } from './answer-limits';
import { codeBelow, textOf } from './production';

const PAGE = 'docs/decisions/outside-values.md';
const number = (value: number): string => value.toLocaleString('en-US');

test.each(ANSWER_LIMITS)('$what: the limit is four times the largest known', ({ limit, largest }) => {
  expect(limit / largest).toBeGreaterThanOrEqual(LEAST_FACTOR);
});

test('the page lists the same limits', () => {
  const rows = textOf(PAGE)
    .split('\n')
    .filter((line) => /^\| .* (?:bytes|keys|characters) /.test(line))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    );
  const expected = ANSWER_LIMITS.map(({ what, unit, limit, largest, basis, source }) => [
    what,
    `${number(limit)} ${unit}`,
    number(largest),
    `${basis}: ${source}`,
  ]);
  expect(rows).toEqual(expected);
});

test('every limit on the bytes of an answer is in the list', () => {
  const initialised = codeBelow('src').flatMap((file) =>
    [...textOf(file).matchAll(/maxResponseBytes: (.+),$/gm)].map(([, value = '']) => ({ file, value })),
  );
  // Each is the constant of its file, and each such constant is listed.
  expect(initialised.filter(({ value }) => !/^(?:[\w.]+ \?\? )?MAX_ANSWER_BYTES$/.test(value))).toEqual([]);
  const listed = ANSWER_LIMITS.filter(({ file }) => initialised.some((each) => each.file === file));
  expect(new Set(listed.map(({ file }) => file))).toEqual(new Set(initialised.map(({ file }) => file)));
});

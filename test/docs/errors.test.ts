import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { ERRORS } from '../../src/schema/errors';
import { nameOf, ROOT, readSources, type Syntax, stringOf, walk } from '../support/sources';

interface Row {
  readonly code: string;
  readonly http: string;
  readonly meaning: string;
  readonly advice: string;
}

const rows: Row[] = readFileSync(path.join(ROOT, 'docs/errors.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => {
    const [code = '', http = '', meaning = '', advice = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    return { code: code.replaceAll('`', ''), http, meaning, advice };
  });

const sources = readSources('src').filter(({ path: file }) => file !== 'src/schema/errors.ts');

/** The statuses with which the source answers each code: the arguments of every call of `failure(status, code)`. */
function answeredStatuses(): Map<string, Set<number>> {
  const found = new Map<string, Set<number>>();
  for (const { body } of sources) {
    walk(body, (node) => {
      if (node.type !== 'CallExpression' || nameOf(node.callee) !== 'failure') return;
      const [status, code] = (node.arguments as { expression: Syntax }[]).map(({ expression }) => expression);
      for (const each of codesIn(code)) found.set(each, (found.get(each) ?? new Set()).add(Number(status?.value)));
    });
  }
  return found;
}

/** A code, or the two of a condition. */
function codesIn(node: Syntax | undefined): string[] {
  if (node?.type === 'ConditionalExpression')
    return [node.consequent, node.alternate].flatMap((each) => codesIn(each as Syntax));
  const code = stringOf(node);
  return code === undefined ? [] : [code];
}

test('every code of the catalogue is explained, and nothing else is', () => {
  expect(rows.map(({ code }) => code).sort()).toEqual(Object.keys(ERRORS).sort());
});

test('every explanation says something', () => {
  expect(rows.filter(({ meaning, advice }) => meaning.length < 10 || advice.length < 5)).toEqual([]);
});

test('the page has the status with which the endpoint answers', () => {
  const answered = answeredStatuses();
  expect(answered.size).toBeGreaterThan(30);
  const wrong = rows
    .map(({ code, http }) => ({ code, page: http, code_says: [...(answered.get(code) ?? ['–'])].join(', ') }))
    .filter((row) => row.page !== row.code_says);
  expect(wrong).toEqual([]);
});

test('every code of the catalogue is used', () => {
  const words = new Set<string>();
  for (const { body } of sources) {
    walk(body, (node) => {
      const word = stringOf(node);
      if (word !== undefined) words.add(word);
    });
  }
  expect(Object.keys(ERRORS).filter((code) => !words.has(code))).toEqual([]);
});

test('every sentence ends', () => {
  expect(Object.values(ERRORS).filter((sentence) => !sentence.endsWith('.'))).toEqual([]);
});

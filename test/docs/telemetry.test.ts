import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ATTRIBUTES, durationOf, METRICS, STAGES } from '../../src/runtime/telemetry';
import { ROOT } from '../support/sources';

const page = readFileSync(path.join(ROOT, 'docs/telemetry.md'), 'utf8');

/** The rows of one of the page's tables, without the formatter's padding. */
function table(name: string): string[] {
  const text = page.split(`<!-- ${name} -->`)[1]?.split(`<!-- /${name} -->`)[0] ?? '';
  return text
    .trim()
    .split('\n')
    .slice(2)
    .map((row) => row.replaceAll(/ +/g, ' ').trim());
}

describe('the page has what the code has, and nothing else', () => {
  test('spans', () => {
    expect(table('spans')).toEqual(
      Object.entries(STAGES).map(([stage, description]) => `| \`turnwise.${stage}\` | ${description} |`),
    );
  });

  test('metrics', () => {
    const every = [
      ...Object.keys(STAGES).map((stage) => durationOf(stage as keyof typeof STAGES)),
      ...Object.values(METRICS),
    ];
    expect(table('metrics')).toEqual(
      every.map(({ description, kind, name, unit }) => `| \`${name}\` | ${kind} | \`${unit}\` | ${description} |`),
    );
  });

  test('attributes', () => {
    expect(table('attributes')).toEqual(
      Object.entries(ATTRIBUTES).map(([name, description]) => `| \`${name}\` | ${description} |`),
    );
  });
});

import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { figuresText } from '../../src/cli/figures';
import { durationOf, METRICS } from '../../src/runtime/telemetry';
import { Figures, merged, quantile } from '../../src/telemetry/figures';
import { figuresFile, readFigures } from '../../src/telemetry/figures-file';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'turnwise-figures-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function measured(values: readonly number[], committed: number): Figures {
  const figures = new Figures(1_000);
  for (const ms of values) figures.measure(durationOf('handler'), ms / 1_000, {});
  figures.measure(METRICS.turns, committed, { 'turnwise.outcome': 'committed' });
  figures.measure(METRICS.overdue, 7, {});
  return figures;
}

test('quantiles are right to a fifth, and the largest is exact', () => {
  const { durations } = measured(
    Array.from({ length: 1_000 }, (_, index) => index + 1),
    1,
  ).data;
  const handler = durations['turnwise.handler.duration']!;
  expect(handler.count).toBe(1_000);
  for (const part of [0.01, 0.5, 0.95, 0.99]) {
    const exact = part * 1_000;
    expect(quantile(handler, part)).toBeGreaterThanOrEqual(exact);
    expect(quantile(handler, part)).toBeLessThanOrEqual(exact * 1.2);
  }
  expect(quantile(handler, 1)).toBe(1_000);
  expect(handler.maxMs).toBe(1_000);
});

test('the figures of two processes are their sum', () => {
  const sum = merged([measured([1, 2], 3).data, measured([2, 50], 4).data, new Figures(500).data]);
  expect(sum?.since).toBe(500);
  expect(sum?.counters).toEqual({ 'turnwise.turns': { committed: 7 } });
  expect(sum?.durations['turnwise.handler.duration']).toMatchObject({ count: 4, maxMs: 50 });
  expect(merged([])).toBeUndefined();
});

describe('the file of a process', () => {
  test('has what was measured, and is one among others', () => {
    const file = figuresFile(folder, 1_000);
    file.measure(METRICS.conflicts, 1);
    file.close();
    expect(statSync(path.join(folder, `figures-${process.pid}.json`)).mode & 0o777).toBe(0o600);
    // A process that does not live, and one that does.
    writeFileSync(path.join(folder, `figures-${process.ppid}.json`), JSON.stringify(measured([5], 2).data));
    const { figures, processes } = readFigures(folder);
    expect(processes).toBe(2);
    expect(figures?.counters).toEqual({ 'turnwise.conflicts': { all: 1 }, 'turnwise.turns': { committed: 2 } });
  });

  test('is forgotten when its process is gone and another one starts', () => {
    writeFileSync(path.join(folder, 'figures-999999999.json'), JSON.stringify(measured([5], 2).data));
    figuresFile(folder).close();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('that is damaged, or cannot be written, costs nobody anything', () => {
    writeFileSync(path.join(folder, 'figures-1.json'), '{');
    expect(readFigures(folder)).toEqual({ processes: 0, figures: undefined });
    const file = figuresFile(path.join(folder, 'gone'));
    file.measure(METRICS.conflicts, 1);
    file.close();
    expect(existsSync(path.join(folder, 'gone'))).toBe(false);
    expect(readFigures(path.join(folder, 'gone')).processes).toBe(0);
  });
});

test('as text: what was counted, and how long each stage took', () => {
  const text = figuresText(measured([1, 2, 3, 250], 4).data, 2);
  expect(text).toContain('Since 1970-01-01 00:00:01 UTC, in 2 processes');
  expect(text).toMatch(/^Turns\s+committed 4$/m);
  expect(text).toMatch(/^handler\s+4\s+2\.\d ms\s+250 ms\s+250 ms$/m);
});

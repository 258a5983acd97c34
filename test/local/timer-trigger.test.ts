import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { TimerStatusFile } from '../../src/local/timer-status';
import { type TimerInfo, TimerTrigger, type TimerTriggerOptions } from '../../src/local/timer-trigger';
import { until } from './support/runner-process';

let folder: string;
let file: string;
const timers: TimerTrigger[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'turnwise-timer-'));
  file = join(folder, 'timers.json');
});
afterEach(() => {
  for (const timer of timers.splice(0)) timer.stop();
  rmSync(folder, { recursive: true });
});

function start(options: Partial<TimerTriggerOptions>): { runs: TimerInfo[]; timer: TimerTrigger } {
  const runs: TimerInfo[] = [];
  const timer = new TimerTrigger({
    functionName: 'tick',
    schedule: '0 0 0 1 1 *',
    runOnStartup: false,
    useMonitor: true,
    status: new TimerStatusFile(file),
    log: { write: () => undefined },
    ...options,
    invoke: async (info) => {
      runs.push(info);
      await options.invoke?.(info);
    },
  });
  timers.push(timer);
  timer.start();
  return { runs, timer };
}

test('a timer runs by its schedule, again and again, whether a run fails or not', async () => {
  const { runs } = start({ schedule: '* * * * * *', invoke: () => Promise.reject(new Error('no')) });
  await until(() => runs.length === 3, 5_000);
  expect(runs[0]).toEqual({ Schedule: { AdjustForDST: true }, ScheduleStatus: null, IsPastDue: false });
});

test('a time span is an interval', async () => {
  const { runs } = start({ schedule: '00:00:00.2' });
  await until(() => runs.length === 3, 2_000);
});

test('runs do not overlap', async () => {
  let running = 0;
  let most = 0;
  const { runs } = start({
    schedule: '00:00:00.05',
    invoke: async () => {
      running += 1;
      most = Math.max(most, running);
      await sleep(150);
      running -= 1;
    },
  });
  await until(() => runs.length === 3, 3_000);
  expect(most).toBe(1);
});

test('runOnStartup runs at once, and a stopped timer no more', async () => {
  const { runs, timer } = start({ schedule: '00:00:00.1', runOnStartup: true });
  await until(() => runs.length === 2);
  timer.stop();
  await timer.idle();
  const before = runs.length;
  await sleep(300);
  expect(runs.length).toBe(before);
});

test('an occurrence missed while nothing ran is made up for at the next start, as past due', async () => {
  const schedule = '0 * * * * *';
  const first = start({ schedule, now: () => Date.parse('2026-01-01T00:00:30Z') });
  first.timer.stop();
  expect(first.runs).toEqual([]);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ tick: { schedule, next: '2026-01-01T00:01:00.000Z' } });

  const early = start({ schedule, now: () => Date.parse('2026-01-01T00:00:50Z') });
  early.timer.stop();
  expect(early.runs).toEqual([]);

  const late = start({ schedule, now: () => Date.parse('2026-01-01T00:05:10Z') });
  await late.timer.idle();
  late.timer.stop();
  expect(late.runs).toMatchObject([{ IsPastDue: true, ScheduleStatus: { Next: '2026-01-01T00:01:00.000Z' } }]);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ tick: { next: '2026-01-01T00:06:00.000Z' } });
});

test('another schedule than the one remembered is not past due', async () => {
  start({ schedule: '0 * * * * *', now: () => Date.parse('2026-01-01T00:00:30Z') }).timer.stop();
  const { runs, timer } = start({ schedule: '0 0 * * * *', now: () => Date.parse('2026-01-01T00:30:00Z') });
  await timer.idle();
  expect(runs).toEqual([]);
});

test('a damaged memory counts as none', async () => {
  writeFileSync(file, '{"tick": 1');
  const { runs, timer } = start({ schedule: '0 * * * * *' });
  await timer.idle();
  expect(runs).toEqual([]);
  expect(() => JSON.parse(readFileSync(file, 'utf8'))).not.toThrow();
});

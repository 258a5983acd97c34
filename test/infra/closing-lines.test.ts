import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ROOT } from '../support/sources';

/* The last lines of a run: how many tests passed, failed and were skipped, why, and which steps the machine could not do. */

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'turnwise-run-'));
  mkdirSync(path.join(folder, '.ci'));
  mkdirSync(path.join(folder, 'bin'));
  cpSync(path.join(ROOT, '.ci/run'), path.join(folder, '.ci/run'));
  // Nothing but what the script itself needs: no browser, no apt-get, no .NET.
  const needed = 'bash cat chmod cut dirname env grep head id mktemp rm sed tail tee tr uname'.split(' ');
  for (const name of needed) {
    symlinkSync(spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim(), path.join(folder, 'bin', name));
  }
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(name: string, script: string): void {
  const file = path.join(folder, name);
  writeFileSync(file, `#!/usr/bin/env bash\n${script}\n`);
  chmodSync(file, 0o755);
}

function run(): { code: number | null; closing: string[]; all: string } {
  const { status, stdout, stderr } = spawnSync('bash', ['.ci/run'], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: path.join(folder, 'bin'), HOME: folder },
  });
  return { code: status, closing: stdout.trimEnd().split('\n').slice(-3), all: stdout + stderr };
}

const tests = (summary: string, code = 0): void =>
  program('bin/npm', `[ "$1" != test ] || { printf '\n${summary}\n'; exit ${code}; }`);

describe('.ci/run', () => {
  test('says what was left out, and counts what was skipped', () => {
    program('.ci/bicep', 'exit 3');
    tests('skipped 2: there is no Chromium\n7 passed, 0 failed, 2 skipped');
    const { code, closing, all } = run();
    expect(closing[2]).toBe('7 passed, 0 failed, 2 skipped');
    expect(closing[1]).toMatch(/^left out: compiling the deployment template .* no Bicep compiler/);
    expect(closing[0]).toMatch(/^left out: the tests in a browser: /);
    expect(all).toMatch(/\n\nskipped 2: there is no Chromium\nleft out: /);
    expect(code).toBe(0);
  });

  test('is green with the plain line when nothing was left out', () => {
    program('.ci/bicep', 'exit 0');
    program('bin/chromium', '');
    tests('7 passed, 0 failed');
    const { code, closing, all } = run();
    expect(closing.slice(1)).toEqual(['', '7 passed, 0 failed']);
    expect(all).not.toContain('left out');
    expect(code).toBe(0);
  });

  test('fails with the template', () => {
    program('.ci/bicep', 'exit 1');
    program('bin/chromium', '');
    tests('7 passed, 0 failed');
    expect(run()).toMatchObject({ code: 1, closing: expect.arrayContaining(['7 passed, 1 failed']) });
  });

  test('fails with a test, and without a summary', () => {
    program('.ci/bicep', 'exit 0');
    program('bin/chromium', '');
    tests('6 passed, 1 failed, 1 skipped', 1);
    expect(run()).toMatchObject({ code: 1, closing: expect.arrayContaining(['6 passed, 1 failed, 1 skipped']) });
    tests('The runner died.');
    expect(run()).toMatchObject({ code: 1, closing: expect.arrayContaining(['0 passed, 1 failed']) });
  });

  test('fails where apt-get works and brings no browser', () => {
    program('.ci/bicep', 'exit 0');
    program('bin/apt-get', '');
    program('bin/sudo', 'shift; exec "$@"');
    tests('7 passed, 0 failed');
    expect(run()).toMatchObject({ code: 1, closing: expect.arrayContaining(['7 passed, 1 failed']) });
    program(
      'bin/apt-get',
      `[ "$1" = update ] || { printf '' >${folder}/bin/chromium; chmod +x ${folder}/bin/chromium; }`,
    );
    expect(run()).toMatchObject({ code: 0, closing: expect.arrayContaining(['7 passed, 0 failed']) });
  });
});

describe('.ci/bicep without a compiler', () => {
  test('says so, with an exit code of its own', () => {
    cpSync(path.join(ROOT, '.ci'), path.join(folder, '.ci'), { recursive: true });
    const { status, stderr } = spawnSync('bash', ['.ci/bicep'], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: path.join(folder, 'bin'), HOME: folder },
    });
    expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringMatching(/^There is no Bicep compiler\. /) });
  });
});

interface Reporter {
  onRunComplete(contexts: undefined, results: object): void;
  getLastError(): Error | undefined;
}

describe('the reporter', () => {
  const SummaryReporter = require('../support/summary-reporter.cjs') as new (config: object) => Reporter;

  /** Reports a run of two passed tests and some skipped ones, and returns what is printed as the process ends. */
  function report(skipped: readonly string[][], config: object = {}): { printed: string; error: Error | undefined } {
    const before = process.listeners('exit');
    const reporter = new SummaryReporter(config);
    reporter.onRunComplete(undefined, {
      numPassedTests: 2,
      numFailedTests: 0,
      numRuntimeErrorTestSuites: 0,
      numPendingTests: skipped.length,
      numTodoTests: 0,
      testResults: [
        {
          skipped: false,
          numPendingTests: skipped.length,
          testResults: [
            { status: 'passed', ancestorTitles: ['a'] },
            ...skipped.map((ancestorTitles) => ({ status: 'pending', ancestorTitles })),
          ],
        },
      ],
    });
    const listener = process.listeners('exit').find((each) => !before.includes(each)) as () => void;
    process.removeListener('exit', listener);
    const written: string[] = [];
    const write = process.stdout.write;
    process.stdout.write = (text: string | Uint8Array) => written.push(String(text)) > 0;
    try {
      (listener as unknown as { listener?: () => void }).listener?.() ?? listener();
    } finally {
      process.stdout.write = write;
    }
    return { printed: written.join(''), error: reporter.getLastError() };
  }

  test('ends with the plain line', () => {
    expect(report([])).toEqual({ printed: '\n2 passed, 0 failed\n', error: undefined });
  });

  test('prints the reason of every skipped test', () => {
    const { printed, error } = report([
      ['the page [skipped: no browser]'],
      ['the page [skipped: no browser]', 'inner'],
    ]);
    expect(printed).toBe('\nskipped 2: no browser\n2 passed, 0 failed, 2 skipped\n');
    expect(error).toBeUndefined();
  });

  test('fails a run in which a test is skipped without a reason', () => {
    const { printed, error } = report([['the page'], ['the page [skipped: no browser]']]);
    expect(printed).toContain('skipped 1: NO REASON GIVEN\n');
    expect(printed).toMatch(/\n2 passed, 1 failed, 1 skipped\n$/);
    expect(error?.message).toBe('1 tests were skipped without a reason.');
  });

  test('asks for no reason when tests are chosen by name', () => {
    expect(report([['the page']], { testNamePattern: 'x' })).toEqual({
      printed: '\n2 passed, 0 failed, 1 skipped\n',
      error: undefined,
    });
  });
});

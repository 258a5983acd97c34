import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
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
  const needed =
    'bash cat chmod cp cut diff dirname env find grep head id mkdir mktemp rm sed sha256sum sort tail tee tr uname xargs'.split(
      ' ',
    );
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

  test('repeats what the compiler step left out', () => {
    program('.ci/bicep', 'echo left out: the snapshots');
    program('bin/chromium', '');
    tests('7 passed, 0 failed');
    const { code, closing } = run();
    expect(closing.slice(1)).toEqual(['left out: the snapshots', '7 passed, 0 failed']);
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

describe('.ci/bicep', () => {
  const PINNED =
    /<BicepVersion>(.*)</.exec(readFileSync(path.join(ROOT, '.ci/bicep-cli/bicep-cli.csproj'), 'utf8'))?.[1] ?? '';

  beforeEach(() => {
    for (const name of ['.ci', 'infra', 'test/infra/snapshots', 'test/infra/refused']) {
      cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
    }
  });

  /** Text of a compiler that finds the template right, says something of it, and notes how it was called. */
  const compiler = (version: string, says = '') => `
echo "$*" >>'${folder}/calls-${version}'
case "$*" in
  --version) echo 'Bicep CLI version ${version} (0123456789)' ;;
  snapshot*/refused/*) sed -n 's:^// ::p' "$2"; exit 1 ;;
  'build infra/main.bicep'*) cat test/infra/snapshots/main.json; echo '${says}' >&2 ;;
esac`;

  function bicep(...args: string[]): { code: number | null; out: string; err: string } {
    const { status, stdout, stderr } = spawnSync('bash', ['.ci/bicep', ...args], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: path.join(folder, 'bin'), HOME: folder },
    });
    return { code: status, out: stdout, err: stderr };
  }

  const calls = (version: string): string => {
    const file = path.join(folder, `calls-${version}`);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };

  /** A .NET that puts a compiler where the package has it. */
  function dotnet(): void {
    writeFileSync(path.join(folder, 'package'), `#!/usr/bin/env bash\n${compiler(PINNED)}\n`);
    program(
      'bin/dotnet',
      `tools=.local/nuget/azure.bicep.commandline.\${3#*=}/${PINNED}/tools; mkdir -p "$tools"; cp package "$tools/bicep"`,
    );
  }

  test('says that there is no compiler, with an exit code of its own', () => {
    expect(bicep()).toEqual({ code: 3, out: '', err: expect.stringMatching(/^There is no Bicep compiler\. /) });
  });

  test('fails where .NET cannot bring the compiler, and says so', () => {
    program('bin/dotnet', 'echo "error NU1301: no such source" >&2; exit 1');
    const { code, err } = bicep();
    expect(err).toBe(
      `error NU1301: no such source\nThe package of Bicep ${PINNED} could not be restored: see above.\n`,
    );
    expect(code).toBe(1);
  });

  test('takes the compiler of the PATH if it has the right version, and checks everything', () => {
    program('bin/bicep', compiler(PINNED));
    program('bin/dotnet', 'exit 1');
    const { code, out, err } = bicep();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(calls(PINNED)).toMatch(/^snapshot .*default\.bicepparam --mode validate/m);
    expect(out.match(/^left out: .*$/gm)).toEqual([expect.stringContaining('of a created bot')]);
  });

  test('takes the one of the Azure CLI if that of the PATH has another version', () => {
    program('bin/bicep', compiler('0.1.0'));
    mkdirSync(path.join(folder, '.azure/bin'), { recursive: true });
    program('.azure/bin/bicep', compiler(PINNED));
    expect(bicep()).toMatchObject({ code: 0, out: expect.stringContaining(`Bicep CLI version ${PINNED}`) });
    expect(calls('0.1.0')).toBe('--version\n');
  });

  test('prefers the package to a compiler of another version', () => {
    program('bin/bicep', compiler('0.1.0'));
    dotnet();
    expect(bicep()).toMatchObject({ code: 0, out: expect.stringContaining(`Bicep CLI version ${PINNED}`) });
    expect(calls(PINNED)).toContain('--mode validate');
    expect(calls('0.1.0')).toBe('--version\n');
  });

  const WARNING = 'main.bicep(1,1) : Warning new-rule: There is a newer way.';
  const ERROR = 'main.bicep(1,1) : Error BCP000: There is no such way.';

  test('fails with a warning of the right version', () => {
    program('bin/bicep', compiler(PINNED, WARNING));
    expect(bicep()).toMatchObject({ code: 1, err: expect.stringContaining('bicep build infra/main.bicep') });
  });

  test('takes another version where there is nothing else, counts only its errors, and says what it left out', () => {
    program('bin/bicep', compiler('0.1.0', WARNING));
    const { code, out } = bicep();
    expect(out).toMatch(
      /^left out: warnings about the deployment template, its snapshots and its refusals: .* 0\.1\.0$/m,
    );
    expect(calls('0.1.0')).toMatch(/^lint infra\/main\.bicep/m);
    expect(calls('0.1.0')).not.toContain('snapshot ');
    expect(code).toBe(0);
    program('bin/bicep', compiler('0.1.0', ERROR));
    expect(bicep()).toMatchObject({ code: 1, err: expect.stringContaining(ERROR) });
  });

  test('rewrites snapshots with the right version only', () => {
    program('bin/bicep', compiler('0.1.0'));
    expect(bicep('write')).toMatchObject({ code: 1, err: expect.stringContaining(`with Bicep ${PINNED} only`) });
    expect(calls('0.1.0')).not.toContain('snapshot ');
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

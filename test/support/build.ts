import { spawnSync } from 'node:child_process';
import path from 'node:path';

const ROOT = path.join(__dirname, '..', '..');

/** What this needs of the test runner's configuration. */
interface RunConfig {
  /** What the command line said, as paths to match. */
  readonly testPathPatterns: { readonly patterns: readonly string[] };
}

/** Tests that start the compiled app. */
const NEED_THE_BUILD = [
  'test/bots/',
  'test/cli/',
  'test/create/',
  'test/e2e/',
  'test/hostile/',
  'test/local/',
  'test/package/',
];

/**
 * Compiles the app once per run of the test runner, if any test of the run starts it. That the types are right is another check's business:
 * what the compiler complains about is shown, and what it wrote is tested.
 */
export default function build({ testPathPatterns }: RunConfig): void {
  const { patterns } = testPathPatterns;
  const wanted =
    patterns.length === 0 || patterns.some((pattern) => NEED_THE_BUILD.some((each) => overlap(pattern, each)));
  if (!wanted) return;
  const compiler = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  const { error, stdout } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  if (stdout !== '') process.stderr.write(`${stdout}\n`);
}

/** Whether a pattern given on the command line may mean tests of this folder. When in doubt it does: compiling takes a second. */
function overlap(pattern: string, folder: string): boolean {
  const tests = pattern.replaceAll('\\', '/');
  return !tests.includes('test/') || tests.includes(folder.slice(0, -1)) || folder.startsWith(tests);
}

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const REGISTER = `
  const swc = require('@swc/core');
  const options = { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } };
  require.extensions['.ts'] = (module, file) => module._compile(swc.transformFileSync(file, options).code, file);
`;

/**
 * Runs a CommonJS script that may require sources of this project, in a Node of its own: for what a test runner hides, like which
 * packages get loaded. Paths are relative to the project. Resolves to what it printed.
 *
 * @param node another Node than the one of the test runner
 */
export async function runInPlainNode(
  script: string,
  env: Record<string, string> = {},
  node = process.execPath,
): Promise<string> {
  const cwd = join(__dirname, '..', '..');
  const child = { cwd, env: { PATH: process.env.PATH ?? '', ...env }, timeout: 25_000 };
  const { stdout } = await promisify(execFile)(node, ['-e', REGISTER + script], child);
  return stdout;
}

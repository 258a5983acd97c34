import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { bundle } from '../dist/src/package/bundle.js';

const ROOT = path.join(import.meta.dirname, '..');

/** Beside the packages that the contenders find from there. */
const BUILT = path.join(import.meta.dirname, 'built');

/** A contender as it is run: files of JavaScript. */
export interface Program {
  /** Finds its packages, file by file, where they are installed. */
  readonly unbundled: string;
  /** One file with everything in it, as `turnwise package` makes it of an app. */
  readonly bundled: string;
}

/** Compiles a contender, so that no start spends time on stripping types. */
export async function programOf(script: string, folder: string): Promise<Program> {
  const name = path.basename(script, '.ts');
  const unbundled = await compiled(path.join('bench', script));
  const apart = mkdtempSync(path.join(folder, `${name}-`));
  const { main } = await bundle(ROOT, { files: [path.join('bench', script)], isModule: false }, apart);
  return { unbundled, bundled: path.join(apart, main) };
}

/** Compiles a file of this project, and what it imports of it, for `require`. */
export async function compiled(file: string): Promise<string> {
  const outfile = path.join(BUILT, `${path.basename(file, '.ts')}.cjs`);
  await build({
    absWorkingDir: ROOT,
    entryPoints: [file],
    outfile,
    bundle: true,
    packages: 'external',
    external: ['./dist/*'],
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    logLevel: 'error',
  });
  return outfile;
}

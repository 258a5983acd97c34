import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { transformFileSync } from '@swc/core';

const ROOT = join(__dirname, '../..');

/** The sources (and one test program) as plain JavaScript in a folder of their own, for tests that need processes of their own. */
export interface Compiled {
  /** Where the compiled form of a source file lies. */
  path(source: string): string;
  remove(): void;
}

/** Compiles `src` and the named programs, without checking types. */
export function compile(...programs: readonly string[]): Compiled {
  const folder = mkdtempSync(join(tmpdir(), 'turnwise-compiled-'));
  const path = (source: string): string => join(folder, source.replace(/\.ts$/, '.js'));
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('src', name));
  for (const source of [...sources, ...programs]) {
    const { code } = transformFileSync(join(ROOT, source), {
      jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
      module: { type: 'commonjs' },
      sourceMaps: false,
      swcrc: false,
    });
    mkdirSync(dirname(path(source)), { recursive: true });
    writeFileSync(path(relative('.', source)), code);
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return { path, remove: () => rmSync(folder, { recursive: true }) };
}

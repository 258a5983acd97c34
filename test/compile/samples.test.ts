import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT } from '../support/sources';

/*
 * Bots in strict TypeScript, written for the Bot Framework SDK: they compile against its types, and against these, when nothing but the package
 * behind the import is another.
 */

type Paths = Readonly<Record<string, readonly string[]>>;

function compile(samples: string, paths: Paths, name: string): string {
  const folder = path.join(ROOT, 'node_modules/.cache/turnwise-samples');
  mkdirSync(folder, { recursive: true });
  const config = path.join(folder, `${name}.json`);
  const source = path.join(ROOT, 'test/compile', samples);
  const options = { extends: path.join(source, 'tsconfig.json'), compilerOptions: { paths }, include: [source] };
  writeFileSync(config, JSON.stringify(options));
  const compiler = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  const { stdout, status } = spawnSync(process.execPath, [compiler, '-p', config], { encoding: 'utf8' });
  return status === 0 ? 'compiles' : stdout;
}

test.each([
  ['botbuilder', {}],
  ['turnwise', { botbuilder: [path.join(ROOT, 'src/index.ts')] }],
])('the samples compile against %s', (name, paths: Paths) => {
  expect(compile('samples', paths, name)).toBe('compiles');
});

test('a bot with dialogs compiles once its import has changed', () => {
  const paths = {
    turnwise: [path.join(ROOT, 'src/index.ts')],
    'turnwise/botbuilder': [path.join(ROOT, 'src/botbuilder/index.ts')],
  };
  expect(compile('moved', paths, 'moved')).toBe('compiles');
});

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { importsOf, nameOf, ROOT, readSource, type Source, type Syntax } from '../support/sources';

const api = readSource('src/index.ts');

/** Every name that an entry point exports, with the file that declares it. */
function exportsOf(entry: Source): { name: string; file: string }[] {
  return entry.body.flatMap((statement) => {
    const [file] = importsOf({ ...entry, body: [statement] }).map((each) => each.file ?? '');
    const specifiers = (statement.specifiers ?? []) as { orig: unknown }[];
    return specifiers.map(({ orig }) => ({ name: nameOf(orig) ?? '', file: file ?? '' }));
  });
}

const exported = exportsOf(api);
const others = ['src/testing/index.ts', 'src/botbuilder/index.ts'].map(readSource).flatMap(exportsOf);

describe('every export of the public API says what it is', () => {
  test('there are exports', () => {
    expect(exported.length).toBeGreaterThan(20);
  });

  test.each([...exported, ...others].map(({ name, file }) => [name, file] as const))('%s', (name, file) => {
    const lines = readFileSync(path.join(ROOT, file), 'utf8').split('\n');
    const declares = new RegExp(`^export (declare )?(abstract )?(class|function|const|interface|type|enum) ${name}\\b`);
    const first = lines.findIndex((line) => declares.test(line));
    expect(first).toBeGreaterThanOrEqual(0);
    expect(lines[first - 1]).toMatch(/\*\/$/);
  });
});

/** The bot of the README: the first block of TypeScript after its marker. */
function readmeBot(): string {
  const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
  return /<!-- bot -->\s*```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
}

describe('the bot of the README', () => {
  test('is as short as it says', () => {
    const lines = readmeBot().trim().split('\n');
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.length).toBeLessThanOrEqual(20);
  });

  test('compiles against the public API', () => {
    const folder = path.join(ROOT, 'node_modules/.cache/turnwise-readme');
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'bot.ts'), readmeBot());
    const config = {
      extends: path.join(ROOT, 'tsconfig.json'),
      compilerOptions: { noEmit: true, rootDir: ROOT, paths: { turnwise: [path.join(ROOT, 'src/index.ts')] } },
      files: ['bot.ts'],
      include: [],
      exclude: [],
    };
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config));
    const compiler = path.join(ROOT, 'node_modules/typescript/bin/tsc');
    const { stdout, status } = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});

test('nothing in the API is named twice', () => {
  const names = exported.map(({ name }) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test('src/index.ts passes names on and does nothing else', () => {
  const other = (api.body as readonly Syntax[]).filter(({ type }) => type !== 'ExportNamedDeclaration');
  expect(other.map(({ type }) => type)).toEqual([]);
});

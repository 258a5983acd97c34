import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';

/* The pages name no command that there is not. */

const ROOT = path.join(__dirname, '../..');
const PAGES = ['README.md', 'CONTRIBUTING.md', ...globSync(['docs/**/*.md', 'create/**/*.md'], { cwd: ROOT })];
const SPOKEN = /(?:`|npx |npm run )turnwise (?:-- )?([a-z]+)\b/g;

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

test('each command in the pages is one of the program', () => {
  const commands = new Set(
    [...read('src/cli/program.ts').matchAll(/\.command\('([a-z]+)'\)/g)].map(([, name]) => name),
  );
  const spoken = PAGES.filter((file) => !file.includes('node_modules')).flatMap((file) =>
    [...read(file).matchAll(SPOKEN)].map(([, name]) => ({ file, name })),
  );
  expect(spoken.length).toBeGreaterThan(20);
  expect(spoken.filter(({ name }) => !commands.has(name))).toEqual([]);
});

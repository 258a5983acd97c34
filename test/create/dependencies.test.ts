import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { filesBelow, ROOT } from '../support/sources';

/* What the templates, and the package that makes bots of them, import is what their package.json files name, and the reverse. */

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

function dependencies(file: string): string[] {
  const { dependencies: named = {} } = JSON.parse(read(file)) as { readonly dependencies?: Record<string, string> };
  return Object.keys(named);
}

/** Returns the packages that files import, without Node's own modules. */
function imported(files: readonly string[]): string[] {
  const names = files.flatMap((file) =>
    [...read(file).matchAll(/\b(?:from|require\(|import\() ?'((?:@[\w-]+\/)?[\w-][\w.-]*)/g)].map(
      ([, name = '']) => name,
    ),
  );
  return [...new Set(names)].filter((name) => name !== 'node' && !builtinModules.includes(name)).sort();
}

/** Trigger files that every bot gets, in which the package has its name. */
const triggers = filesBelow('functions').filter((file) => !file.endsWith('/bot.ts'));
const SHARED = 'create/templates/shared/package.json';

describe.each(['empty', 'echo', 'core'])('%s', (template) => {
  const files = [...filesBelow(`create/templates/${template}`).filter((file) => file.endsWith('.ts')), ...triggers];
  const own = template === 'core' ? dependencies('create/templates/core/package.json') : [];

  test('imports what it names, and names what it imports', () => {
    expect(files.length).toBeGreaterThan(7);
    // Turnwise is added when a bot is made.
    expect(imported(files)).toEqual([...dependencies(SHARED), ...own, 'turnwise'].sort());
  });
});

test('the package that makes bots imports nothing but modules of Node.js', () => {
  expect(imported(filesBelow('create/src'))).toEqual([]);
  expect(dependencies('create/package.json')).toEqual([]);
});

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as botbuilder from 'botbuilder';
import * as core from 'botbuilder-core';
import * as turnwise from '../../src/index';
import * as testing from '../../src/testing/index';
import { ROOT } from '../support/sources';

const page = readFileSync(path.join(ROOT, 'docs/moving-from-botbuilder.md'), 'utf8');
const [, table = ''] = page.split(/<!-- \/?exports -->/);
const rows = table
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, name = '', here = '']) => ({ name: name.replaceAll('`', ''), here }));

const theirs = [...new Set([...Object.keys(botbuilder), ...Object.keys(core)])];

test('every export of the Bot Framework SDK has its row, and no other has one', () => {
  expect(rows.map(({ name }) => name).sort()).toEqual(theirs.sort());
});

describe('what the page says of each', () => {
  test('"the same" is exported under that name', () => {
    const same = rows.filter(({ here }) => here.startsWith('the same'));
    expect(same.length).toBeGreaterThan(60);
    expect(same.map(({ name }) => name).filter((name) => !(name in turnwise))).toEqual([]);
  });

  test('and what is exported under that name is said to be', () => {
    const others = rows.filter(({ here }) => !here.startsWith('the same'));
    expect(others.map(({ name }) => name).filter((name) => name in turnwise)).toEqual([]);
  });

  test('an export of turnwise/testing is there', () => {
    const inTesting = rows.filter(({ here }) => here.includes('`turnwise/testing`')).map(({ name }) => name);
    expect(inTesting).toEqual(['TestAdapter', 'TestFlow']);
    expect(inTesting.filter((name) => !(name in testing))).toEqual([]);
  });

  test('every row says something', () => {
    expect(rows.filter(({ here }) => here.length < 8)).toEqual([]);
  });
});

/** Names of everything that the declarations of a package export, and of what they pass on. */
function declared(file: string, names = new Set<string>()): Set<string> {
  const text = readFileSync(file, 'utf8');
  for (const [, name = ''] of text.matchAll(
    /^export (?:declare )?(?:abstract )?(?:class|function|const|interface|type|enum|namespace) (\w+)/gm,
  )) {
    names.add(name);
  }
  for (const [, list = ''] of text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)) {
    for (const name of list.split(',')) names.add(name.trim().split(/ as /).at(-1) ?? '');
  }
  for (const [, from = ''] of text.matchAll(/^export \* from '([^']+)'/gm)) {
    declared(from.startsWith('.') ? declarationOf(path.join(path.dirname(file), from)) : entryOf(from), names);
  }
  names.delete('');
  return names;
}

const declarationOf = (file: string) => (existsSync(`${file}.d.ts`) ? `${file}.d.ts` : path.join(file, 'index.d.ts'));

/** The declarations of a package's entry. */
function entryOf(name: string): string {
  const folder = path.join(ROOT, 'node_modules', name);
  return path.join(
    folder,
    (JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { types: string }).types,
  );
}

test('every type of the Bot Framework SDK is exported here, or the page says why not', () => {
  const [, typesTable = ''] = page.split(/<!-- \/?types -->/);
  const absent = typesTable
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => line.split('|')[1]?.match(/\w+/g) ?? []);
  const index = readFileSync(path.join(ROOT, 'src/index.ts'), 'utf8');
  const exported = new Set([...index.matchAll(/(?:\{|,|type)\s*(\w+)(?=\s*[,}])/g)].map(([, name]) => name));
  const types = [...declared(entryOf('botbuilder-core')), ...declared(entryOf('botbuilder'))].filter(
    (name) => !theirs.includes(name),
  );
  expect(types.length).toBeGreaterThan(300);
  expect([...new Set(types)].filter((name) => !exported.has(name)).sort()).toEqual([...absent].sort());
});

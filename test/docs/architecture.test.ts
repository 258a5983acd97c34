import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { DEFAULT_OPTIONS } from '../../src/runtime/options';
import { NEW_HEAD } from '../../src/turn/record';
import { DEFAULT_TIMING } from '../../src/turn/timing';
import { LAYERS } from '../architecture/layers';
import { exportedNames, nameOf, ROOT, readSource, readSources, type Syntax, walk } from '../support/sources';

const page = readFileSync(path.join(ROOT, 'docs/architecture.md'), 'utf8');
const protocol = readSources('src/turn');

/** The cells of the table between two markers, without its head. */
function table(marker: string): string[][] {
  const [, text = ''] = page.split(new RegExp(`<!-- /?${marker} -->`));
  const rows = text.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const isNamed = (name: string): boolean => page.includes(`\`${name}\``);

describe('the protocol: everything that src/turn can do has its sentence', () => {
  const functions = protocol.flatMap((source) => exportedNames(source, ['FunctionDeclaration', 'ClassDeclaration']));

  test.each(functions)('%s', (name) => {
    expect(isNamed(name)).toBe(true);
  });

  test('every file is named', () => {
    expect(protocol.map((source) => source.path).filter((file) => !isNamed(file))).toEqual([]);
  });

  test('every field of the record is explained', () => {
    expect(Object.keys(NEW_HEAD).filter((field) => !new RegExp(`^\\| \`${field}\` +\\|`, 'm').test(page))).toEqual([]);
  });
});

test('every file and folder that the page names is there', () => {
  const named = [...page.matchAll(/`((?:src|functions|docs|test)\/[\w./-]+)`/g)].map(([, file]) => file ?? '');
  expect(named.filter((file) => readable(file) === undefined)).toEqual([]);
});

function readable(file: string): true | undefined {
  const { existsSync } = require('node:fs') as typeof import('node:fs');
  return existsSync(path.join(ROOT, file)) || undefined;
}

test('every primitive of a worker is named', () => {
  const store = readSource('src/ports/store.ts');
  const methods: string[] = [];
  for (const statement of store.body) {
    const declaration = statement.declaration as Syntax | undefined;
    if (declaration?.type !== 'TsInterfaceDeclaration' || nameOf(declaration.id) !== 'TurnStore') continue;
    walk(declaration.body, (node) => {
      if (node.type === 'TsMethodSignature') methods.push(nameOf(node.key) ?? '');
    });
  }
  expect(methods.length).toBeGreaterThan(5);
  expect(methods.filter((name) => !name.startsWith('read') && !isNamed(name))).toEqual([]);
});

test('the import table is the one that is held', () => {
  const list = (parts: readonly string[] = []): string =>
    parts.length === 0 ? '–' : parts.map((part) => `\`${part}\``).join(', ');
  const held = Object.entries(LAYERS).map(([part, { parts, types }]) => [`\`${part}\``, list(parts), list(types)]);
  expect(table('layers')).toEqual(held);
});

describe('the numbers are those of the code', () => {
  const numbers: Readonly<Record<string, unknown>> = { ...DEFAULT_TIMING, ...DEFAULT_OPTIONS };
  const shown = new Map(table('numbers').map(([name = '', value = '']) => [name.replaceAll('`', ''), value]));

  test.each(Object.entries(numbers))('%s', (name, value) => {
    const values = Array.isArray(value) ? value : [value];
    expect(shown.get(name)).toBe(values.map((each) => written(name, each)).join(', '));
  });

  test('there are no others', () => {
    expect([...shown.keys()].filter((name) => !(name in numbers))).toEqual([]);
  });
});

function written(name: string, value: unknown): string {
  if (typeof value === 'object') return Object.keys(value ?? {}).join(', ') || 'none';
  if (typeof value !== 'number') return String(value);
  return name.endsWith('Ms') ? duration(value) : value.toLocaleString('en-US');
}

const UNITS = [
  ['d', 24 * 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

function duration(ms: number): string {
  const [unit, size] = UNITS.find(([, each]) => ms >= each) ?? ['ms', 1];
  return `${ms / size} ${unit}`;
}

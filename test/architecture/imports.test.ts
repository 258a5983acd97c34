import { expect, test } from '@jest/globals';
import { type Import, importsOf, readSources } from '../support/sources';
import { LAYERS } from './layers';

const sources = readSources('src', 'functions');
const imports = sources.flatMap(importsOf);

function partOf(file: string): string | undefined {
  return Object.keys(LAYERS).find((part) => LAYERS[part]?.files.test(file));
}

function violation({ from, specifier, file, typeOnly }: Import): string[] {
  const part = partOf(from) ?? '';
  const layer = LAYERS[part];
  if (layer === undefined) return [];
  if (file === undefined) {
    return layer.packages?.test(specifier) ? [] : [`${from} imports ${specifier}: "${part}" may not use that package.`];
  }
  const target = partOf(file) ?? '(no part)';
  if (target === part || layer.parts.includes(target)) return [];
  if (layer.types?.includes(target)) {
    return typeOnly ? [] : [`${from} imports code from ${file}: "${part}" may import only types from "${target}".`];
  }
  return [`${from} imports ${file}: "${part}" may not import "${target}".`];
}

test('every source file belongs to a part', () => {
  expect(sources.map(({ path }) => path).filter((path) => partOf(path) === undefined)).toEqual([]);
});

test('every import is allowed', () => {
  expect(imports.flatMap(violation)).toEqual([]);
});

const HAVE_OPTIONAL_PEERS: ReadonlySet<string> = new Set(['botbuilder', 'package']);

test('the packages that are imported are dependencies, not tools of development', () => {
  const { dependencies, peerDependencies } = require('../../package.json') as Record<string, Record<string, string>>;
  const missing = imports
    .filter(({ specifier, file }) => file === undefined && !specifier.startsWith('node:'))
    // The Functions host itself supplies this one.
    .filter(({ specifier }) => specifier !== '@azure/functions-core')
    .filter(({ specifier }) => dependencies?.[packageOf(specifier)] === undefined)
    // Whoever uses the bridge has the Bot Framework SDK, and whoever bundles an app has the bundler: they are optional peers.
    .filter(
      ({ from, specifier }) =>
        !HAVE_OPTIONAL_PEERS.has(partOf(from) ?? '') || peerDependencies?.[specifier] === undefined,
    )
    .map(({ from, specifier }) => `${from} imports ${specifier}`);
  expect(missing).toEqual([]);
});

test('there are no import cycles', () => {
  const graph = new Map<string, readonly string[]>(
    sources.map(({ path }) => [path, imports.flatMap(({ from, file }) => (from === path && file ? [file] : []))]),
  );
  expect([...graph.keys()].map((file) => cycleFrom(file, graph)).filter((cycle) => cycle !== '')).toEqual([]);
});

test('nothing is imported that is not there', () => {
  expect(
    imports.filter(({ file }) => file?.endsWith('(not there)')).map(({ from, file }) => `${from}: ${file}`),
  ).toEqual([]);
});

/** The shortest way from a file back to itself, or nothing. */
function cycleFrom(start: string, graph: ReadonlyMap<string, readonly string[]>): string {
  const cameFrom = new Map<string, string>();
  const open = [start];
  for (let file = open.shift(); file !== undefined; file = open.shift()) {
    for (const next of graph.get(file) ?? []) {
      if (next === start) return `${start} <- ${way(file, cameFrom)}`;
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, file);
      open.push(next);
    }
  }
  return '';
}

function way(end: string, cameFrom: ReadonlyMap<string, string>): string {
  const before = cameFrom.get(end);
  return before === undefined ? end : `${end} <- ${way(before, cameFrom)}`;
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from '../support/sources';

/* docs/host-json.md explains every setting of host.json, with the value that it has. */

type Json = string | number | boolean | { readonly [name: string]: Json };

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

/** Settings that the page explains together, in words. */
const TOGETHER = ['extensionBundle', 'logging.applicationInsights.samplingSettings'];

/** Returns every setting with its value, `extensions.` left out as on the page. */
function settings(value: Json, name = ''): [string, Json][] {
  if (typeof value !== 'object' || TOGETHER.includes(name)) return [[name.replace(/^extensions\./, ''), value]];
  return Object.entries(value).flatMap(([key, each]) => settings(each, name === '' ? key : `${name}.${key}`));
}

const rows = [...read('docs/host-json.md').matchAll(/^\| `([^`]+)` +\| (?:`([^`]+)`|([^|]+?)) +\| (.+?) +\|$/gm)].map(
  ([, name, value, words, why]) => ({ name, value: value ?? words, why: why ?? '' }),
);

test('every setting has a row with its value and a reason, and every row a setting', () => {
  const own = settings(JSON.parse(read('host.json')) as Json);
  expect(rows.map(({ name }) => name).sort()).toEqual(own.map(([name]) => name).sort());
  for (const [name, value] of own) {
    const row = rows.find((each) => each.name === name);
    expect(row?.why.length).toBeGreaterThan(20);
    if (typeof value !== 'object') expect([name, row?.value]).toEqual([name, String(value)]);
  }
});

describe('apps under test/', () => {
  const copies = globSync('test/{bots,e2e/apps}/*/host.json', { cwd: ROOT });

  test('there are some', () => expect(copies.length).toBeGreaterThan(5));

  test.each(copies)('%s is the template\u2019s', (file) => expect(read(file)).toBe(read('host.json')));
});

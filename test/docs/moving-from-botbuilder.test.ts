import { readFileSync } from 'node:fs';
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

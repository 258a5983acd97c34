import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { unzipSync, zipSync } from 'fflate';
import { project, turnwise } from './packaging';

/* Where a package may be written to: to a place that is free, or to one that has a package that was made before. */

describe('turnwise package', () => {
  const MADE = { 'functions/a.js': '', 'functions/precious.txt': 'mine' };
  const TAKEN = /^turnwise: "turnwise package" replaces only what it has made.* \(PackagePlaceTaken\)$/m;
  let folder: string;
  const inFolder = (name: string): string => path.join(folder, name);
  const write = (name: string, content: string): void => {
    mkdirSync(path.dirname(inFolder(name)), { recursive: true });
    writeFileSync(inFolder(name), content);
  };
  const made = (out = 'out') => turnwise(folder, 'package', '--out', out);

  beforeEach(() => {
    folder = project('commonjs', MADE);
  });
  afterEach(() => rmSync(path.dirname(folder), { recursive: true, force: true }));

  /** Every file with its content, but for the packages of the project. */
  function everything(): Record<string, string> {
    const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory()
        ? readdirSync(inFolder(entry.name), { recursive: true, encoding: 'utf8' }).map(
            (name) => `${entry.name}/${name}`,
          )
        : entry.name,
    );
    const files = names.filter((name) => name !== 'node_modules' && statSync(inFolder(name)).isFile());
    return Object.fromEntries(files.map((name) => [name, readFileSync(inFolder(name), 'latin1')]));
  }

  /** Refused, and everything is as it was. */
  function refusedAt(out: string, ...files: readonly string[]): void {
    const before = everything();
    const { code, err } = made(out);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(TAKEN) });
    for (const file of files) expect(err).toContain(inFolder(file));
    expect(everything()).toEqual(before);
  }

  test('a folder that holds something else is not emptied', () => {
    refusedAt('functions', 'functions/a.js');
    refusedAt('.');
  });

  test('nor is one that only looks like a package, such as the folder of another app', () => {
    write('other/host.json', '{}');
    write('other/package.json', '{}');
    write('other/src/bot.ts', 'mine');
    refusedAt('other');
  });

  test('nor a file', () => {
    write('out', 'mine');
    refusedAt('out', 'out');
  });

  test('an empty folder is taken, and a package replaces the one before it', () => {
    mkdirSync(inFolder('out'));
    expect(made()).toMatchObject({ code: 0, err: '' });
    const first = readdirSync(inFolder('out'));
    expect(made()).toMatchObject({ code: 0, err: '' });
    expect(readdirSync(inFolder('out'))).toEqual(first);
    // The mark is no part of what is deployed.
    const names = Object.keys(unzipSync(readFileSync(inFolder('out.zip'))));
    expect([...names, '.turnwise-package.json'].sort()).toEqual(first.sort());
  });

  test('what was put beside a package is not removed with it', () => {
    expect(made().code).toBe(0);
    write('out/notes.txt', 'mine');
    refusedAt('out', 'out/notes.txt');
    rmSync(inFolder('out/notes.txt'));
    write('out/deeper/notes.txt', 'mine');
    refusedAt('out', 'out/deeper');
  });

  test('a mark that names files elsewhere has nothing removed there', () => {
    expect(made().code).toBe(0);
    write('precious.txt', 'mine');
    write(
      'out/.turnwise-package.json',
      JSON.stringify({ files: ['../precious.txt', ...readdirSync(inFolder('out'))] }),
    );
    expect(made()).toMatchObject({ code: 0, err: '' });
    expect(readFileSync(inFolder('precious.txt'), 'utf8')).toBe('mine');
  });

  test('an archive that is no package is not overwritten', () => {
    write('out.zip', 'mine');
    refusedAt('out', 'out.zip');
    writeFileSync(inFolder('out.zip'), zipSync({ 'photo.jpg': new Uint8Array(10) }));
    refusedAt('out', 'out.zip');
  });

  test('a package that cannot be made leaves the one before it', () => {
    expect(made().code).toBe(0);
    const before = readFileSync(inFolder('out.zip'));
    write('functions/a.js', "require('not-installed');");
    expect(made().code).toBe(1);
    expect(existsSync(inFolder('out/main.js'))).toBe(true);
    expect(readFileSync(inFolder('out.zip')).equals(before)).toBe(true);
    expect(readdirSync(folder).filter((name) => name.startsWith('.package-'))).toEqual([]);
  });
});

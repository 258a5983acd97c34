import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { TurnwiseError } from '../schema/errors';

/** Name of the file that marks a folder as a package, with the names of the files that were put there. It is not part of the package. */
const MARK = '.turnwise-package.json';

/**
 * Refuses a place that holds something else than a package that was made before: what is there is replaced.
 *
 * @throws TurnwiseError `PackagePlaceTaken`
 */
export function assertFree(folder: string, zip: string): void {
  const found = foreignEntry(folder) ?? foreignArchive(zip);
  if (found !== undefined) throw new TurnwiseError('PackagePlaceTaken', `It is ${found}.`);
}

/**
 * Replaces the package in a folder by another. Only files that were put there for a package before are removed. The mark comes first, with the names of
 * both packages, so that an end in the middle leaves a folder that can be written to again.
 */
export function replacePackage(folder: string, made: string): void {
  mkdirSync(folder, { recursive: true });
  const before = namesIn(folder);
  const names = readdirSync(made).sort();
  const write = (files: readonly string[]): void =>
    writeFileSync(path.join(folder, MARK), `${JSON.stringify({ files }, null, 2)}\n`);
  write([...new Set([...before, ...names])].sort());
  for (const name of before) rmSync(path.join(folder, name), { force: true });
  for (const name of names) copyFileSync(path.join(made, name), path.join(folder, name));
  write(names);
}

/** Returns something in a folder that was not put there for a package, or `undefined`. */
function foreignEntry(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  if (!statSync(folder).isDirectory()) return folder;
  const known = new Set([MARK, ...namesIn(folder)]);
  const entry = readdirSync(folder, { withFileTypes: true }).find((each) => !each.isFile() || !known.has(each.name));
  return entry && path.join(folder, entry.name);
}

/** Returns the name of an archive that is no package, or `undefined`. */
function foreignArchive(zip: string): string | undefined {
  if (!existsSync(zip)) return undefined;
  const names: string[] = [];
  try {
    unzipSync(readFileSync(zip), {
      filter: ({ name }) => {
        names.push(name);
        return false;
      },
    });
  } catch {
    return zip;
  }
  return ['host.json', 'package.json'].every((name) => names.includes(name)) &&
    names.some((name) => /^main\.m?js$/.test(name))
    ? undefined
    : zip;
}

/** Returns the names that the mark of a folder has; none without a mark that can be read. */
function namesIn(folder: string): readonly string[] {
  try {
    const { files } = JSON.parse(readFileSync(path.join(folder, MARK), 'utf8')) as { readonly files?: unknown };
    // Names only: a path would lead out of the folder.
    return Array.isArray(files)
      ? files.filter((name): name is string => typeof name === 'string' && path.basename(name) === name)
      : [];
  } catch {
    return [];
  }
}

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Zippable, zipSync } from 'fflate';
import { findAppFiles } from '../local/app-files';
import { StartupError } from '../local/startup-error';
import { bundle } from './bundle';
import { assertFree, replacePackage } from './package-folder';

/** What was made, with sizes in bytes. */
export interface AppPackage {
  /** What a deployment puts in place: `host.json`, `package.json` and the bundle. Absolute. */
  readonly folder: string;
  /** The same as one file. Absolute. */
  readonly zip: string;
  readonly bytes: number;
  readonly zippedBytes: number;
}

export interface PackageOptions {
  /** Folder of the function app, absolute: where `package.json` and `host.json` are. */
  readonly appRoot: string;
  /** Folder to write to: new, empty, or with a package that was made before. The archive is put beside it. */
  readonly out: string;
}

/** Dates in an archive begin in 1980. With one for all, the same app makes the same archive. */
const SAME_DATE = '1980-01-02T00:00:00';

/**
 * Makes of a compiled app what is deployed: one bundle without `node_modules`, as a folder and as a zip file.
 *
 * @throws StartupError when the app is not built, or cannot be bundled
 * @throws TurnwiseError `PackagePlaceTaken` when the folder, or the archive beside it, is not one that was made here
 */
export async function packageApp({ appRoot, out }: PackageOptions): Promise<AppPackage> {
  const files = findAppFiles(appRoot);
  const host = path.join(appRoot, 'host.json');
  if (!existsSync(host)) throw new StartupError('There is no host.json in this folder.');
  const zip = `${out}.zip`;
  assertFree(out, zip);
  const beside = path.dirname(out);
  mkdirSync(beside, { recursive: true });
  // Made elsewhere first, so that a package that cannot be made leaves the one before it as it was.
  const made = mkdtempSync(path.join(beside, '.package-'));
  try {
    const { main } = await bundle(appRoot, files, made);
    const { name, version } = JSON.parse(readFileSync(path.join(appRoot, 'package.json'), 'utf8')) as {
      readonly name?: string;
      readonly version?: string;
    };
    const manifest = { name, version, private: true, main };
    writeFileSync(path.join(made, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    writeFileSync(path.join(made, 'host.json'), readFileSync(host));
    replacePackage(out, made);
    return { folder: out, ...archive(made, zip) };
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

function archive(folder: string, zip: string): Pick<AppPackage, 'zip' | 'bytes' | 'zippedBytes'> {
  const entries: Zippable = {};
  let bytes = 0;
  for (const name of readdirSync(folder).sort()) {
    const content = readFileSync(path.join(folder, name));
    bytes += content.length;
    entries[name] = [content, { mtime: SAME_DATE, level: 9 }];
  }
  const zipped = zipSync(entries);
  writeFileSync(zip, zipped);
  return { zip, bytes, zippedBytes: zipped.length };
}

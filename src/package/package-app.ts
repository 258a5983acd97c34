import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Zippable, zipSync } from 'fflate';
import { findAppFiles } from '../local/app-files';
import { StartupError } from '../local/startup-error';
import { bundle } from './bundle';

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
  /** Folder to write to. It is emptied, and the archive is put beside it. */
  readonly out: string;
}

/** Dates in an archive begin in 1980. With one for all, the same app makes the same archive. */
const SAME_DATE = '1980-01-02T00:00:00';

/**
 * Makes of a compiled app what is deployed: one bundle without `node_modules`, as a folder and as a zip file.
 *
 * @throws StartupError when the app is not built, or cannot be bundled
 */
export async function packageApp({ appRoot, out }: PackageOptions): Promise<AppPackage> {
  const files = findAppFiles(appRoot);
  const host = path.join(appRoot, 'host.json');
  if (!existsSync(host)) throw new StartupError('There is no host.json in this folder.');
  refuseForeign(out);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });

  const { main } = await bundle(appRoot, files, out);
  const { name, version } = JSON.parse(readFileSync(path.join(appRoot, 'package.json'), 'utf8')) as {
    readonly name?: string;
    readonly version?: string;
  };
  writeFileSync(path.join(out, 'package.json'), `${JSON.stringify({ name, version, private: true, main }, null, 2)}\n`);
  writeFileSync(path.join(out, 'host.json'), readFileSync(host));
  return { folder: out, ...archive(out, `${out}.zip`) };
}

/** A folder that is emptied has to be one that a package was written to. */
function refuseForeign(folder: string): void {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return;
  if (existsSync(path.join(folder, 'host.json')) && !existsSync(path.join(folder, 'node_modules'))) return;
  throw new StartupError(`${folder} holds something that is not a package: name an empty folder.`);
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

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { unzipSync } from 'fflate';
import type { AppPackage } from '../../src/package/package-app';

export const ROOT = path.join(__dirname, '../..');

/** A folder outside of the project, where nothing of the project's `node_modules` can be found. */
export function folderElsewhere(): string {
  return realpathSync(mkdtempSync(path.join(tmpdir(), 'turnwise-package-')));
}

/** What a child process needs of the environment; Node 22 warns of modules that it calls experimental, unless it is told not to. */
export const QUIET = { PATH: process.env.PATH ?? '', NODE_OPTIONS: '--disable-warning=ExperimentalWarning' };

/** What `npx turnwise` does in a folder. */
export function turnwise(
  folder: string,
  ...args: readonly string[]
): { code: number | null; out: string; err: string } {
  const run = spawnSync(process.execPath, [path.join(ROOT, 'dist/src/cli/main.js'), ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: QUIET,
  });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

/** Packages the app in a folder, and unpacks the archive into another, as a deployment does. */
export function deploy(app: string, to: string): AppPackage {
  const { code, out, err } = turnwise(app, 'package', '--json', '--out', path.join(to, 'package'));
  if (code !== 0) throw new Error(`turnwise package: ${err}`);
  const made = JSON.parse(out) as AppPackage;
  const deployed = path.join(to, 'deployed');
  mkdirSync(deployed);
  for (const [name, content] of Object.entries(unzipSync(readFileSync(made.zip)))) {
    writeFileSync(path.join(deployed, name), content);
  }
  return { ...made, folder: deployed };
}

/** Makes an app of its own, in a folder `app` of a new folder. It has the packages of the project. */
export function project(type: 'commonjs' | 'module', files: Readonly<Record<string, string>>): string {
  const folder = path.join(folderElsewhere(), 'app');
  mkdirSync(path.join(folder, 'functions'), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  const main = { name: 'own', type, main: 'functions/*.js' };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(main));
  writeFileSync(path.join(folder, 'host.json'), readFileSync(path.join(ROOT, 'host.json')));
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
  return folder;
}

/*
 * Makes the folder that is published as the npm package `turnwise`: `npm run library`, then `npm publish dist/library`.
 *
 *   node .ci/library.mjs [folder]
 *
 * The repository itself is also a function app, whose `main` names its trigger files. npm packs what `main` names, so the library needs a
 * `package.json` of its own. It is compiled without source maps: they would name sources that the package does not have.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
const folder = path.resolve(process.argv[2] ?? path.join(root, 'dist/library'));

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
const project = path.join(root, 'tsconfig.library.json');
const { status } = spawnSync(process.execPath, [compiler, '-p', project, '--outDir', path.join(folder, 'dist')], {
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);

const { name, version, description, license, keywords, bin, exports, files, engines, ...rest } = JSON.parse(
  readFileSync(path.join(root, 'package.json'), 'utf8'),
);
for (const file of files.filter((each) => !each.startsWith('dist')).flatMap((each) => globSync(each, { cwd: root }))) {
  cpSync(path.join(root, file), path.join(folder, file));
}
const { dependencies, peerDependencies, peerDependenciesMeta } = rest;
const manifest = {
  ...{ name, version, description, license, keywords },
  // For tools that do not read `exports`.
  ...{ main: './dist/src/index.js', types: './dist/src/index.d.ts' },
  ...{ bin, exports, engines, dependencies, peerDependencies, peerDependenciesMeta },
};
writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);

import { realpathSync } from 'node:fs';
import path from 'node:path';
import type * as esbuild from 'esbuild';

/** Packages that this library loads when they are first needed, by the file that they are in; what shares instances shares a file. */
const FILES = {
  'cosmos.cjs': ['@azure/cosmos'],
  'identity.cjs': ['@azure/identity'],
  'queue.cjs': ['@azure/storage-queue'],
  'telemetry.cjs': [
    '@azure/monitor-opentelemetry-exporter',
    '@opentelemetry/context-async-hooks',
    '@opentelemetry/resources',
    '@opentelemetry/sdk-logs',
    '@opentelemetry/sdk-metrics',
    '@opentelemetry/sdk-trace-base',
  ],
} as const satisfies Record<string, readonly string[]>;

type FileName = keyof typeof FILES;

const FILE_OF = new Map<string, FileName>(
  (Object.keys(FILES) as FileName[]).flatMap((file) => FILES[file].map((name) => [name, file] as const)),
);

const OWN = `${realpathSync(path.join(__dirname, '..'))}${path.sep}`;

const NAMESPACE = 'loaded-later';

/** A file beside the bundle: what is in it, and where its packages are found. */
export interface LaterFile {
  readonly name: FileName;
  readonly contents: string;
  readonly resolveDir: string;
}

/**
 * Leaves these packages out of a bundle where it is this library that requires them, and has the bundle require a file beside it then. A cold start
 * that needs none of them does not read the megabytes that they are.
 *
 * @returns the plugin, and the files that it turned out to need once a build is over
 */
export function loadedLater(): { readonly plugin: esbuild.Plugin; files(): readonly LaterFile[] } {
  const folders = new Map<FileName, string>();
  const plugin: esbuild.Plugin = {
    name: NAMESPACE,
    setup(build) {
      build.onResolve({ filter: /^@(azure|opentelemetry)\// }, ({ path: name, importer, kind, resolveDir }) => {
        const file = FILE_OF.get(name);
        if (file === undefined || kind !== 'require-call' || !importer.startsWith(OWN)) return undefined;
        folders.set(file, resolveDir);
        return { path: name, namespace: NAMESPACE };
      });
      build.onResolve({ filter: /^\.\//, namespace: NAMESPACE }, ({ path: file }) => ({ path: file, external: true }));
      build.onLoad({ filter: /^/, namespace: NAMESPACE }, ({ path: name }) => ({
        contents: `module.exports = require('./${FILE_OF.get(name)}')[${JSON.stringify(name)}];`,
      }));
    },
  };
  const requires = (name: FileName): string => FILES[name].map((each) => `'${each}': require('${each}')`).join(', ');
  return {
    plugin,
    files: () =>
      [...folders].map(([name, resolveDir]) => ({
        name,
        resolveDir,
        contents: `module.exports = { ${requires(name)} };`,
      })),
  };
}

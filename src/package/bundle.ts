import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type * as esbuild from 'esbuild';
import type { AppFiles } from '../local/app-files';
import { StartupError } from '../local/startup-error';
import { loadedLater } from './loaded-later';

/** Where a bundled app begins. */
export interface Bundle {
  /** For `main` in the package's `package.json`. */
  readonly main: string;
}

/** The host's part of the programming model: the worker provides it, and no package has it. */
const PROVIDED_BY_THE_WORKER = '@azure/functions-core';

/** A map that maps all of a file to its beginning: with it, what comes from packages takes no room in the map of the app. */
const NEXT_TO_NO_MAP = Buffer.from('{"version":3,"sources":[""],"mappings":"AAAA"}').toString('base64');

const ownCodeIsMapped: esbuild.Plugin = {
  name: 'own-code-is-mapped',
  setup(build) {
    build.onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, ({ path: file }) => ({
      contents: `${readFileSync(file, 'utf8')}\n//# sourceMappingURL=data:application/json;base64,${NEXT_TO_NO_MAP}`,
      loader: 'js',
    }));
  },
};

/**
 * Bundles the compiled files of an app, and what they import, into one file. One, because the files share the author's `bot.ts`: each
 * of several bundles would bring an app of its own. Names are kept, because errors and dialogs are known by theirs. Packages that this library
 * loads when they are first needed are files of their own.
 *
 * A small file comes first, and turns source maps on: they count for what is loaded after that.
 */
export async function bundle(appRoot: string, { files, isModule }: AppFiles, folder: string): Promise<Bundle> {
  const extension = isModule ? 'mjs' : 'js';
  const esbuild = loadEsbuild(appRoot);
  const name = `app.${extension}`;
  const imports = files.map((file) => `import ${JSON.stringify(`./${file.split(path.sep).join('/')}`)};`);
  const later = loadedLater();
  const make = async (options: esbuild.BuildOptions): Promise<void> => {
    const { outputFiles = [] } = await esbuild.build({ ...ALWAYS, ...options });
    for (const { path: file, contents } of outputFiles) writeFileSync(path.join(folder, path.basename(file)), contents);
  };
  try {
    await make({
      stdin: { contents: imports.join('\n'), resolveDir: appRoot, sourcefile: name },
      // The map names sources from where the outcome is said to be: in the app, so that neither folder can be read from it.
      outfile: path.join(appRoot, name),
      format: isModule ? 'esm' : 'cjs',
      external: [PROVIDED_BY_THE_WORKER],
      sourcemap: 'linked',
      sourcesContent: false,
      plugins: [later.plugin, ownCodeIsMapped],
      ...(isModule ? { banner: { js: REQUIRE_IN_MODULES } } : {}),
    });
    for (const { name: file, contents, resolveDir } of later.files()) {
      await make({ stdin: { contents, resolveDir }, outfile: path.join(appRoot, file), format: 'cjs' });
    }
  } catch (error) {
    const { errors, message } = error as Error & { readonly errors?: readonly esbuild.Message[] };
    throw new StartupError(`The app cannot be bundled: ${errors?.map(sentenceOf).join(' ') || message}`);
  }
  const main = `main.${extension}`;
  const load = isModule ? "await import('./app.mjs');" : "require('./app.js');";
  writeFileSync(path.join(folder, main), `process.setSourceMapsEnabled(true);\n${load}\n`);
  return { main };
}

const ALWAYS = {
  write: false,
  allowOverwrite: true,
  bundle: true,
  platform: 'node',
  target: 'node22',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: true,
  legalComments: 'linked',
  logLevel: 'silent',
} as const satisfies esbuild.BuildOptions;

/** Packages that are not modules themselves still call `require`. */
const REQUIRE_IN_MODULES =
  "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);";

/** The app's own, or the one beside this package. Most apps never bundle where they run, so it is not a dependency of theirs. */
function loadEsbuild(appRoot: string): typeof esbuild {
  for (const from of [path.join(appRoot, 'package.json'), __filename]) {
    try {
      return createRequire(from)('esbuild') as typeof esbuild;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new StartupError('Bundling needs esbuild: npm install --save-dev esbuild.');
}

function sentenceOf({ location, text }: esbuild.Message): string {
  return location === null ? `${text}.` : `${location.file}:${location.line}: ${text}.`;
}

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { folderElsewhere, QUIET, ROOT } from './packaging';

/* What `npm run library` and `npm pack` make, used by a project that knows Turnwise from its package only. */

const folder = folderElsewhere();
const installed = path.join(folder, 'node_modules/turnwise');

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly main: string;
  readonly types: string;
  readonly bin: Readonly<Record<string, string>>;
}

const manifest = (): Manifest => JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as Manifest;
let packed: readonly string[];

/** Installs the package without asking a registry: what it depends on is linked, and nothing else is there. */
beforeAll(() => {
  const library = path.join(folder, 'library');
  const build = spawnSync(process.execPath, [path.join(ROOT, '.ci/library.mjs'), library], { encoding: 'utf8' });
  expect(build.stdout).toBe('');
  const pack = spawnSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: library, encoding: 'utf8' });
  const [made] = Object.values(JSON.parse(pack.stdout) as Record<string, Tarball>);
  packed = made?.files.map((file) => file.path) ?? [];
  mkdirSync(installed, { recursive: true });
  const unpack = spawnSync('tar', ['-xzf', path.join(folder, made?.filename ?? ''), '--strip-components=1'], {
    cwd: installed,
    encoding: 'utf8',
  });
  expect(unpack.stderr).toBe('');
  for (const name of [...Object.keys(manifest().dependencies), '@types/node']) link(name);
}, 60_000);

interface Tarball {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function link(name: string): void {
  const to = path.join(folder, 'node_modules', name);
  mkdirSync(path.dirname(to), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules', name), to);
}

describe('the package', () => {
  test('has what it announces, and no tests', () => {
    const { bin, exports, main, types } = manifest();
    const entries = Object.values(exports).flatMap((each) => Object.values(each));
    const announced = [...Object.values(bin), main, types, ...entries];
    expect(announced.filter((file) => file.length > 1 && !existsSync(path.join(installed, file)))).toEqual([]);
    expect(packed).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'dist/src/index.d.ts', 'docs/errors.md']));
    expect(packed.filter((file) => !/^(dist\/src|docs)\/|^[\w.]+$/.test(file))).toEqual([]);
  });

  test('has neither the app of the repository, nor source maps, nor what is for developing it', () => {
    expect(packed.filter((file) => file.startsWith('dist/functions') || file.endsWith('.map'))).toEqual([]);
    const code = packed.filter((file) => /\.[cm]?[jt]s$/.test(file));
    expect(
      code.filter((file) => readFileSync(path.join(installed, file), 'utf8').match(/^\/\/# sourceMappingURL/m)),
    ).toEqual([]);
    expect(Object.keys(manifest())).not.toEqual(expect.arrayContaining(['scripts']));
    expect(Object.keys(manifest())).not.toEqual(expect.arrayContaining(['devDependencies']));
  });

  test('is not what npm makes of the repository, which is refused with a word on what to do', () => {
    const { status, stderr } = spawnSync('npm', ['pack', '--dry-run'], { cwd: ROOT, encoding: 'utf8' });
    expect(status).not.toBe(0);
    expect(stderr).toContain('npm run library');
    const root = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { readonly private: boolean };
    // So is publishing it.
    expect(root.private).toBe(true);
  });

  describe('and its dependencies', () => {
    /** Packages that the files of the package import, by the files; with those of the declarations. */
    function imported(files: (file: string) => boolean = () => true): Map<string, string[]> {
      const found = new Map<string, string[]>();
      for (const file of packed.filter((each) => /\.(?:js|d\.ts)$/.test(each)).filter(files)) {
        const text = readFileSync(path.join(installed, file), 'utf8');
        const named = text.matchAll(/(?:\brequire|\bimport)\(['"]([^'"]+)['"]\)|\bfrom ['"]([^'"]+)['"]/g);
        for (const [, required = '', from = ''] of named) {
          const name = /^(?:@[\w.-]+\/)?[\w-][\w.-]*/.exec(required || from)?.[0];
          if (name === undefined || isBuiltIn(name)) continue;
          found.set(name, [...(found.get(name) ?? []), file]);
        }
      }
      return found;
    }
    const isBuiltIn = (name: string): boolean => name === 'node' || builtinModules.includes(name);

    /** Optional peers that nothing imports, and why the range is given. */
    const PEERS_FOR_OTHERS = {
      'botbuilder-dialogs': 'the dialogs of bots that run by way of turnwise/botbuilder',
      'botframework-connector': 'in the types of botbuilder-core, which turnwise/botbuilder passes on',
    };
    /** The worker has it, and no registry. */
    const OF_THE_WORKER = '@azure/functions-core';

    test('every package that its code or its types need is a dependency, or an optional peer', () => {
      const { dependencies, peerDependencies, peerDependenciesMeta } = manifest();
      expect(Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional)).toEqual([]);
      const declared = { ...dependencies, ...peerDependencies, [OF_THE_WORKER]: '' };
      expect([...imported().keys()].filter((name) => !(name in declared))).toEqual([]);
    });

    test('every dependency is needed: imported by code or types', () => {
      const { dependencies, peerDependencies } = manifest();
      const needed = imported();
      expect(Object.keys(dependencies).filter((name) => !needed.has(name))).toEqual([]);
      const idle = Object.keys(peerDependencies).filter((name) => !needed.has(name));
      expect(idle).toEqual(Object.keys(PEERS_FOR_OTHERS));
    });

    test('packages of the Bot Framework SDK are for turnwise/botbuilder alone', () => {
      const others = imported((file) => !file.startsWith('dist/src/botbuilder/'));
      expect([...others.keys()].filter((name) => /^bot(?:builder|framework)/.test(name))).toEqual([]);
      expect(Object.keys(manifest().dependencies).filter((name) => /^bot(?:builder|framework)/.test(name))).toEqual([]);
    });
  });
});

/** A consumer of every entry point, with types that have to come through. */
const SOURCE = `
import { ActivityHandler, ConversationState, createBotApp, type BotApp, type TurnContext } from 'turnwise';
import { TestAdapter } from 'turnwise/testing';

const state = new ConversationState();
const count = state.createProperty<number>('count');
const bot = new ActivityHandler().onMessage(async (context: TurnContext, next) => {
  const turns: number = (await count.get(context, 0)) + 1;
  await count.set(context, turns);
  await context.sendActivity(\`\${turns}: \${context.activity.text ?? ''}\`);
  await next();
});
const app: BotApp = createBotApp({
  bot,
  environment: { AZURE_FUNCTIONS_ENVIRONMENT: 'Development', AzureWebJobsStorage: 'UseDevelopmentStorage=true' },
});

// @ts-expect-error A property of numbers holds no text: were everything untyped, this would be no error.
export const wrong = (context: TurnContext) => count.set(context, 'many');

async function main(): Promise<void> {
  await new TestAdapter(bot).send('one').assertReply('1: one').send('two').assertReply('2: two').startTest();
  await app.close();
  process.stdout.write('done');
}
void main();
`;

/** A bot of the Bot Framework SDK, taken over. */
const BRIDGE = `
import { fromBotBuilder } from 'turnwise/botbuilder';
import { ActivityHandler } from 'botbuilder-core';

export const bot = fromBotBuilder(new ActivityHandler());
// @ts-expect-error It is no bot: were everything untyped, this would be no error.
export const none = fromBotBuilder(1);
`;

describe('a project in strict TypeScript', () => {
  beforeAll(() => {
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
    writeFileSync(path.join(folder, 'esm.mts'), SOURCE);
    writeFileSync(path.join(folder, 'cjs.cts'), SOURCE);
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      verbatimModuleSyntax: false,
      target: 'es2023',
      module: 'node20',
      types: ['node'],
      // The types of the package are checked too.
      skipLibCheck: false,
    };
    writeFileSync(
      path.join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['esm.mts', 'cjs.cts'] }),
    );
    const compiler = path.join(ROOT, 'node_modules/typescript/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
    expect(stdout).toBe('');
  }, 60_000);

  test.each(['esm.mjs', 'cjs.cjs'])('runs as %s', (file) => {
    const run = spawnSync(process.execPath, [path.join(folder, file)], { encoding: 'utf8', env: QUIET });
    expect({ out: run.stdout, err: run.stderr, code: run.status }).toEqual({ out: 'done', err: '', code: 0 });
  });

  test('the command runs from the package', () => {
    const run = spawnSync(process.execPath, [path.join(installed, manifest().bin.turnwise ?? ''), '--help'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(run.status).toBe(0);
    expect(run.stdout).toContain('package');
  });

  test('the bridge to the Bot Framework SDK can be imported where that is installed, in strict TypeScript too', () => {
    link('botbuilder-core');
    link('botbuilder-dialogs');
    writeFileSync(path.join(folder, 'bridge.mts'), BRIDGE);
    const options = JSON.parse(readFileSync(path.join(folder, 'tsconfig.json'), 'utf8')) as { compilerOptions: object };
    // The SDK's own types do not hold to this option.
    const compilerOptions = { ...options.compilerOptions, exactOptionalPropertyTypes: false, noEmit: true };
    writeFileSync(
      path.join(folder, 'tsconfig.bridge.json'),
      JSON.stringify({ compilerOptions, files: ['bridge.mts'] }),
    );
    const compiler = path.join(ROOT, 'node_modules/typescript/bin/tsc');
    const compiled = spawnSync(process.execPath, [compiler, '-p', path.join(folder, 'tsconfig.bridge.json')], {
      encoding: 'utf8',
    });
    expect(compiled.stdout).toBe('');
    const script = "import { fromBotBuilder } from 'turnwise/botbuilder'; process.stdout.write(typeof fromBotBuilder)";
    const run = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: folder,
      encoding: 'utf8',
      env: QUIET,
    });
    expect({ out: run.stdout, err: run.stderr }).toEqual({ out: 'function', err: '' });
  });
});

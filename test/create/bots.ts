import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const ROOT = path.join(__dirname, '../..');

/** With `npm install` from a registry, as a user does, instead of links to what is installed here. `npm run test:create` asks for it. */
const REAL_INSTALL = process.env.CREATE_INSTALL === 'npm';

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The two packages, packed as they are published, and what is made with them. */
export class Workshop {
  readonly folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'turnwise-create-')));
  readonly #turnwise: string;
  readonly #create: string;

  constructor() {
    const library = path.join(this.folder, 'library');
    const built = run(ROOT, process.execPath, '.ci/library.mjs', library);
    if (built.code !== 0) throw new Error(built.out + built.err);
    this.#turnwise = this.#pack(library);
    const packed = this.#pack(path.join(ROOT, 'create'));
    this.#create = path.join(this.folder, 'create');
    unpack(packed, this.#create);
  }

  /** What `npm create turnwise` runs, in this folder. */
  create(...args: readonly string[]): Ended {
    return run(this.folder, process.execPath, path.join(this.#create, 'dist/main.js'), ...args);
  }

  /** Makes a bot and installs what it needs. */
  bot(template: string): string {
    const { code, err } = this.create(`my-${template}`, '--template', template, '--turnwise', `file:${this.#turnwise}`);
    if (code !== 0) throw new Error(err);
    const bot = path.join(this.folder, `my-${template}`);
    if (REAL_INSTALL) {
      const installed = run(bot, 'npm', 'install', '--no-audit', '--no-fund');
      if (installed.code !== 0) throw new Error(installed.err);
    } else {
      this.#link(path.join(bot, 'node_modules'));
    }
    return bot;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Everything that is installed here, by links, but for Turnwise itself, which is the packed one. */
  #link(modules: string): void {
    const here = path.join(ROOT, 'node_modules');
    mkdirSync(path.join(modules, '.bin'), { recursive: true });
    for (const name of readdirSync(here)) {
      if (!name.startsWith('.')) symlinkSync(path.join(here, name), path.join(modules, name));
    }
    for (const name of readdirSync(path.join(here, '.bin'))) {
      symlinkSync(path.join(here, '.bin', name), path.join(modules, '.bin', name));
    }
    unpack(this.#turnwise, path.join(modules, 'turnwise'));
    symlinkSync('../turnwise/dist/src/cli/main.js', path.join(modules, '.bin/turnwise'));
    spawnSync('chmod', ['+x', path.join(modules, 'turnwise/dist/src/cli/main.js')]);
  }

  #pack(project: string): string {
    const { code, out, err } = run(project, 'npm', 'pack', '--json', '--pack-destination', this.folder);
    if (code !== 0) throw new Error(err);
    const [made] = Object.values(JSON.parse(out.slice(out.search(/^[[{]/m))) as Record<string, { filename: string }>);
    return path.join(this.folder, made?.filename ?? '');
  }
}

/** Runs a program to its end, with the Node that runs the tests, and an environment that says nothing about an app. */
export function run(cwd: string, program: string, ...args: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', env: environment() });
  return { code: status, out: stdout, err: stderr };
}

/** How this machine reaches a registry. Everything else that npm tells its scripts is about the project of the tests. */
const TO_THE_REGISTRY = /^(npm_config_(registry|cafile|userconfig|cache)|https?_proxy|no_proxy|node_extra_ca_certs)$/i;

export function environment(): Record<string, string> {
  const { HOME = '', NODE_OPTIONS = '', PATH = '' } = process.env;
  const registry = Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && TO_THE_REGISTRY.test(name) ? [[name, value] as const] : [],
  );
  return {
    ...Object.fromEntries(registry),
    HOME,
    NODE_OPTIONS,
    PATH: `${path.dirname(process.execPath)}:${PATH}`,
    NO_COLOR: '1',
    CI: 'true',
  };
}

function unpack(tarball: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const { code, err } = run(folder, 'tar', '-xzf', tarball, '--strip-components=1');
  if (code !== 0) throw new Error(err);
}

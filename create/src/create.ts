import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What can be made, with what it is. */
export const TEMPLATES = {
  empty: 'says hello world when somebody joins',
  echo: 'welcomes people and repeats what they say',
  core: 'state, cards, dialogs, proactive messages, and a place for a recognizer',
} as const;

export type Template = keyof typeof TEMPLATES;

export interface Choice {
  /** Folder to make, absolute. */
  readonly folder: string;
  readonly template: Template;
  /** What the bot depends on for `turnwise`: a version range, or the address of a package. */
  readonly turnwise: string;
}

/** Something that the user can put right. */
export class ChoiceError extends Error {
  override readonly name = 'ChoiceError';
}

export function isTemplate(name: string): name is Template {
  return Object.hasOwn(TEMPLATES, name);
}

const PACKAGE = path.join(__dirname, '..');

/**
 * Makes a bot: what all bots have, and what its template adds.
 *
 * @throws ChoiceError when the folder has something in it
 */
export function createBot({ folder, template, turnwise }: Choice): void {
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new ChoiceError(`${folder} is not empty. Name a folder that is not there yet.`);
  }
  mkdirSync(folder, { recursive: true });
  const templates = path.join(PACKAGE, 'templates');
  const sources = [path.join(PACKAGE, 'dist/shared'), path.join(templates, 'shared'), path.join(templates, template)];
  for (const source of sources) cpSync(source, folder, { recursive: true });
  // npm leaves a file of this name out of packages.
  renameSync(path.join(folder, 'gitignore'), path.join(folder, '.gitignore'));

  const name = packageName(path.basename(folder));
  const [common, own] = [path.join(templates, 'shared'), path.join(templates, template)].map(readManifest);
  const dependencies = sorted({ ...common?.dependencies, ...own?.dependencies, turnwise });
  const manifest = { name, ...common, dependencies };
  write(path.join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  replaceIn(path.join(folder, 'azure.yaml'), /^name: .*$/m, `name: ${name}`);
  replaceIn(path.join(folder, 'README.md'), /^# .*$/m, `# ${name}`);
}

/** A name that npm and azd take, made of a folder's. */
export function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z\d]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return name.length < 2 ? 'my-bot' : name.slice(0, 60).replace(/-+$/, '');
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
}

function readManifest(folder: string): Manifest {
  const file = path.join(folder, 'package.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : {};
}

function sorted(dependencies: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(dependencies).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function replaceIn(file: string, pattern: RegExp, by: string): void {
  write(file, readFileSync(file, 'utf8').replace(pattern, by));
}

function write(file: string, text: string): void {
  writeFileSync(file, text);
}

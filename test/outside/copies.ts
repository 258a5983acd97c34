import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../support/sources';
import type { Copy, CopyKind, Value } from './outside-value';

/* Independent copies: constants and texts of packages, and what documents say, as `vendor/` has it. */

const PACKAGES = path.join(ROOT, 'node_modules');

function constantOf(file: string, name: string): unknown {
  // By its path, past what the package lists as its exports.
  const module: unknown = require(path.join(PACKAGES, file));
  const property = (value: unknown, each: string) => (value as Readonly<Record<string, unknown>> | undefined)?.[each];
  return name === '' ? module : name.split('.').reduce(property, module);
}

/** Returns an object of constants of a package: `constants('botframework-schema', 'Channels')`. Without a name, all of its exports. */
export function constants(file: string, name = ''): Readonly<Record<string, unknown>> {
  const value = constantOf(file, name);
  if (value === null || (typeof value !== 'object' && typeof value !== 'function'))
    throw new Error(`${file} has no ${name}.`);
  return value as Readonly<Record<string, unknown>>;
}

/**
 * A constant of a package, by its file and its name, or a member of a constant list or of an object's values.
 * @param made makes the expected value of a constant that has another form
 */
export function symbol(file: string, name: string, made: (constant: Value) => unknown = (constant) => constant): Copy {
  const constant = constantOf(file, name);
  if (constant === undefined) throw new Error(`${file} has no ${name}.`);
  const values: readonly unknown[] = typeof constant === 'object' ? Object.values(constant as object) : [constant];
  return {
    kind: 'package',
    source: `${file}: ${name}`,
    has: (value) => values.some((each) => made(each as Value) === value),
  };
}

const texts = new Map<string, string>();

/** Returns the text of a file of a package, or of all code and declarations of a folder. */
function textOf(file: string): string {
  const known = texts.get(file);
  if (known !== undefined) return known;
  const place = path.join(PACKAGES, file);
  const text = statSync(place).isDirectory()
    ? readdirSync(place, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.(?:c?js|ts)$/.test(entry.name))
        .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'utf8'))
        .join('\n')
    : readFileSync(place, 'utf8');
  texts.set(file, text);
  return text;
}

/** A literal in the code of one of these packages or files: the whole text between two quotation marks. */
export function literal(...files: readonly string[]): Copy {
  const all = files.map(textOf);
  return {
    kind: 'package',
    source: `literal in ${files.join(' or ')}`,
    has: (value) => all.some((text) => ["'", '"', '`'].some((mark) => text.includes(`${mark}${value}${mark}`))),
  };
}

/** A word in the code of one of these packages or files, with nothing around it that could belong to it: a property, an option. */
export function word(...files: readonly string[]): Copy {
  const all = files.map(textOf);
  return {
    kind: 'package',
    source: `word in ${files.join(' or ')}`,
    has: (value) => all.some((text) => standsIn(text, String(value))),
  };
}

function standsIn(text: string, sought: string): boolean {
  const belongs = (character: string | undefined): boolean => character !== undefined && /[\w$]/.test(character);
  for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + 1)) {
    const before = belongs(sought.at(0)) && belongs(text[at - 1]);
    const after = belongs(sought.at(-1)) && belongs(text[at + sought.length]);
    if (!before && !after) return true;
  }
  return false;
}

/** A segment of a route that a client of a package calls. */
export function routeSegment(...files: readonly string[]): Copy {
  const routes = files.flatMap((file) =>
    [...textOf(file).matchAll(/path: ['"]([^'"]+)['"]/g)].map(([, route = '']) => route),
  );
  const segments = new Set<Value>(routes.flatMap((route) => route.split('/')));
  return {
    kind: 'package',
    source: `segment of a route in ${files.join(' or ')}`,
    has: (value) => segments.has(value),
  };
}

/** What a pattern finds anywhere in a file of a package: its first groups, each in the form that `made` gives it. */
export function found(file: string, pattern: RegExp, made: (text: string) => string = (text) => text): Copy {
  const all = new Set<Value>([...textOf(file).matchAll(pattern)].map(([, text = '']) => made(text)));
  return { kind: 'package', source: `${file}: ${pattern.source}`, has: (value) => all.has(value) };
}

/** What a pattern finds in a file of a package, at one of the places where it does: its first group. */
export function match(file: string, pattern: RegExp, index = 0): Copy {
  const text = [...textOf(file).matchAll(pattern)][index]?.[1];
  if (text === undefined) throw new Error(`${file} has nothing like ${pattern.source}.`);
  return { kind: 'package', source: `${file}: ${pattern.source}`, has: (value) => String(value) === text };
}

/** One document, and what it says. */
interface Document {
  readonly title: string;
  /** Where it is published. */
  readonly source: string;
  /** Day on which the copy was read. */
  readonly date: string;
  /** Repository, commit and path of the copy that was read, or a short quotation. */
  readonly evidence?: string;
  /** Reason why there is no evidence, where the entry was written down from a page. */
  readonly transcribed?: string;
  /** Reason why there is not even a page. */
  readonly unconfirmed?: string;
  readonly values: Readonly<Record<string, Value | readonly Value[]>>;
}

function vendored<T>(name: string): T {
  return JSON.parse(readFileSync(path.join(__dirname, 'vendor', name), 'utf8')) as T;
}

const DOCUMENTS = vendored<Readonly<Record<string, Document>>>('documents.json');

const read = new Set<string>();

/** Returns the documents of which nothing says how they were read, or more than one thing does. */
export function documentsWithoutEvidence(): string[] {
  // A commit, a path in a repository, or something between quotation marks.
  const shown = /\b[\da-f]{12}\b|[\w-]+\/[\w.-]+, [\w./-]+\.\w+|"[^"]+"/;
  return Object.entries(DOCUMENTS)
    .filter(([, { evidence, transcribed, unconfirmed }]) => {
      const said = [evidence, transcribed, unconfirmed].filter((each) => (each ?? '') !== '');
      return said.length !== 1 || (evidence !== undefined && !shown.test(evidence));
    })
    .map(([name]) => name);
}

/** Returns the entries of `vendor/documents.json` that no list reads. */
export function unreadEntries(): string[] {
  const all = Object.entries(DOCUMENTS).flatMap(([document, { values }]) =>
    Object.keys(values).map((name) => `${document}: ${name}`),
  );
  return all.filter((entry) => !read.has(entry));
}

/**
 * An entry of `vendor/documents.json`, or a member of one that is a list.
 * @param made makes the expected value of an entry that has another form
 */
export function documented(document: string, name: string, made: (value: Value) => unknown = (value) => value): Copy {
  const found = DOCUMENTS[document];
  const entry = found?.values[name];
  if (found === undefined || entry === undefined) throw new Error(`vendor/documents.json has no ${document}: ${name}.`);
  read.add(`${document}: ${name}`);
  const values = typeof entry === 'object' ? entry : [entry];
  const reason = found.transcribed ?? found.unconfirmed;
  return {
    kind: kindOf(found),
    source: `${found.title} (${found.source}, ${found.date}): ${name}`,
    has: (value) => values.some((each) => made(each) === value),
    ...(reason === undefined ? {} : { reason }),
  };
}

function kindOf({ transcribed, unconfirmed }: Document): CopyKind {
  if (unconfirmed !== undefined) return 'unconfirmed';
  return transcribed === undefined ? 'document' : 'transcribed';
}

/** A name in an entry of `vendor/documents.json`, or the part of such a name before a hyphen. */
export function documentedPrefix(document: string, name: string): Copy {
  const names = documentedList(document, name).map(String);
  const has = (value: Value): boolean => names.some((each) => each === value || each.startsWith(`${value}-`));
  return { ...documented(document, name), has };
}

/** A regular expression that matches all of some texts, and none of others. */
export function expression(copy: Copy, matched: readonly string[], others: readonly string[]): Copy {
  const has = (pattern: Value): boolean => {
    try {
      const compiled = new RegExp(String(pattern));
      return matched.every((text) => compiled.test(text)) && !others.some((text) => compiled.test(text));
    } catch {
      return false;
    }
  };
  return { ...copy, has };
}

/** Returns the members of an entry of `vendor/documents.json`. */
export function documentedList(document: string, name: string): readonly Value[] {
  documented(document, name);
  return [DOCUMENTS[document]?.values[name] ?? []].flat();
}

const ROLES = vendored<{
  readonly title: string;
  readonly date: string;
  readonly roles: Readonly<Record<string, string>>;
}>('built-in-roles.json');

const wordsOf = (name: string): string[] => (name.match(/[A-Za-z][a-z]*/g) ?? []).map((each) => each.toLowerCase());

/**
 * The id of a built-in role whose name has every word of an identifier: `queueDataReader` is Storage Queue Data Reader.
 * @param service a word that says more, where a role's name has it
 */
export function role(identifier: string, service: string): Copy {
  const has = (name: string, each: string): boolean => wordsOf(name).includes(each);
  const named = Object.entries(ROLES.roles).filter(([name]) => wordsOf(identifier).every((each) => has(name, each)));
  const ofService = named.filter(([name]) => has(name, service));
  const fitting = ofService.length === 0 ? named : ofService;
  return {
    kind: 'document',
    source: `${ROLES.title} (${ROLES.date}): ${fitting.map(([name]) => name).join(' or ')}`,
    has: (value) => fitting.some(([, id]) => id === value),
  };
}

const RESOURCES = vendored<{
  readonly source: string;
  readonly date: string;
  readonly types: Readonly<
    Record<string, { readonly versions: readonly string[]; readonly strings: readonly string[] }>
  >;
}>('resource-types.json');

/** A resource type, with one of its API versions or without: `Microsoft.Web/sites@2024-04-01`. */
export function resourceType(): Copy {
  const has = (value: Value): boolean => {
    const [type = '', version] = String(value).split('@');
    const known = RESOURCES.types[type];
    return version === undefined ? known !== undefined : (known?.versions.includes(version) ?? false);
  };
  return {
    kind: 'document',
    source: `${RESOURCES.source} (${RESOURCES.date})`,
    has,
    // Another version of the same type is no mistake of one digit: it is there too.
    alternative: (value, original) => has(value) && String(value).split('@')[0] === String(original).split('@')[0],
  };
}

/** A string that one of these resource types allows, or any of them. */
export function resourceString(...types: readonly string[]): Copy {
  const named = types.length === 0 ? Object.keys(RESOURCES.types) : types;
  return {
    kind: 'document',
    source: `${RESOURCES.source} (${RESOURCES.date}): ${types.join(' or ')}`,
    has: (value) => named.some((type) => RESOURCES.types[type]?.strings.includes(String(value))),
  };
}

/** What the running Node.js says. */
export function runtime(source: string, has: (value: Value) => boolean): Copy {
  return { kind: 'runtime', source: `Node.js: ${source}`, has };
}

/** One of several copies has the value. */
export function either(...parts: readonly [Copy, ...Copy[]]): Copy {
  return {
    ...parts[0],
    source: parts.map(({ source }) => source).join(', or '),
    has: (value) => parts.some((copy) => copy.has(value)),
    parts,
  };
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSync } from '@swc/core';

export const ROOT = path.join(__dirname, '..', '..');

/** A node of the syntax tree, or any other object in it. */
export type Syntax = { readonly type?: unknown } & Readonly<Record<string, unknown>>;

/** One source file, parsed. */
export interface Source {
  /** Relative to the project, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** Top-level statements. */
  readonly body: readonly Syntax[];
}

/** One import, of whatever form. */
export interface Import {
  readonly from: string;
  readonly specifier: string;
  /** The file of the project that it leads to; `undefined` for a package. */
  readonly file: string | undefined;
  /** Gone after compilation. */
  readonly typeOnly: boolean;
}

/** Every TypeScript source below the folders. */
export function readSources(...folders: readonly string[]): Source[] {
  return folders.flatMap((folder) => filesBelow(folder).filter((file) => file.endsWith('.ts'))).map(readSource);
}

export function readSource(file: string): Source {
  return parseSource(file, readFileSync(path.join(ROOT, file), 'utf8'));
}

/** Parses a text as the source of a file. */
export function parseSource(file: string, text: string): Source {
  const module: unknown = parseSync(text, { syntax: 'typescript', target: 'es2024' });
  return { path: file, text, body: (module as { body: Syntax[] }).body };
}

const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', '.git', '.local']);

/** Files below a folder of the project (`.` for all of it), less what is installed, built or run. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(path.join(ROOT, folder))) return [];
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true })
    .filter(({ name }) => !NOT_OURS.has(name))
    .flatMap((entry) => {
      const file = path.posix.join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(file) : [file];
    })
    .sort();
}

/** Visits every object of a syntax tree. */
export function walk(tree: unknown, visit: (node: Syntax) => void): void {
  if (typeof tree !== 'object' || tree === null) return;
  if (!Array.isArray(tree)) visit(tree as Syntax);
  for (const child of Object.values(tree)) walk(child, visit);
}

/** The text of a string literal. */
export function stringOf(node: unknown): string | undefined {
  const literal = node as { type?: unknown; value?: unknown } | null | undefined;
  return literal?.type === 'StringLiteral' && typeof literal.value === 'string' ? literal.value : undefined;
}

/** The name of an identifier. */
export function nameOf(node: unknown): string | undefined {
  const identifier = node as { type?: unknown; value?: unknown } | null | undefined;
  return identifier?.type === 'Identifier' && typeof identifier.value === 'string' ? identifier.value : undefined;
}

/** Static, dynamic and type imports, re-exports and `require`. */
export function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  const add = (specifier: string | undefined, typeOnly: boolean): void => {
    if (specifier !== undefined)
      found.push({ from: source.path, specifier, file: resolved(source.path, specifier), typeOnly });
  };
  walk(source.body, (node) => {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportNamedDeclaration':
      case 'ExportAllDeclaration':
        return add(stringOf(node.source), isTypeOnly(node));
      case 'TsImportType':
        return add(stringOf(node.argument), true);
      case 'CallExpression': {
        const callee = node.callee as Syntax;
        const [argument] = node.arguments as { expression: unknown }[];
        const loads = callee.type === 'Import' || nameOf(callee) === 'require';
        return loads ? add(stringOf(argument?.expression), false) : undefined;
      }
    }
  });
  return found;
}

function isTypeOnly(node: Syntax): boolean {
  const specifiers = (node.specifiers ?? []) as { isTypeOnly?: boolean }[];
  return node.typeOnly === true || (specifiers.length > 0 && specifiers.every((each) => each.isTypeOnly === true));
}

function resolved(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const base = path.posix.join(path.posix.dirname(from), specifier);
  const file = [`${base}.ts`, `${base}/index.ts`, base].find((each) => existsSync(path.join(ROOT, each)));
  return file ?? `${base} (not there)`;
}

/** Names that a file exports, less what it only passes on from another file. */
export function exportedNames(source: Source, kinds: readonly string[]): string[] {
  return source.body.flatMap((statement) => {
    if (statement.type !== 'ExportDeclaration') return [];
    const declaration = statement.declaration as Syntax;
    if (!kinds.includes(String(declaration.type))) return [];
    if (declaration.type !== 'VariableDeclaration') return [nameOf(declaration.identifier ?? declaration.id) ?? ''];
    return (declaration.declarations as { id: unknown }[]).map(({ id }) => nameOf(id) ?? '');
  });
}

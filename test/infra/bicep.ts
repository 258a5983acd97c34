import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Language, type Node, Parser } from 'web-tree-sitter';

export const INFRA = path.join(__dirname, '../../infra');

/** What stands in a template: a value, or an expression as it is written. */
export type Value = string | number | boolean | null | Value[] | Block | Expression;

export interface Block {
  readonly [property: string]: Value;
}

export class Expression {
  constructor(readonly text: string) {}
}

export interface Parameter {
  readonly name: string;
  readonly type: string;
  /** Whether it may be left out. */
  readonly optional: boolean;
  readonly description: string | undefined;
}

/** A resource or a module: what it is called in the file, what kind it is, and what is said about it. */
export interface Declaration {
  readonly name: string;
  /** `Microsoft.…@version`, or the path of a module. */
  readonly kind: string;
  readonly body: Block;
}

/** One file of the template, as far as a grammar without a compiler can tell. */
export interface BicepFile {
  /** Relative to `infra/`. */
  readonly path: string;
  readonly text: string;
  /** What is not Bicep, with its line. */
  readonly errors: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly variables: Readonly<Record<string, Value>>;
  readonly resources: readonly Declaration[];
  readonly modules: readonly Declaration[];
  readonly outputs: readonly { readonly name: string; readonly description: string | undefined }[];
  /** Names that are used as values. */
  readonly uses: readonly string[];
  /** Names of functions that are called. */
  readonly calls: readonly string[];
  /** `module.outputs.name`, wherever it is used. */
  readonly outputsUsed: readonly { readonly module: string; readonly output: string }[];
  /** Names that stand for something within a loop. */
  readonly loopVariables: readonly string[];
}

/** Reads every `.bicep` file below `infra/`. */
export async function readTemplate(): Promise<readonly BicepFile[]> {
  await Parser.init();
  const parser = new Parser();
  parser.setLanguage(await Language.load(readFileSync(require.resolve('tree-sitter-bicep/tree-sitter-bicep.wasm'))));
  return readdirSync(INFRA, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.bicep'))
    .sort()
    .map((name) => readFile(parser, name.split(path.sep).join('/')));
}

function readFile(parser: Parser, name: string): BicepFile {
  const text = readFileSync(path.join(INFRA, name), 'utf8');
  const root = parser.parse(text)?.rootNode;
  if (root === undefined) throw new Error(`${name} cannot be parsed at all.`);
  const declared = statements(root);
  const of = (type: string): Statement[] => declared.filter(({ node }) => node.type === type);
  const all = root.descendantsOfType(['identifier', 'call_expression', 'member_expression', 'for_statement']);
  return {
    path: name,
    text,
    errors: errorsIn(root),
    parameters: of('parameter_declaration').map(({ node, description }) => ({
      name: nameOf(node),
      type: child(node, 1).text,
      optional: node.namedChildCount > 2 || child(node, 1).text.endsWith('?'),
      description,
    })),
    variables: Object.fromEntries(of('variable_declaration').map(({ node }) => [nameOf(node), value(child(node, 1))])),
    resources: of('resource_declaration').map(({ node }) => declaration(node)),
    modules: of('module_declaration').map(({ node }) => declaration(node)),
    outputs: of('output_declaration').map(({ node, description }) => ({ name: nameOf(node), description })),
    uses: all.filter((node) => node?.type === 'identifier' && isUse(node)).map((node) => node?.text ?? ''),
    calls: all
      .filter((node) => node?.type === 'call_expression')
      .map((node) => node?.childForFieldName('function')?.text ?? ''),
    outputsUsed: all.flatMap((node) => {
      const match = node?.type === 'member_expression' ? /^(\w+)\.outputs\.(\w+)$/.exec(node.text) : null;
      return match === null ? [] : [{ module: match[1] ?? '', output: match[2] ?? '' }];
    }),
    // `for item in list`, or `for (item, index) in list`.
    loopVariables: all.flatMap((node) =>
      node?.type === 'for_statement' ? (child(node, 0).text.match(/\w+/g) ?? []) : [],
    ),
  };
}

interface Statement {
  readonly node: Node;
  readonly description: string | undefined;
}

/** The statements of a file, each with what the decorators before it say. */
function statements(root: Node): Statement[] {
  const found: Statement[] = [];
  let description: string | undefined;
  for (const node of root.namedChildren) {
    if (node === null || node.type === 'comment') continue;
    if (node.type === 'decorators') {
      description = /@description\('((?:[^'\\]|\\.)+)'\)/.exec(node.text)?.[1];
      continue;
    }
    found.push({ node, description });
    description = undefined;
  }
  return found;
}

function errorsIn(root: Node): string[] {
  if (!root.hasError) return [];
  const errors = root.descendantsOfType('ERROR').map((node) => `line ${(node?.startPosition.row ?? 0) + 1}`);
  return errors.length > 0 ? errors : ['something is missing'];
}

function declaration(node: Node): Declaration {
  const body = value(child(node, 2));
  return { name: nameOf(node), kind: String(value(child(node, 1))), body: isBlock(body) ? body : {} };
}

/** What a node says. Of something conditional or repeated, what stands inside. */
function value(node: Node): Value {
  switch (node.type) {
    case 'string':
      return node.descendantsOfType('interpolation').length > 0 ? new Expression(node.text) : unquoted(node.text);
    case 'number':
      return Number(node.text);
    case 'boolean':
      return node.text === 'true';
    case 'null':
      return null;
    case 'array':
      return named(node).map(value);
    case 'object':
      return Object.fromEntries(
        named(node)
          .filter(({ type }) => type === 'object_property')
          .map((property) => [keyOf(property), value(child(property, 1))]),
      );
    case 'if_statement':
    case 'for_statement':
      return value(node.childForFieldName('body') ?? child(node, node.namedChildCount - 1));
    default:
      return /^-\d+$/.test(node.text) ? Number(node.text) : new Expression(node.text);
  }
}

function keyOf(property: Node): string {
  const key = child(property, 0);
  return key.type === 'string' ? unquoted(key.text) : key.text;
}

function unquoted(text: string): string {
  const long = /^'''\r?\n?([\s\S]*)'''$/.exec(text);
  return long ? (long[1] ?? '') : text.slice(1, -1).replace(/\\(.)/g, '$1');
}

/** Whether an identifier stands for a value, and neither names something nor calls it. */
function isUse(node: Node): boolean {
  const { parent } = node;
  if (parent === null || /_declaration$|^decorator$|^type$|^loop_|^target_scope/.test(parent.type)) {
    // The last child of a declaration is its value, which may be a name.
    return parent !== null && /_declaration$/.test(parent.type) && parent.namedChildren[0]?.id !== node.id;
  }
  if (parent.type === 'object_property') return parent.namedChildren[0]?.id !== node.id;
  return parent.type !== 'call_expression' || parent.childForFieldName('function')?.id !== node.id;
}

export function isBlock(value: Value | undefined): value is Block {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Expression);
}

/** What stands at a path of properties. */
export function at(value: Value | undefined, ...names: readonly string[]): Value | undefined {
  return names.reduce<Value | undefined>((inner, name) => (isBlock(inner) ? inner[name] : undefined), value);
}

function named(node: Node): Node[] {
  return node.namedChildren.filter((each): each is Node => each !== null && each.type !== 'comment');
}

function child(node: Node, index: number): Node {
  const found = named(node)[index];
  if (found === undefined) throw new Error(`Line ${node.startPosition.row + 1}: ${node.type} has no part ${index}.`);
  return found;
}

function nameOf(node: Node): string {
  return child(node, 0).text;
}

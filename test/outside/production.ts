import { readFileSync } from 'node:fs';
import path from 'node:path';
import { filesBelow, nameOf, ROOT, readSource, type Source, type Syntax, stringOf, walk } from '../support/sources';
import { spellings } from './spellings';

/* Reads values out of production code: by the name of a constant, whether exported or not, and as literals of a file. */

const sources = new Map<string, Source>();

function sourceOf(file: string): Source {
  const source = sources.get(file) ?? readSource(file);
  sources.set(file, source);
  return source;
}

/** Returns the text of a file of this repository. */
export function textOf(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

/** Returns the TypeScript files below folders of this repository. */
export function codeBelow(...folders: readonly string[]): string[] {
  return folders.flatMap((folder) => filesBelow(folder)).filter((file) => file.endsWith('.ts'));
}

/**
 * Returns the value of a constant of a file, such as `MAX_BYTES`, or of a property of one: `LIMITS.body`. The constant must be made of
 * literals; what is not (a function, a call) is `undefined` in it.
 */
export function declared(file: string, name: string): unknown {
  const [first = '', ...properties] = name.split('.');
  let value = evaluated(file, initialiser(file, first));
  for (const property of properties) value = (value as Readonly<Record<string, unknown>> | undefined)?.[property];
  if (value === undefined) throw new Error(`${file} declares no ${name} that can be read.`);
  return value;
}

/** Returns the strings of a constant: one, a list, a set, or the values of an object. */
export function declaredStrings(file: string, name: string): string[] {
  const value = declared(file, name);
  if (typeof value === 'string') return [value];
  return Object.values(value as object).map(String);
}

function initialiser(file: string, name: string): Syntax {
  let found: Syntax | undefined;
  walk(sourceOf(file).body, (node) => {
    if (node.type === 'VariableDeclarator' && nameOf(node.id) === name) found ??= node.init as Syntax;
  });
  if (found === undefined) throw new Error(`${file} declares no ${name}.`);
  return found;
}

function evaluated(file: string, node: Syntax): unknown {
  const at = (child: unknown): unknown => evaluated(file, child as Syntax);
  switch (node.type) {
    case 'StringLiteral':
    case 'NumericLiteral':
    case 'BooleanLiteral':
      return node.value;
    case 'TsConstAssertion':
    case 'TsAsExpression':
    case 'TsSatisfiesExpression':
    case 'ParenthesisExpression':
      return at(node.expression);
    case 'BinaryExpression':
      return calculated(String(node.operator), at(node.left), at(node.right));
    case 'Identifier':
      return at(initialiser(file, String(node.value)));
    case 'NewExpression':
      // A set or a map.
      return at((node.arguments as { expression: unknown }[])[0]?.expression);
    case 'ArrayExpression':
      return (node.elements as { expression: unknown }[]).map((element) => at(element.expression));
    case 'ObjectExpression':
      return Object.fromEntries((node.properties as Syntax[]).flatMap((property) => entries(file, property)));
    default:
      return undefined;
  }
}

function entries(file: string, property: Syntax): [string, unknown][] {
  if (property.type === 'SpreadElement') return Object.entries(evaluated(file, property.arguments as Syntax) as object);
  if (property.type !== 'KeyValueProperty') return [];
  return [[String((property.key as Syntax).value), evaluated(file, property.value as Syntax)]];
}

function calculated(operator: string, left: unknown, right: unknown): unknown {
  if (typeof left === 'string' || typeof right === 'string') return `${left}${right}`;
  const [one, other] = [Number(left), Number(right)];
  if (operator === '*') return one * other;
  if (operator === '**') return one ** other;
  if (operator === '/') return one / other;
  return operator === '-' ? one - other : one + other;
}

/**
 * Returns the strings that a file says: literals, names of properties that need quotes, fixed parts of templates, literal types.
 * @param least how many places have one at least: a string that was changed may not have the shape any more, and must be missed
 */
export function stringsIn(file: string, shape: RegExp = /./, least = 0): string[] {
  const found = occurrences(file, shape);
  if (found.length >= least) return [...new Set(found)];
  throw new Error(`${file} has ${found.length} strings like ${shape.source} and not ${least}: ${found.join(', ')}`);
}

/** Returns the strings that have a shape in any of these files. */
export function stringsAcross(files: readonly string[], shape: RegExp, least = 1): string[] {
  const found = files.flatMap((file) => occurrences(file, shape));
  if (found.length >= least) return [...new Set(found)];
  throw new Error(`There are ${found.length} strings like ${shape.source} and not ${least}: ${found.join(', ')}`);
}

function occurrences(file: string, shape: RegExp): string[] {
  return stringsOf(sourceOf(file)).filter((text) => shape.test(text));
}

function stringsOf({ body }: Source): string[] {
  const found: string[] = [];
  const imported = new Set<unknown>();
  walk(body, (node) => {
    if (node.source !== undefined) imported.add(node.source);
    const text = node.type === 'TemplateElement' ? String(node.cooked) : stringOf(node);
    if (text !== undefined && !imported.has(node)) found.push(text);
  });
  return found;
}

/** Returns the names of the properties that a file's objects are given. */
export function keysIn(file: string, shape: RegExp): string[] {
  const found: string[] = [];
  walk(sourceOf(file).body, (node) => {
    const name = node.type === 'KeyValueProperty' ? nameOf(node.key) : undefined;
    if (name !== undefined && shape.test(name)) found.push(name);
  });
  return [...new Set(found)];
}

/**
 * Returns the patterns of a file's regular expressions.
 * @param least how many have the shape at least, as in `stringsIn`
 */
export function expressionsIn(file: string, shape: RegExp = /./, least = 0): string[] {
  const found = expressionsOf(sourceOf(file)).filter((pattern) => shape.test(pattern));
  if (found.length >= least) return [...new Set(found)];
  throw new Error(`${file} has ${found.length} expressions like ${shape.source} and not ${least}.`);
}

function expressionsOf({ body }: Source): string[] {
  const found: string[] = [];
  walk(body, (node) => {
    if (node.type === 'RegExpLiteral') found.push(String(node.pattern));
  });
  return found;
}

/** Returns everything that a source can name a value of another service with: strings, names of properties, regular expressions. */
export function namesOf(source: Source): string[] {
  const names: string[] = [];
  walk(source.body, (node) => {
    if (node.type === 'KeyValueProperty' || node.type === 'KeyValuePatternProperty') names.push(nameOf(node.key) ?? '');
    if (node.type === 'AssignmentPatternProperty') names.push(nameOf(node.key) ?? '');
    if (node.type === 'MemberExpression') names.push(nameOf(node.property) ?? '');
  });
  const strings = stringsOf(source);
  // A string with a backslash may be made an expression of.
  const patterns = [...expressionsOf(source), ...strings.filter((text) => text.includes('\\'))];
  return [...new Set([...strings, ...names, ...patterns.flatMap(spellings)])].filter((name) => name !== '');
}

/** Returns what a pattern finds in a file that is read as text: its groups, joined with blanks. */
export function partsOf(file: string, pattern: RegExp, least = 1): string[] {
  const found = [...textOf(file).matchAll(pattern)].map(([, ...groups]) => groups.join(' '));
  if (found.length >= least) return found;
  throw new Error(`${file} has ${found.length} parts like ${pattern.source} and not ${least}.`);
}

/** Returns the strings that a property is given anywhere in these files: `op: 'set'`. */
export function valuesAt(files: readonly string[], property: string): string[] {
  const found: string[] = [];
  const values = (node: unknown): void => walk(node, (each) => void found.push(...[stringOf(each) ?? []].flat()));
  for (const file of files) {
    walk(sourceOf(file).body, (node) => {
      if (node.type !== 'KeyValueProperty' || (node.key as Syntax).value !== property) return;
      const value = node.value as Syntax;
      // Not what an object or a call in its place holds.
      if (/^(?:StringLiteral|TsConstAssertion|ConditionalExpression)$/.test(String(value.type))) values(value);
    });
  }
  return [...new Set(found)];
}

/** Returns the elements of a list that is the value of this property anywhere in the file: `path: ['v3', 'teams', teamId]`. */
export function listsAt(file: string, property: string): string[][] {
  const found: string[][] = [];
  walk(sourceOf(file).body, (node) => {
    if (node.type !== 'KeyValueProperty' || (node.key as Syntax).value !== property) return;
    const { type, elements } = node.value as Syntax;
    if (type !== 'ArrayExpression') return;
    found.push((elements as { expression: unknown }[]).flatMap(({ expression }) => stringOf(expression) ?? []));
  });
  return found;
}

/** Returns the names of the properties that a file takes out of values of a type, in parameters that are taken apart. */
export function propertiesOf(file: string, typeName: string): string[] {
  const found: string[] = [];
  walk(sourceOf(file).body, (node) => {
    if (node.type !== 'ObjectPattern') return;
    let annotated = false;
    walk(node.typeAnnotation, (type) => {
      if (nameOf(type) === typeName) annotated = true;
    });
    if (annotated) found.push(...(node.properties as Syntax[]).map(({ key }) => String((key as Syntax).value)));
  });
  return [...new Set(found)];
}

/** Returns the names of the properties that a file reads of a variable: `claims.iss`, `{ alg } = header`, `"jku" in header`. */
export function propertiesRead(file: string, variable: string): string[] {
  const found: string[] = [];
  walk(sourceOf(file).body, (node) => {
    if (node.type === 'MemberExpression' && nameOf(node.object) === variable) {
      found.push(nameOf(node.property) ?? '');
    }
    const { id, init } = node as { id?: Syntax; init?: unknown };
    if (node.type === 'VariableDeclarator' && id?.type === 'ObjectPattern' && nameOf(init) === variable) {
      found.push(...(id.properties as Syntax[]).map(({ key }) => String((key as Syntax).value)));
    }
    if (node.type === 'BinaryExpression' && node.operator === 'in' && nameOf(node.right) === variable) {
      found.push(stringOf(node.left) ?? '');
    }
  });
  return [...new Set(found)].filter((name) => name !== '');
}

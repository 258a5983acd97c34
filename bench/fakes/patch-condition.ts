/*
 * Conditions of conditional patches, in the small part of the query language that such conditions need: comparisons of paths with numbers,
 * strings and null, `is_defined`, `array_length`, `array_contains` of an object's properties, `and`, `or`, `not` and brackets.
 *
 * A condition is compiled once for its shape; the values in it are arguments.
 */

type Condition = (c: Item, values: readonly unknown[], tools: typeof TOOLS) => boolean;

export type Item = Record<string, unknown>;

const TOOLS = {
  /** Comparisons of what is missing, or of another type, are not true. */
  compare(left: unknown, operator: string, right: unknown): boolean {
    if (operator === '=') return left === right;
    if (operator === '!=') return left !== undefined && left !== right;
    if (left === null || right === null || typeof left !== typeof right) return false;
    const [a, b] = [left as number, right as number];
    return operator === '<' ? a < b : operator === '<=' ? a <= b : operator === '>' ? a > b : a >= b;
  },
  length: (list: unknown): unknown => (Array.isArray(list) ? list.length : undefined),
  contains(list: unknown, wanted: unknown): boolean {
    const parts = Object.entries(wanted as Item);
    return Array.isArray(list) && list.some((item: Item) => parts.every(([name, value]) => item[name] === value));
  },
};

const TOKEN = /\s*(\{[^}]*\}|"[^"]*"|-?\d+(?:\.\d+)?|<=|>=|!=|[<>=(),]|[\w.]+)/gy;

const compiled = new Map<string, Condition>();

/** @throws Error for a condition outside the part of the language that is known here */
export function holds(condition: string, item: Item): boolean {
  const values: unknown[] = [];
  const tokens = tokensOf(condition.replace(/^\s*from\s+c\s+where\s+/i, ''), values);
  const shape = tokens.join(' ');
  let run = compiled.get(shape);
  if (run === undefined) {
    run = new Function('c', 'values', 'tools', `return ${expression(tokens)};`) as Condition;
    compiled.set(shape, run);
  }
  return run(item, values, TOOLS);
}

/** The words of a condition, each value being replaced by its number. */
function tokensOf(text: string, values: unknown[]): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [, token = ''] = match;
    if (/^[{"\d-]/.test(token)) tokens.push(`$${values.push(JSON.parse(token)) - 1}`);
    else tokens.push(token);
    if (TOKEN.lastIndex === text.trimEnd().length) return tokens;
  }
  throw new Error(`Not understood: ${text}`);
}

function expression(tokens: readonly string[]): string {
  let at = 0;
  const next = (): string => tokens[at++] ?? '';
  const is = (word: string): boolean => tokens[at]?.toLowerCase() === word;
  const take = (word: string): void => {
    if (next().toLowerCase() !== word) throw new Error(`Not understood: ${tokens.join(' ')}`);
  };
  const any = (): string => {
    const parts = [all()];
    while (is('or')) {
      next();
      parts.push(all());
    }
    return `(${parts.join(' || ')})`;
  };
  const all = (): string => {
    const parts = [one()];
    while (is('and')) {
      next();
      parts.push(one());
    }
    return `(${parts.join(' && ')})`;
  };
  const one = (): string => {
    if (is('not')) {
      next();
      return `!${one()}`;
    }
    if (is('(')) {
      next();
      const inner = any();
      take(')');
      return inner;
    }
    const left = operand();
    return /^[<>=!]/.test(tokens[at] ?? '') ? `tools.compare(${left}, '${next()}', ${operand()})` : left;
  };
  const operand = (): string => {
    const token = next();
    if (token.startsWith('$')) return `values[${token.slice(1)}]`;
    if (token === 'null' || token === 'true' || token === 'false') return token;
    const name = token.toLowerCase();
    if (name === 'array_length' || name === 'array_contains' || name === 'is_defined') {
      take('(');
      const inputs = [operand()];
      while (is(',')) {
        next();
        inputs.push(operand());
      }
      take(')');
      if (name === 'is_defined') return `(${inputs[0]} !== undefined)`;
      return name === 'array_length' ? `tools.length(${inputs[0]})` : `tools.contains(${inputs[0]}, ${inputs[1]})`;
    }
    if (!/^c(\.\w+)+$/.test(token)) throw new Error(`Not understood: ${token}`);
    return token.replaceAll('.', '?.');
  };
  const whole = any();
  if (at < tokens.length) throw new Error(`Not understood: ${tokens.join(' ')}`);
  return whole;
}

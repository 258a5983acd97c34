import { FUNCTIONS } from './sql-functions';
import type { Condition, Expression, Operator, Order, Query, SelectedItem, Selection, Source } from './sql-syntax';
import { syntaxError, type Token, tokensOf } from './sql-tokens';

/** Words that name nothing, and no property after a dot: such a property is written in brackets. */
const RESERVED = new Set(
  'and array as asc between by desc distinct escape exists false from group in is join like limit not null offset or order right left select top true udf undefined value where'.split(
    ' ',
  ),
);

/** Operators that bind as strongly as one another, the weakest first, below NOT and comparisons. */
const COMPARISONS: Readonly<Record<string, Operator>> = {
  '=': '=',
  '!=': '!=',
  '<>': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};

/** Parses a query. @throws CosmosRefusal for whatever it does not know */
export function parseQuery(text: string): Query {
  const parser = new Parser(text);
  const query = parser.query();
  parser.finish();
  return query;
}

/** Parses a patch's condition: `FROM alias [WHERE …]`. @throws CosmosRefusal for whatever it does not know */
export function parseCondition(text: string): Condition {
  const parser = new Parser(text);
  const { sources, where } = parser.from();
  parser.finish();
  return where === undefined ? { sources } : { sources, where };
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text);
  }

  finish(): void {
    if (this.#token.kind !== 'end') throw this.#unexpected();
  }

  query(): Query {
    this.#expectWord('select');
    const top = this.#takeWord('top') ? this.#primary() : undefined;
    const select = this.#selection();
    const { sources, from, where, filter } = this.from();
    const orderBy = this.#orders();
    return {
      select,
      ...(top === undefined ? {} : { top }),
      sources,
      from,
      ...(where === undefined ? {} : { where, filter: filter ?? '' }),
      orderBy,
    };
  }

  from(): Pick<Query, 'sources' | 'from' | 'where' | 'filter'> {
    this.#expectWord('from');
    const start = this.#token.start;
    const sources = [this.#source()];
    while (this.#takeWord('join')) sources.push(this.#source());
    const from = this.#written(start);
    if (!this.#takeWord('where')) return { sources, from };
    const filterStart = this.#token.start;
    const where = this.#expression();
    return { sources, from, where, filter: this.#written(filterStart) };
  }

  #selection(): Selection {
    if (this.#takeSign('*')) return { kind: 'all' };
    if (this.#takeWord('value')) {
      const start = this.#token.start;
      const expression = this.#expression();
      return { kind: 'value', expression, text: this.#written(start) };
    }
    const items: SelectedItem[] = [];
    do {
      const start = this.#token.start;
      const expression = this.#expression();
      const text = this.#written(start);
      const name = this.#takeWord('as') ? this.#name() : lastName(expression);
      items.push({ expression, text, ...(name === undefined ? {} : { name }) });
    } while (this.#takeSign(','));
    return { kind: 'list', items };
  }

  #source(): Source {
    const first = this.#name();
    if (this.#takeWord('in')) return { alias: first, list: this.#path() };
    const renamed = this.#takeWord('as') || this.#isName() ? this.#name() : first;
    return { alias: renamed };
  }

  #orders(): readonly Order[] {
    if (!this.#takeWord('order')) return [];
    this.#expectWord('by');
    const orders: Order[] = [];
    do {
      const start = this.#token.start;
      const expression = this.#path();
      const text = this.#written(start);
      const descending = this.#takeWord('desc');
      if (!descending) this.#takeWord('asc');
      orders.push({ expression, descending, text });
    } while (this.#takeSign(','));
    return orders;
  }

  #expression(): Expression {
    return this.#leftToRight(
      () => this.#conjunction(),
      () => (this.#takeWord('or') ? 'or' : undefined),
    );
  }

  #conjunction(): Expression {
    return this.#leftToRight(
      () => this.#negation(),
      () => (this.#takeWord('and') ? 'and' : undefined),
    );
  }

  #negation(): Expression {
    return this.#takeWord('not') ? { kind: 'not', of: this.#negation() } : this.#comparison();
  }

  #comparison(): Expression {
    const left = this.#sum();
    const operator = this.#token.kind === 'sign' ? COMPARISONS[this.#token.value] : undefined;
    if (operator !== undefined) {
      this.#at += 1;
      return { kind: 'binary', operator, left, right: this.#sum() };
    }
    const negated = this.#takeWord('not');
    const found = this.#listed(left);
    if (found === undefined) {
      if (negated) throw this.#unexpected();
      return left;
    }
    return negated ? { kind: 'not', of: found } : found;
  }

  #listed(of: Expression): Expression | undefined {
    if (this.#takeWord('in')) {
      this.#expectSign('(');
      if (this.#isSign(')')) throw this.#unexpected();
      return { kind: 'in', of, list: this.#listUntil(')') };
    }
    if (!this.#takeWord('between')) return undefined;
    const low = this.#sum();
    this.#expectWord('and');
    return { kind: 'between', of, low, high: this.#sum() };
  }

  #sum(): Expression {
    return this.#leftToRight(() => this.#product(), this.#signs('+', '-', '||', '??'));
  }

  #product(): Expression {
    return this.#leftToRight(() => this.#signed(), this.#signs('*', '/', '%'));
  }

  #signed(): Expression {
    return this.#takeSign('-') ? { kind: 'negative', of: this.#signed() } : this.#members(this.#primary());
  }

  #path(): Expression {
    return this.#members({ kind: 'variable', name: this.#name() });
  }

  #members(first: Expression): Expression {
    let of = first;
    for (;;) {
      if (this.#takeSign('.')) {
        of = { kind: 'member', of, name: { kind: 'constant', value: this.#name() } };
      } else if (this.#takeSign('[')) {
        of = { kind: 'member', of, name: this.#expression() };
        this.#expectSign(']');
      } else {
        return of;
      }
    }
  }

  #primary(): Expression {
    const token = this.#token;
    this.#at += 1;
    switch (token.kind) {
      case 'number':
        return { kind: 'constant', value: Number(token.value) };
      case 'text':
        return { kind: 'constant', value: token.value };
      case 'parameter':
        return { kind: 'parameter', name: token.value };
      case 'word':
        return this.#wordExpression(token);
      case 'sign':
        return this.#bracketed(token);
      default:
        this.#at -= 1;
        throw this.#unexpected();
    }
  }

  #wordExpression({ value }: Token): Expression {
    const word = value.toLowerCase();
    const constants: Readonly<Record<string, Expression>> = {
      true: { kind: 'constant', value: true },
      false: { kind: 'constant', value: false },
      null: { kind: 'constant', value: null },
      undefined: { kind: 'constant', value: undefined },
    };
    const constant = Object.hasOwn(constants, word) ? constants[word] : undefined;
    if (constant !== undefined) return constant;
    if (word === 'exists') {
      this.#expectSign('(');
      const query = this.query();
      this.#expectSign(')');
      return { kind: 'exists', query };
    }
    if (this.#isSign('(')) return this.#call(word);
    if (RESERVED.has(word)) {
      this.#at -= 1;
      throw this.#unexpected();
    }
    return { kind: 'variable', name: value };
  }

  #call(name: string): Expression {
    const known = FUNCTIONS.get(name);
    if (known === undefined) throw syntaxError(name);
    this.#expectSign('(');
    const values = this.#listUntil(')');
    if (values.length < known.least || values.length > known.most) throw syntaxError(name);
    return { kind: 'call', name, values };
  }

  #bracketed({ value }: Token): Expression {
    if (value === '(') {
      const inner = this.#expression();
      this.#expectSign(')');
      return inner;
    }
    if (value === '[') return { kind: 'array', items: this.#listUntil(']') };
    if (value === '{') return { kind: 'object', properties: this.#properties() };
    this.#at -= 1;
    throw this.#unexpected();
  }

  #properties(): readonly (readonly [string, Expression])[] {
    const properties: [string, Expression][] = [];
    while (!this.#takeSign('}')) {
      if (properties.length > 0) this.#expectSign(',');
      const name = this.#token.kind === 'text' ? this.#take().value : this.#name();
      this.#expectSign(':');
      properties.push([name, this.#expression()]);
    }
    return properties;
  }

  #listUntil(end: string): readonly Expression[] {
    const list: Expression[] = [];
    while (!this.#takeSign(end)) {
      if (list.length > 0) this.#expectSign(',');
      list.push(this.#expression());
    }
    return list;
  }

  #leftToRight(operand: () => Expression, operator: () => Operator | undefined): Expression {
    let left = operand();
    for (let found = operator(); found !== undefined; found = operator()) {
      left = { kind: 'binary', operator: found, left, right: operand() };
    }
    return left;
  }

  #signs(...signs: readonly Operator[]): () => Operator | undefined {
    return () => signs.find((sign) => this.#takeSign(sign));
  }

  get #token(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #take(): Token {
    const token = this.#token;
    this.#at += 1;
    return token;
  }

  #isName(): boolean {
    return this.#token.kind === 'word' && !RESERVED.has(this.#token.value.toLowerCase());
  }

  #name(): string {
    if (!this.#isName()) throw this.#unexpected();
    return this.#take().value;
  }

  #takeWord(word: string): boolean {
    if (this.#token.kind !== 'word' || this.#token.value.toLowerCase() !== word) return false;
    this.#at += 1;
    return true;
  }

  #expectWord(word: string): void {
    if (!this.#takeWord(word)) throw this.#unexpected();
  }

  #isSign(sign: string): boolean {
    return this.#token.kind === 'sign' && this.#token.value === sign;
  }

  #takeSign(sign: string): boolean {
    if (!this.#isSign(sign)) return false;
    this.#at += 1;
    return true;
  }

  #expectSign(sign: string): void {
    if (!this.#takeSign(sign)) throw this.#unexpected();
  }

  /** The text from there to the last token taken. */
  #written(start: number): string {
    return this.#text.slice(start, this.#tokens[this.#at - 1]?.end ?? start);
  }

  #unexpected(): Error {
    return syntaxError(this.#token.value);
  }
}

/** Returns the name that a selected path gets: that of its last property. */
function lastName(expression: Expression): string | undefined {
  if (expression.kind === 'variable') return expression.name;
  if (expression.kind !== 'member' || expression.name.kind !== 'constant') return undefined;
  return typeof expression.name.value === 'string' ? expression.name.value : undefined;
}

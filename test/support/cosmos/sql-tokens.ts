import { badRequest } from './refusal';

export interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'parameter' | 'sign' | 'end';
  /** The word as written, the decoded text, the number's digits, the parameter with its `@`, or the sign. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

const PATTERNS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['number', /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['word', /[A-Za-z_][A-Za-z0-9_]*/y],
  ['parameter', /@[A-Za-z_][A-Za-z0-9_]*/y],
  ['text', /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/sy],
  ['sign', /<=|>=|<>|!=|\?\?|\|\||[-+*/%=<>().,[\]{}:]/y],
];

/** Takes the text of a query apart. @throws CosmosRefusal for a character that begins nothing */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && /\s/.test(text.charAt(at))) at += 1;
    if (at === text.length) return [...tokens, { kind: 'end', value: '', start: at, end: at }];
    const token = tokenAt(text, at);
    if (token === undefined) throw syntaxError(text.charAt(at));
    tokens.push(token);
    at = token.end;
  }
}

function tokenAt(text: string, start: number): Token | undefined {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = start;
    const written = pattern.exec(text)?.[0];
    if (written === undefined) continue;
    return { kind, value: kind === 'text' ? decoded(written) : written, start, end: start + written.length };
  }
  return undefined;
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

const ESCAPE = /\\(?:u([0-9A-Fa-f]{4})|(.))/gs;

function decoded(written: string): string {
  return written
    .slice(1, -1)
    .replace(ESCAPE, (_, code: string | undefined, character: string) =>
      code === undefined ? (ESCAPES[character] ?? character) : String.fromCharCode(Number.parseInt(code, 16)),
    );
}

/** Makes the refusal of a query that is not understood: never is such a query taken for one that holds. */
export function syntaxError(near: string): Error {
  const message = `Syntax error, incorrect syntax near '${near}'.`;
  return badRequest(JSON.stringify({ errors: [{ severity: 'Error', code: 'SC1001', message }] }));
}

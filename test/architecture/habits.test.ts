import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { EVENTS } from '../../src/runtime/events';
import {
  filesBelow,
  importsOf,
  nameOf,
  ROOT,
  readSources,
  type Source,
  type Syntax,
  stringOf,
  walk,
} from '../support/sources';

const MAX_LINES = 400;
const MAX_TRIGGER_LINES = 25;

const sources = readSources('src', 'functions');
const product = sources.filter(({ path }) => path.startsWith('src/'));
const triggers = sources.filter(({ path }) => path.startsWith('functions/') && path !== 'functions/bot.ts');

/** What `find` finds, each with its file. */
function findings(files: readonly Source[], find: (source: Source) => readonly string[]): string[] {
  return files.flatMap((source) => find(source).map((each) => `${source.path}: ${each}`));
}

test(`no file is longer than ${MAX_LINES} lines`, () => {
  const long = findings(sources, ({ text }) => {
    const lines = text.split('\n').length - 1;
    return lines > MAX_LINES ? [`${lines} lines`] : [];
  });
  expect(long).toEqual([]);
});

test('nothing is of type any', () => {
  const anys = findings([...sources, ...readSources('test')], (source) => {
    const found: string[] = [];
    walk(source.body, (node) => {
      if (node.type === 'TsKeywordType' && node.kind === 'any') found.push('a type "any"');
    });
    return found;
  });
  expect(anys).toEqual([]);
});

/** The composition root's default, the operator's command, and the runner, which stands where the Functions host stands. */
const READS_THE_ENVIRONMENT = /^src\/(app\.ts$|cli\/|local\/)/;

test('the environment is read at the edge only', () => {
  const reads = findings(sources, (source) => {
    const found: string[] = [];
    walk(source.body, (node) => {
      if (node.type !== 'MemberExpression' || nameOf(node.property) !== 'env') return;
      if (nameOf(node.object) === 'process' && !READS_THE_ENVIRONMENT.test(source.path)) found.push('process.env');
    });
    return found;
  });
  expect(reads).toEqual([]);
});

/** Time, ids and randomness are arguments. `system.ts` is where they come from; an adapter's own time limits may use the monotonic clock. */
test('the protocol and the pipeline read no clock and make no random numbers', () => {
  const pure = /^src\/(turn|schema|bot|ports|store|memory|runtime)\//;
  const files = product.filter(({ path }) => pure.test(path) && path !== 'src/runtime/system.ts');
  const impure = findings(files, (source) => {
    const found: string[] = [];
    walk(source.body, (node) => {
      const name = `${nameOf((node.object ?? node.callee) as unknown)}.${nameOf(node.property)}`;
      if (['Date.now', 'performance.now', 'Math.random'].includes(name)) found.push(name);
      const called = node.type === 'CallExpression' ? nameOf(node.callee) : undefined;
      if (called !== undefined && ['setTimeout', 'setInterval', 'randomUUID'].includes(called)) found.push(called);
    });
    return found;
  });
  expect(impure).toEqual([]);
});

describe('modules have no state', () => {
  test('no variable of a module changes', () => {
    const variables = findings(product, ({ body }) =>
      declarations(body).flatMap(({ kind, name }) => (kind === 'const' ? [] : [`${kind} ${name}`])),
    );
    expect(variables).toEqual([]);
  });

  test('no module makes a client, or anything else that lives, when it is loaded', () => {
    // An AsyncLocalStorage holds nothing: what it has belongs to the call that asks.
    const harmless = new Set(['AsyncLocalStorage', 'Set', 'Map', 'RegExp', 'TextEncoder', 'TextDecoder']);
    const made = findings(product, ({ body }) =>
      declarations(body).flatMap(({ name, init }) => {
        const maker = init?.type === 'NewExpression' ? nameOf(init.callee) : undefined;
        return maker === undefined || harmless.has(maker) ? [] : [`${name} is a new ${maker}`];
      }),
    );
    expect(made).toEqual([]);
  });

  test('no collection of a module is changed', () => {
    const changing = new Set(['set', 'add', 'delete', 'clear', 'push', 'pop', 'shift', 'unshift', 'splice', 'sort']);
    const changed = findings(product, ({ body }) => {
      const names = new Set(declarations(body).map(({ name }) => name));
      const found: string[] = [];
      walk(body, (node) => {
        const target = node.type === 'CallExpression' ? (node.callee as Syntax) : undefined;
        const method = target?.type === 'MemberExpression' ? nameOf(target.property) : undefined;
        const owner = nameOf(target?.object);
        if (owner !== undefined && names.has(owner) && changing.has(method ?? '')) found.push(`${owner}.${method}()`);
      });
      return found;
    });
    expect(changed).toEqual([]);
  });
});

interface Declaration {
  readonly kind: string;
  readonly name: string;
  readonly init: Syntax | null | undefined;
}

/** The variables that a module declares at its top level. */
function declarations(body: readonly Syntax[]): Declaration[] {
  return body
    .map((statement) => (statement.type === 'ExportDeclaration' ? (statement.declaration as Syntax) : statement))
    .filter(({ type, declare }) => type === 'VariableDeclaration' && declare !== true)
    .flatMap(({ kind, declarations: each }) =>
      (each as { id: unknown; init: Syntax | null }[]).map(({ id, init }) => {
        return { kind: String(kind), name: nameOf(id) ?? '(a pattern)', init };
      }),
    );
}

test('ports are types and nothing else', () => {
  const types = new Set(['TsInterfaceDeclaration', 'TsTypeAliasDeclaration']);
  const code = findings(
    product.filter(({ path }) => path.startsWith('src/ports/')),
    ({ body }) =>
      body
        .map((statement) => (statement.type === 'ExportDeclaration' ? (statement.declaration as Syntax) : statement))
        .filter(({ type }) => type !== 'ImportDeclaration' && !types.has(String(type)))
        .map(({ type }) => `${type}`),
  );
  expect(code).toEqual([]);
});

/** The package's entry points: what an author can import. */
const ENTRIES = ['src/index.ts', 'src/testing/index.ts', 'src/botbuilder/index.ts'];

test('only the entry points pass on what others export, name by name', () => {
  const barrels = findings(sources, ({ path, body }) =>
    body.flatMap((statement) => {
      if (statement.type === 'ExportAllDeclaration') return [`export * from ${stringOf(statement.source)}`];
      const passes = statement.type === 'ExportNamedDeclaration' && stringOf(statement.source) !== undefined;
      return passes && !ENTRIES.includes(path) ? [`export { … } from ${stringOf(statement.source)}`] : [];
    }),
  );
  expect(barrels).toEqual([]);
});

describe('trigger files bind and call, and hold no logic', () => {
  test.each(triggers.map((source) => [source.path, source] as const))('%s', (_path, source) => {
    const statements = source.body.filter(({ type }) => type !== 'ImportDeclaration');
    expect(statements.map(({ type }) => type)).toEqual(['ExpressionStatement']);
    expect(source.text.split('\n').length - 1).toBeLessThanOrEqual(MAX_TRIGGER_LINES);
    expect(importsOf(source).map(({ specifier }) => specifier)).toEqual(
      expect.arrayContaining(['@azure/functions', './bot']),
    );
    const handlers: unknown[] = [];
    walk(source.body, (node) => {
      if (node.type === 'ArrowFunctionExpression') handlers.push((node.body as Syntax).type);
    });
    // One expression: a call of the app.
    expect(handlers).toEqual(['CallExpression']);
  });

  test('there are some', () => {
    expect(triggers.length).toBeGreaterThanOrEqual(4);
  });
});

test('every event is logged somewhere', () => {
  const elsewhere = product.filter(({ path }) => path !== 'src/runtime/events.ts');
  const words = new Set<string>();
  for (const { body } of elsewhere) {
    walk(body, (node) => {
      const word = stringOf(node);
      if (word !== undefined) words.add(word);
    });
  }
  expect(Object.keys(EVENTS).filter((name) => !words.has(name))).toEqual([]);
});

describe('what must not be in the repository', () => {
  const texts = /(\.(ts|js|cjs|mjs|json|md|yml|yaml|bicep|sh|svg|example)|^\.ci\/run|ignore|LICENSE)$/;
  const files = filesBelow('.').filter((file) => texts.test(file) && file !== 'test/architecture/habits.test.ts');
  const FORBIDDEN: readonly (readonly [what: string, pattern: RegExp])[] = [
    ['an unfinished thought', /\b(TODO|FIXME|XXX|HACK)\b/],
    ['a path of one machine', /(?<![\w.)\]}*-])\/(work|root|Users)\/\w|(?<![\w.)\]}*-])\/home\/(?!(?:site|you)\b)\w/],
    ['the number of an issue', /\bissue #?\d+\b/i],
    [
      'the address of a package registry',
      /https?:\/\/(?!registry\.npmjs\.org\/)[\w.-]*(npm|registry)[\w.-]*\.[a-z]+(:\d+)?\/[\w@./-]+\.tgz/,
    ],
  ];

  test.each(FORBIDDEN)('%s', (_what, pattern) => {
    const found = files.flatMap((file) =>
      readText(file)
        .split('\n')
        .flatMap((line, index) => {
          const match = pattern.exec(line);
          return match === null ? [] : [`${file}:${index + 1}: ${match[0]}`];
        }),
    );
    expect(found).toEqual([]);
  });
});

function readText(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

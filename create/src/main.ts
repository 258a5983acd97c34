#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { type Choice, ChoiceError, createBot, isTemplate, TEMPLATES, type Template } from './create';

const list = Object.entries(TEMPLATES)
  .map(([name, what]) => `  ${name.padEnd(6)} ${what}`)
  .join('\n');

const HELP = `Makes a bot for Azure Functions.

Usage: npm create turnwise@latest [folder] [-- options]

  --template <name>   one of those below
  --turnwise <spec>   what to depend on, instead of the version of this package
  --version           print the version
  --help              print this

${list}
`;

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      template: { type: 'string', short: 't' },
      turnwise: { type: 'string' },
      version: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  if (values.version) return void process.stdout.write(`${version()}\n`);
  const [name, ...more] = positionals;
  if (more.length > 0) throw new ChoiceError('Name one folder.');
  const choice = await choose(name, values.template, values.turnwise ?? `^${version()}`);
  createBot(choice);
  const there = path.relative(process.cwd(), choice.folder) || '.';
  process.stdout.write(`
There is a bot in ${there}. To see it:

${there === '.' ? '' : `  cd ${there}\n`}  npm install
  npm test
  npm start

Its README.md says what to change, and how to deploy it.
`);
}

/** Asks for what was not said, if there is somebody to ask. */
async function choose(name: string | undefined, template: string | undefined, turnwise: string): Promise<Choice> {
  if (template !== undefined && !isTemplate(template)) {
    throw new ChoiceError(`There is no template "${template}". There are ${Object.keys(TEMPLATES).join(', ')}.`);
  }
  if (!process.stdin.isTTY) {
    if (name === undefined) throw new ChoiceError('Name a folder: npm create turnwise@latest my-bot.');
    return { folder: path.resolve(name), template: template ?? 'echo', turnwise };
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const folder = name ?? ((await terminal.question('Folder (my-bot): ')).trim() || 'my-bot');
    const chosen = template ?? (await askTemplate((question) => terminal.question(question)));
    return { folder: path.resolve(folder), template: chosen, turnwise };
  } finally {
    terminal.close();
  }
}

async function askTemplate(ask: (question: string) => Promise<string>): Promise<Template> {
  for (;;) {
    const answer = (await ask(`${list}\nTemplate (echo): `)).trim() || 'echo';
    if (isTemplate(answer)) return answer;
  }
}

function version(): string {
  const manifest = readFileSync(path.join(__dirname, '../package.json'), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const wrong =
    error instanceof ChoiceError || (error as { readonly code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  process.stderr.write(
    `create-turnwise: ${wrong ? (error as Error).message : String((error as Error).stack ?? error)}\n`,
  );
  process.exitCode = 1;
});

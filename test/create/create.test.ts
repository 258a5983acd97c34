import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Channel } from '../e2e/support/channel';
import { until } from '../e2e/support/runner';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { environment, ROOT, run, Workshop } from './bots';

/* Every template as a user meets it: made by the packed package, installed, tested by its own tests, started, talked to. */

let workshop: Workshop;
let connector: FakeConnector;
const started = new Set<ReturnType<typeof spawn>>();

beforeAll(async () => {
  workshop = new Workshop();
  connector = await startFakeConnector();
}, 120_000);

afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  await connector?.close();
  workshop?.remove();
});

/** `npm start -- --no-chat` on a free port. The runner ends by itself when npm is gone, so nothing is left behind by a test that fails. */
async function npmStart(bot: string): Promise<{ url: string; stop(): Promise<number | null> }> {
  const child = spawn('npm', ['start', '--', '--no-chat'], {
    cwd: bot,
    env: { ...environment(), TURNWISE_PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  await until(() => output.includes('Ctrl-C stops') || child.exitCode !== null, 60_000);
  const url = /Endpoint +(http:\/\/\S+)/.exec(output)?.[1];
  if (url === undefined) throw new Error(`npm start:\n${output}`);
  return {
    url,
    stop: async () => {
      const ended = once(child, 'close');
      child.kill('SIGTERM');
      await ended;
      started.delete(child);
      expect(output).toContain('Stopped.');
      return child.exitCode;
    },
  };
}

interface Talk {
  readonly template: string;
  /** What is said, and what is said to it. */
  readonly says: readonly string[];
  readonly hears: readonly string[];
  readonly tests: number;
}

const joins = { type: 'conversationUpdate', membersAdded: [{ id: 'user', name: 'User' }] };

const TALKS: readonly Talk[] = [
  { template: 'empty', says: [], hears: ['Hello world!'], tests: 2 },
  { template: 'echo', says: ['hi'], hears: ['Echo: hi'], tests: 3 },
  {
    template: 'core',
    says: ['remind me', 'tea', '0.02'],
    hears: [
      'What shall I remind you of?',
      'In how many minutes?',
      'I will remind you in 0.02 minutes.',
      // This is the bot speaking first.
      'Remember: tea',
    ],
    tests: 8,
  },
];

describe.each(TALKS)('$template', ({ template, says, hears, tests }) => {
  let bot: string;

  test('is made', () => {
    bot = workshop.bot(template);
    const manifest = JSON.parse(readFileSync(path.join(bot, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(manifest).toMatchObject({ name: `my-${template}`, private: true });
    expect(readdirSync(bot)).toEqual(expect.arrayContaining(['.gitignore', 'azure.yaml', 'host.json', 'infra', 'src']));
    expect(readFileSync(path.join(bot, 'azure.yaml'), 'utf8')).toContain(`name: my-${template}\n`);
    expect(readFileSync(path.join(bot, 'host.json'), 'utf8')).toBe(readFileSync(path.join(ROOT, 'host.json'), 'utf8'));
    expect(readFileSync(path.join(bot, 'README.md'), 'utf8')).toMatch(new RegExp(`^# my-${template}\n`));
  }, 300_000);

  test('npm test: builds, and passes its own tests', () => {
    const { code, out, err } = run(bot, 'npm', 'test');
    expect({ code, err, out }).toMatchObject({ code: 0, out: expect.stringMatching(new RegExp(`pass ${tests}\\b`)) });
  }, 60_000);

  test('npm start: answers', async () => {
    const channel = new Channel(connector, template);
    const { url, stop } = await npmStart(bot);
    if (says.length === 0) await channel.say(url, template, '', joins);
    for (const text of says) await channel.say(url, template, text);
    expect(await channel.texted(template, hears.length)).toEqual(hears);
    await stop();
  }, 90_000);
});

describe('a bot is deployed like the one here', () => {
  const text = (...names: readonly string[]) => readFileSync(path.join(...names), 'utf8');
  const bot = () => path.join(workshop.folder, 'my-core');

  test.each(['infra', 'host.json', '.github/workflows/deploy.yml'])('%s is the same', (name) => {
    const files = statSync(path.join(ROOT, name)).isDirectory()
      ? readdirSync(path.join(ROOT, name), { recursive: true, encoding: 'utf8', withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)))
      : [name];
    for (const file of files) expect(text(bot(), file)).toBe(text(ROOT, file));
    expect(existsSync(path.join(bot(), name))).toBe(true);
  });

  test('azure.yaml is the same, but for the name', () => {
    expect(text(bot(), 'azure.yaml').replace(/^name: .*$/m, 'name: turnwise')).toBe(text(ROOT, 'azure.yaml'));
  });

  test('its workflows run scripts and files that it has', () => {
    const { scripts } = JSON.parse(text(bot(), 'package.json')) as { scripts: Readonly<Record<string, string>> };
    const workflows = ['ci', 'deploy'].map((name) => text(bot(), `.github/workflows/${name}.yml`)).join('\n');
    const run = [...workflows.matchAll(/npm (?:run )?(test|package)\b/g)].map(([, name]) => name ?? '');
    expect(run).toEqual(['test', 'package', 'package']);
    expect(run.filter((name) => scripts[name] === undefined)).toEqual([]);
    const files = [...workflows.matchAll(/(?:\s|\.\/)((?:infra|\.github)\/[\w./-]+)/g)].map(([, file]) => file ?? '');
    expect(new Set(files)).toEqual(new Set(['infra/main.bicepparam', '.github/workflows/ci.yml']));
    expect(files.filter((file) => !existsSync(path.join(bot(), file)))).toEqual([]);
  });
});

test('npm run package makes of a bot what is deployed', () => {
  const { code, out } = run(path.join(workshop.folder, 'my-core'), 'npm', 'run', 'package');
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringMatching(/dist\/package\.zip +\d\.\d\d MB/) });
}, 60_000);

describe('the command', () => {
  const refused: readonly (readonly [what: string, args: readonly string[], says: RegExp])[] = [
    ['without a folder', [], /^create-turnwise: Name a folder/],
    [
      'with a template that there is not',
      ['x', '--template', 'nope'],
      /There is no template "nope"\. There are empty, echo, core\./,
    ],
    ['with an option that there is not', ['x', '--templat', 'echo'], /^create-turnwise: Unknown option '--templat'/],
    ['with two folders', ['x', 'y'], /^create-turnwise: Name one folder\./],
  ];

  test.each(refused)('%s says what to do in one line', (_what, args, says) => {
    const { code, err, out } = workshop.create(...args);
    expect({ code, out, err }).toEqual({ code: 1, out: '', err: expect.stringMatching(says) });
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(existsSync(path.join(workshop.folder, 'x'))).toBe(false);
  });

  test('leaves a folder alone that has something in it', () => {
    const folder = path.join(workshop.folder, 'mine');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'precious.txt'), 'mine');
    expect(workshop.create('mine')).toMatchObject({ code: 1, err: expect.stringMatching(/is not empty/) });
    expect(readdirSync(folder)).toEqual(['precious.txt']);
  });

  test('makes an echo bot of its own version if nothing else is said, and says how to go on', () => {
    const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
    const { code, out } = workshop.create('Some Bot!');
    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringMatching(/cd Some Bot!\n {2}npm install\n {2}npm test/),
    });
    const manifest = readFileSync(path.join(workshop.folder, 'Some Bot!', 'package.json'), 'utf8');
    expect(JSON.parse(manifest)).toMatchObject({ name: 'some-bot', dependencies: { turnwise: `^${version}` } });
  });

  test('says what there is', () => {
    expect(workshop.create('--help').out).toMatch(/empty.*\n.*echo.*\n.*core/);
  });
});

describe('the templates', () => {
  const read = (file: string) =>
    JSON.parse(readFileSync(path.join(ROOT, file), 'utf8')) as Record<string, Record<string, string>>;

  test('ask for the versions that are tested here', () => {
    const here = read('package.json');
    const known = { ...here.dependencies, ...here.devDependencies };
    for (const template of ['shared', 'core']) {
      const { dependencies, devDependencies } = read(`create/templates/${template}/package.json`);
      const asked = { ...dependencies, ...devDependencies };
      expect(Object.fromEntries(Object.keys(asked).map((name) => [name, known[name]]))).toEqual(asked);
    }
  });

  test('have the version of Turnwise that they come with', () => {
    expect(read('create/package.json').version).toBe(read('package.json').version);
  });
});

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { companionEnvironment } from '../../src/local/companion-environment';
import { type AppCopy, copyFixtureApp, ROOT, startRunnerProcess, until } from './support/runner-process';

/* What companions are told, and who can read what they and the runner write. */

let app: AppCopy;

beforeEach(() => {
  app = copyFixtureApp();
});
afterEach(() => app.remove());

/** Starts a script as a companion, as the runner does, and returns the environment that it finds. */
function environmentOf(env: Readonly<Record<string, string>>, settings: object): Record<string, string> {
  const stub = path.join(app.folder, 'stub.js');
  writeFileSync(stub, 'console.log("ready " + JSON.stringify(process.env)); setInterval(() => {}, 1000);');
  const options = { script: stub, args: [], cwd: app.folder, settings, readyWithinMs: 20_000 };
  const run = `
    const { startCompanion } = require(${JSON.stringify(path.join(ROOT, 'dist/src/local/companion.js'))});
    startCompanion({ ...${JSON.stringify(options)}, ready: /^ready (.*)$/ }).then(async (companion) => {
      process.stdout.write(companion.ready[1]);
      await companion.stop();
    });`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--eval', run], { encoding: 'utf8', env: { ...env } });
  expect(stderr.replace(/^.*ExperimentalWarning.*$|^\(Use.*$/gm, '').trim()).toBe('');
  return JSON.parse(stdout) as Record<string, string>;
}

/** What an app may have in its environment. */
const APP = {
  MicrosoftAppPassword: 'SECRET',
  COSMOS_KEY: 'SECRET',
  APPLICATIONINSIGHTS_CONNECTION_STRING: 'InstrumentationKey=SECRET',
  AZURITE_ACCOUNTS: 'name:SECRET',
  AUTH_CLIENT_SECRET: 'SECRET',
  HTTPS_PROXY: 'http://user:SECRET@proxy',
  NODE_OPTIONS: '--no-warnings',
};

describe('a companion', () => {
  test('is told its own settings, where things are, and nothing else of the environment', () => {
    const { PATH = '' } = process.env;
    const found = environmentOf({ ...APP, PATH, HOME: app.folder, TZ: 'UTC' }, { ITS_OWN: 'yes' });
    // Node.js names the channel to its parent.
    const names = Object.keys(found).filter((name) => !name.startsWith('NODE_CHANNEL'));
    expect(names.sort()).toEqual(['HOME', 'ITS_OWN', 'PATH', 'TZ']);
    expect(JSON.stringify(found)).not.toContain('SECRET');
  });

  test('is told on Windows where the system is, in whatever letters it is named', () => {
    const env = {
      Path: 'p',
      SYSTEMROOT: 's',
      ComSpec: 'c',
      PathExt: 'e',
      LocalAppData: 'l',
      Secret: 'x',
      HOMEPATHS: 'x',
    };
    const { Secret, HOMEPATHS, ...passed } = env;
    expect([companionEnvironment(env), Secret, HOMEPATHS]).toEqual([passed, 'x', 'x']);
  });
});

/** Names with their permissions for others than the owner. */
function openToOthers(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return ['.', ...names].filter((name) => (statSync(path.join(folder, name)).mode & 0o077) !== 0);
}

describe('the data folder', () => {
  test('and what the runner and its queue server put there can be read by one account alone', async () => {
    const runner = await startRunnerProcess(app);
    await until(() => readdirSync(app.data).includes('timers.json'));
    const names = readdirSync(app.data);
    expect(names).toEqual(
      expect.arrayContaining(['azurite', 'azurite.lock', 'runner.lock', 'runner.txt', 'timers.json']),
    );
    // The app writes this one itself.
    expect(openToOthers(app.data).filter((name) => name !== 'record.jsonl')).toEqual([]);
    await runner.end();
  });

  test('of an earlier run is closed, and one that a setting names keeps its permissions', async () => {
    mkdirSync(app.data);
    chmodSync(app.data, 0o755);
    const own = await startRunnerProcess(app);
    expect(statSync(app.data).mode & 0o777).toBe(0o700);
    await own.end();

    const named = path.join(app.folder, 'shared');
    mkdirSync(named);
    chmodSync(named, 0o750);
    const other = await startRunnerProcess(app, { env: { TURNWISE_DATA: named } });
    expect(statSync(named).mode & 0o777).toBe(0o750);
    await other.end();
    // What is new in it is closed all the same.
    expect(openToOthers(named).filter((name) => !['.', 'record.jsonl'].includes(name))).toEqual([]);
  });
});

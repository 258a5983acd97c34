import { afterEach, describe, expect, test } from '@jest/globals';
import { type AppCopy, copyFixtureApp, holdPort, ROOT, runToEnd, startRunnerProcess } from './support/runner-process';

const made: AppCopy[] = [];
function app(change: (app: AppCopy) => void = () => undefined): AppCopy {
  const copy = copyFixtureApp();
  made.push(copy);
  change(copy);
  return copy;
}
afterEach(() => {
  for (const copy of made.splice(0)) copy.remove();
});

/** One line on standard error, nothing else, and exit code 1. */
async function complaint(copy: AppCopy, options: Parameters<typeof runToEnd>[1] = {}): Promise<string> {
  const { code, out, err } = await runToEnd(copy, options);
  expect({ code, out, lines: err.trimEnd().split('\n').length }).toEqual({ code: 1, out: '', lines: 1 });
  expect(err).toMatch(/^turnwise: /);
  return err.trimEnd().slice('turnwise: '.length);
}

describe('what a user can put right is said in one line', () => {
  test('a missing build', async () => {
    const copy = app((it) => it.write('package.json', { main: 'dist/functions/*.js' }));
    expect(await complaint(copy)).toBe(
      'The app is not built: nothing matches dist/functions/*.js. Run "npm run build".',
    );
  });

  test('no host.json', async () => {
    const copy = app();
    const { folder } = copy;
    expect(await complaint({ ...copy, folder: `${folder}/functions` })).toBe(
      `There is no host.json in ${folder}/functions. Start in the folder of the function app.`,
    );
  });

  test('a broken host.json', async () => {
    const copy = app((it) => it.write('host.json', '{ "version": "2.0", }'));
    expect(await complaint(copy)).toMatch(/^host\.json is not valid JSON: .*position 20/);
  });

  test('a broken local.settings.json, without what it holds', async () => {
    const copy = app((it) => it.write('local.settings.json', '{ "Values": { "Secret": abc } }'));
    const line = await complaint(copy);
    expect(line).toMatch(/^local\.settings\.json is not valid JSON/);
    expect(line).not.toContain('abc');
  });

  test('an unknown setting: Turnwise itself refuses it, and the runner passes on what it says', async () => {
    const { data } = app();
    const own = { ...app(), folder: ROOT };
    expect(await complaint(own, { env: { TURNWISE_DATA: data, TURNWISE_PROT: '1' } })).toMatch(
      /^The app does not start: There is no such setting; .* TURNWISE_PROT\.$/,
    );
  });

  test('an unknown option', async () => {
    expect(await complaint(app(), { args: ['--chat=no'] })).toMatch(/^There is no option "--chat=no"/);
  });

  test('a port that is none', async () => {
    expect(await complaint(app(), { env: { TURNWISE_PORT: '70.5' } })).toBe(
      'TURNWISE_PORT is "70.5", which is not a port; use a number from 1 to 65535.',
    );
  });

  test('a taken port', async () => {
    const held = await holdPort();
    expect(await complaint(app(), { env: { TURNWISE_PORT: String(held.port) } })).toBe(
      `Port ${held.port} is taken. Stop what uses it, or set TURNWISE_PORT to another port.`,
    );
    expect(await complaint(app(), { args: [], env: { TURNWISE_CHAT_PORT: String(held.port) } })).toMatch(
      /\(the chat page\) is taken.*TURNWISE_CHAT_PORT.*--no-chat/,
    );
    await held.release();
  });

  test('a storage connection string that is none', async () => {
    expect(await complaint(app(), { env: { AzureWebJobsStorage: 'nonsense' } })).toMatch(
      /^AzureWebJobsStorage is not a storage connection string: /,
    );
  });

  test.each<[string, string, RegExp]>([
    [
      'throws',
      "\nthrow new Error('MicrosoftAppId is missing');",
      /^functions\/bad\.js cannot be loaded: MicrosoftAppId is missing \(functions\/bad\.js:2:7\)$/,
    ],
    ['does not parse', 'const = 1;', /^functions\/bad\.js cannot be loaded: SyntaxError: .* \(functions\/bad\.js:1\)$/],
    [
      'misses a module',
      "require('no-such-module');",
      /^functions\/bad\.js cannot be loaded: Cannot find module 'no-such-module' /,
    ],
    [
      'names a function twice',
      "require('@azure/functions').app.http('echo', { handler: () => ({}) });",
      /Two functions are named "echo"/,
    ],
    [
      'asks for streams',
      "require('@azure/functions').app.setup({ enableHttpStream: true });",
      /^The app asks for enableHttpStream/,
    ],
    [
      'has a schedule that is none',
      "require('@azure/functions').app.timer('bad', { schedule: 'hourly', handler: () => {} });",
      /^Function bad: "hourly" is neither an NCRONTAB expression/,
    ],
    [
      'has a route that is none',
      "require('@azure/functions').app.http('bad', { route: 'a/{b', handler: () => ({}) });",
      /^The route "api\/a\/\{b" cannot be understood/,
    ],
  ])('an app that %s', async (_, code, expected) => {
    expect(await complaint(app((it) => it.write('functions/bad.js', code)))).toMatch(expected);
  });

  test('an app that registers nothing', async () => {
    const copy = app((it) => {
      it.write('package.json', { main: 'empty.js' });
      it.write('empty.js', '');
    });
    expect(await complaint(copy)).toMatch(/^The app registers no function/);
  });

  test('a data folder that cannot be made', async () => {
    const copy = app((it) => it.write('file', ''));
    expect(await complaint(copy, { env: { TURNWISE_DATA: 'file/data' } })).toMatch(
      /^The data folder .* cannot be used/,
    );
  });
});

test('--help and --version print and end', async () => {
  const help = await runToEnd(app(), { args: ['--help'] });
  expect(help).toMatchObject({ code: 0, err: '' });
  expect(help.out).toContain('TURNWISE_DATA');
  expect(await runToEnd(app(), { args: ['--version'] })).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  });
});

test('two runners do not share a data folder, and a killed one is not in the way', async () => {
  const copy = app();
  const first = await startRunnerProcess(copy);
  const second = await runToEnd(copy);
  expect(second.code).toBe(1);
  expect(second.err).toBe(
    `turnwise: The data folder ${copy.data} is in use by another runner (process ${first.process.pid}, ${first.url}). ` +
      'Stop that one, or set TURNWISE_DATA to another folder.\n',
  );
  await first.end('SIGKILL');
  const third = await startRunnerProcess(copy);
  expect(await third.end()).toBe(0);
});

test('the environment wins over local.settings.json, and the app sees what Core Tools would set', async () => {
  const copy = app((it) =>
    it.write('local.settings.json', {
      Values: { A: 'file', B: 'file', N: 5, AzureWebJobsStorage: 'UseDevelopmentStorage=true', TURNWISE_DATA: 'other' },
    }),
  );
  const runner = await startRunnerProcess(copy, { env: { B: 'environment' } });
  const value = async (name: string): Promise<unknown> =>
    ((await (await fetch(`${runner.url}/api/environment?name=${name}`)).json()) as { value: unknown }).value;
  expect(await value('A')).toBe('file');
  expect(await value('B')).toBe('environment');
  expect(await value('N')).toBe('5');
  expect(await value('AZURE_FUNCTIONS_ENVIRONMENT')).toBe('Development');
  expect(await value('FUNCTIONS_WORKER_RUNTIME')).toBe('node');
  expect(await value('TURNWISE_DATA')).toBe(`${copy.folder}/other`);
  expect(await value('TURNWISE_STORE')).toBeNull();
  expect(await value('AzureWebJobsStorage')).toMatch(/QueueEndpoint=http:\/\/127\.0\.0\.1:/);
  await runner.end();
});

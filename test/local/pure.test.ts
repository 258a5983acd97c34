import { describe, expect, test } from '@jest/globals';
import { isDisabled, readTrigger } from '../../src/local/bindings';
import { serviceUrl } from '../../src/local/connections';
import { consoleLog, levelOf } from '../../src/local/console-log';
import { placeOf } from '../../src/local/functions-app';
import { parseNcrontab } from '../../src/local/ncrontab';
import { PollingBackoff } from '../../src/local/polling-backoff';
import { parseRoute } from '../../src/local/route';
import { oneLine } from '../../src/local/startup-error';
import { parseTimeSpan } from '../../src/local/time-span';

describe('time spans', () => {
  test.each([
    ['00:00:00.1', 100],
    ['00:00:05', 5_000],
    ['01:02:03.0040000', 3_723_004],
    ['1.00:00:00', 86_400_000],
    ['0:0:1', 1_000],
  ])('%s is %i ms', (text, ms) => expect(parseTimeSpan(text)).toBe(ms));

  test.each(['', '5', '5s', '00:60:00', '25:00:00', '-00:00:01', '00:00', '0 * * * * *'])('"%s" is none', (text) =>
    expect(parseTimeSpan(text)).toBeUndefined(),
  );
});

describe('NCRONTAB', () => {
  const next = (text: string, after: string): string | undefined => {
    const ms = parseNcrontab(text)?.next(Date.parse(after));
    return ms === undefined ? undefined : new Date(ms).toISOString();
  };

  test.each([
    ['0 * * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:01:00.000Z'],
    ['0 * * * * *', '2026-01-01T00:00:59.999Z', '2026-01-01T00:01:00.000Z'],
    ['*/15 * * * * *', '2026-01-01T00:00:01Z', '2026-01-01T00:00:15.000Z'],
    ['5/20 * * * * *', '2026-01-01T00:00:26Z', '2026-01-01T00:00:45.000Z'],
    ['0 30 9-17 * * Mon-Fri', '2026-01-02T17:30:00Z', '2026-01-05T09:30:00.000Z'],
    ['0 0 0 1,15 * *', '2026-01-01T00:00:00Z', '2026-01-15T00:00:00.000Z'],
    ['0 0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['0 0 12 * JAN *', '2026-02-01T00:00:00Z', '2027-01-01T12:00:00.000Z'],
    ['*/5 * * * *', '2026-01-01T00:01:00Z', '2026-01-01T00:05:00.000Z'],
    // Unlike Unix cron, both day fields must match: the first Friday that is a 13th.
    ['0 0 0 13 * 5', '2026-01-01T00:00:00Z', '2026-02-13T00:00:00.000Z'],
    ['59 59 23 31 12 *', '2026-12-31T23:59:58.500Z', '2026-12-31T23:59:59.000Z'],
  ])('%s after %s', (text, after, expected) => expect(next(text, after)).toBe(expected));

  test('a day that never comes has no next time', () => {
    expect(next('0 0 0 31 2 *', '2026-01-01T00:00:00Z')).toBeUndefined();
  });

  test.each([
    '',
    '* * * *',
    '60 * * * * *',
    '* * * * * 7',
    '*/0 * * * * *',
    '5-1 * * * * *',
    'a * * * * *',
    '* * * * foo *',
  ])('"%s" is none', (text) => expect(parseNcrontab(text)).toBeUndefined());
});

describe('routes', () => {
  test.each([
    ['api/messages', 'API/Messages', {}],
    ['api/users/{id}', 'api/users/a b', { id: 'a b' }],
    ['api/users/{id?}', 'api/users', {}],
    ['api/users/{id?}', 'api/users/7', { id: '7' }],
    ['api/{*rest}', 'api/a/b/c', { rest: 'a/b/c' }],
    ['api/{id:int}', 'api/-12', { id: '-12' }],
    ['api/report-{year}.{format}', 'api/report-2026.csv', { year: '2026', format: 'csv' }],
    ['api/{__proto__}', 'api/x', JSON.parse('{"__proto__":"x"}') as object],
  ])('%s takes %s', (template, path, params) => expect(parseRoute(template).match(path)).toEqual(params));

  test.each([
    ['api/messages', 'api/messages/x'],
    ['api/users/{id}', 'api/users'],
    ['api/users/{id}', 'api/users/a/b'],
    ['api/{id:int}', 'api/x'],
    ['api/a.b', 'api/aXb'],
  ])('%s does not take %s', (template, path) => expect(parseRoute(template).match(path)).toBeUndefined());

  test('a constraint that is not known here is named', () => {
    expect(() => parseRoute('api/{id:range(1,2)}')).toThrow(/constraint "range\(1,2\)"/);
  });
});

describe('polling', () => {
  test('backs off from the shortest to the longest pause, and starts again after a reset', () => {
    const backoff = new PollingBackoff(100, 2_000, () => 0.5);
    expect(Array.from({ length: 7 }, () => backoff.next())).toEqual([100, 200, 300, 500, 900, 1_700, 2_000]);
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });

  test('stays at the longest pause however long the queue is empty', () => {
    const backoff = new PollingBackoff(100, 60_000);
    for (let look = 0; look < 5_000; look += 1) backoff.next();
    expect(backoff.next()).toBe(60_000);
  });
});

describe('bindings', () => {
  const queue = (queueName: string, more: object = {}) => ({
    name: 'f',
    bindings: { trigger: { type: 'queueTrigger', direction: 'in', queueName, ...more } },
  });

  test('app settings are put in for %NAME%', () => {
    expect(readTrigger(queue('%QUEUE%-in', { connection: 'Store' }), { QUEUE: 'Work' })).toEqual({
      kind: 'queue',
      binding: 'trigger',
      queueName: 'work-in',
      connection: 'Store',
    });
    expect(() => readTrigger(queue('%QUEUE%'), {})).toThrow('the app setting QUEUE is not set');
  });

  test('a function with a binding that is not run here is left out, not half run', () => {
    const { bindings } = queue('work');
    expect(readTrigger({ name: 'f', bindings: { ...bindings, out: { type: 'queue', direction: 'out' } } }, {})).toEqual(
      {
        kind: 'unsupported',
        reason: 'its queue binding is not run here',
      },
    );
    expect(readTrigger({ name: 'f', bindings: { t: { type: 'blobTrigger' } } }, {})).toMatchObject({
      reason: 'a blob trigger is not run here',
    });
  });

  test('a function can be disabled by an app setting', () => {
    expect(isDisabled('sweep', { 'AzureWebJobs.sweep.Disabled': 'true' })).toBe(true);
    expect(isDisabled('sweep', {})).toBe(false);
  });

  test('a connection may be a group of settings for an identity', () => {
    expect(serviceUrl('S', { S__accountName: 'acc' })).toBe('https://acc.queue.core.windows.net');
    expect(serviceUrl('S', { S__queueServiceUri: 'https://q.example' })).toBe('https://q.example');
    expect(serviceUrl('S', {})).toBeUndefined();
  });
});

describe('log lines', () => {
  const written = (levels: Record<string, string>, write: (log: ReturnType<typeof consoleLog>) => void): string => {
    const chunks: string[] = [];
    const out = { write: (chunk: string) => chunks.push(chunk) } as unknown as NodeJS.WritableStream;
    write(consoleLog(levels, out, () => new Date(2026, 0, 1, 2, 3, 4, 5)));
    return chunks.join('');
  };

  test('have a time, a level, a source and the text', () => {
    expect(written({}, (log) => log.write('warning', 'turns', 'late'))).toBe('02:03:04.005 warn  turns     late\n');
  });

  test('cannot steer the terminal', () => {
    expect(written({}, (log) => log.write('error', 'turns', 'a\u001b[2Jb\rc\nd'))).toBe(
      '02:03:04.005 error turns     a[2Jbc\n    d\n',
    );
  });

  test('are filtered by the longest category that covers the source', () => {
    const levels = { default: 'Warning', Function: 'Error', 'Function.turns': 'Debug' };
    const text = written(levels, (log) => {
      log.write('debug', 'turns', 'one');
      log.write('trace', 'turns', 'two');
      log.write('warning', 'messages', 'three');
      log.write('warning', 'host', 'four');
      log.write('information', 'host', 'five');
    });
    expect([...text.matchAll(/(\w+)\n/g)].map((match) => match[1])).toEqual(['one', 'four']);
  });

  test.each<[Record<string, string>, string]>([
    [{}, 'information'],
    [{ Default: 'Warning' }, 'warning'],
    [{ function: 'Error', Default: 'Warning' }, 'error'],
    [{ 'Function.tur': 'Debug', Function: 'Error' }, 'debug'],
    [{ 'Function.turns.User.More': 'Debug', Host: 'None' }, 'information'],
    [{ default: 'loud' }, 'information'],
  ])('%j means %s for Function.turns.User', (levels, level) => {
    expect(levelOf('Function.turns.User', levels)).toBe(level);
  });

  test("what the app writes with console has the host's category for it", () => {
    const write = (log: ReturnType<typeof consoleLog>): void => log.write('information', 'app', 'hello');
    expect(written({ default: 'Error', 'Host.Function.Console': 'Information' }, write)).toMatch(/hello/);
    expect(written({ Host: 'Error' }, write)).toBe('');
    expect(written({ Function: 'Error' }, write)).toMatch(/hello/);
  });
});

describe('errors in one line', () => {
  test('whatever is thrown', () => {
    expect(oneLine(new TypeError('a\n  b'))).toBe('TypeError: a b');
    expect(oneLine(new Error("Cannot find module 'x'\nRequire stack:\n- /a\n- /b"))).toBe("Cannot find module 'x'");
    expect(oneLine('text')).toBe('text');
    expect(oneLine(undefined)).toBe('undefined');
    expect(oneLine({ message: 7 })).toBe('[object Object]');
  });

  test('with the first place that is the app’s own', () => {
    const error = new Error('x');
    error.stack = [
      'Error: x',
      '    at lib (/app/node_modules/lib/index.js:1:2)',
      '    at Object.<anonymous> (/app/functions/turns.ts:12:5)',
      '    at run (node:internal/x:1:1)',
    ].join('\n');
    expect(placeOf(error, '/app')).toBe(' (functions/turns.ts:12:5)');
    expect(placeOf('x', '/app')).toBe('');
  });
});

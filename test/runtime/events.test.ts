import { expect, test } from '@jest/globals';
import { type EventFields, logEvent } from '../../src/runtime/events';

/** What a log gets of these fields. */
function logged(fields: Readonly<Record<string, unknown>>): unknown {
  const events: unknown[] = [];
  logEvent({ event: (_level, _name, kept) => events.push(kept) }, 'refused', fields as EventFields);
  return events[0];
}

test('a field that is not on the list is left out', () => {
  expect(logged({ text: 'hello', from: 'User', token: 'eyJ', activity: 'a', attempt: 2 })).toEqual({
    activity: 'a',
    attempt: 2,
  });
});

test.each([
  ['TypeError', 'TypeError'],
  ['ECONNRESET', 'ECONNRESET'],
  ['Cannot read "hello"', 'unnamed'],
  ['user@example.com', 'unnamed'],
  ['a\nb', 'unnamed'],
  ['x'.repeat(200), 'unnamed'],
  ['', 'unnamed'],
])('what somebody has named is kept where it is a name: %j', (said, kept) => {
  expect(logged({ error: said, code: said, reason: said })).toEqual({ error: kept, code: kept, reason: kept });
});

test.each([
  'HTTP 503',
  'HTTP 503 ServiceUnavailable',
  'no token, AADSTS7000215',
  'the service URL is not one of a known channel',
  'circuit open',
])('a reason may be several words: %s', (reason) => {
  expect(logged({ reason, error: reason })).toEqual({ reason, error: 'unnamed' });
});

test.each([
  ['smba.trafficmanager.net', 'smba.trafficmanager.net'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['[::1]', '[::1]'],
  ['evil.example/path', 'unnamed'],
  ['user@evil.example', 'unnamed'],
  ['evil.example\nlevel=error', 'unnamed'],
  ['a'.repeat(254), 'unnamed'],
])('a host is kept where it is one: %j', (host, kept) => {
  expect(logged({ host })).toEqual({ host: kept });
});

test('a log that throws stops nothing', () => {
  const log = {
    event: () => {
      throw new Error('full');
    },
  };
  expect(() => logEvent(log, 'refused', {})).not.toThrow();
});

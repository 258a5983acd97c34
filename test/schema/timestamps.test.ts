import { describe, expect, test } from '@jest/globals';
import { withDates } from '../../src/schema/timestamps';
import { incoming, onTheWire } from '../support/run-bot';

describe('timestamps of an activity', () => {
  const activity = incoming({
    timestamp: onTheWire('2026-01-02T03:04:05.1234567Z'),
    localTimestamp: onTheWire('2026-01-02T04:04:05.1234567+01:00'),
    expiration: onTheWire('2026-01-03T00:00:00Z'),
    channelData: { a: [1] },
  });

  test('are dates', () => {
    const copy = withDates(activity);
    expect(copy.timestamp).toBeInstanceOf(Date);
    expect((copy.timestamp as Date).getTime()).toBe(Date.parse('2026-01-02T03:04:05.123Z'));
    expect((copy.localTimestamp as Date).toISOString()).toBe('2026-01-02T03:04:05.123Z');
    expect(copy.rawTimestamp).toBe(activity.timestamp);
    expect(copy.rawLocalTimestamp).toBe(activity.localTimestamp);
  });

  test('serialize exactly as they came', () => {
    expect(JSON.stringify(withDates(activity))).toBe(JSON.stringify(activity));
  });

  test('serialize as what they were changed to', () => {
    const copy = withDates(activity);
    (copy.timestamp as Date).setTime(0);
    expect(JSON.parse(JSON.stringify(copy))).toMatchObject({ timestamp: '1970-01-01T00:00:00.000Z' });
  });

  test('stay as they are when they are no time, or absent', () => {
    expect(withDates(incoming({ timestamp: onTheWire('yesterday') })).timestamp).toBe('yesterday');
    expect(Object.keys(withDates(incoming()))).toEqual(Object.keys(incoming()));
  });

  test('the copy shares nothing with the original', () => {
    const copy = withDates(activity);
    (copy.channelData as { a: number[] }).a.push(2);
    copy.from.id = 'somebody else';
    expect(activity).toMatchObject({ channelData: { a: [1] }, from: { id: 'user-1' } });
    expect(typeof activity.timestamp).toBe('string');
  });
});

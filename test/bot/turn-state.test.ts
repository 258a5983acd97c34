import { describe, expect, test } from '@jest/globals';
import { TurnContextStateCollection } from '../../src/bot/turn-state';

describe('turnState', () => {
  test('is a map', () => {
    const state = new TurnContextStateCollection();
    const key = Symbol('k');
    expect(state.get(key)).toBeUndefined();
    expect(state.set(key, 1).get<number>(key)).toBe(1);
    expect([state.has(key), state.delete(key), state.has(key)]).toEqual([true, true, false]);
  });

  test('push hides a value and pop brings it back, in depth and per key', () => {
    const state = new TurnContextStateCollection();
    state.set('a', 1);
    state.push('a', 2);
    state.push('b', 'x');
    state.push('a', 3);
    expect(state.get('a')).toBe(3);
    expect(state.pop('a')).toBe(3);
    expect(state.get('a')).toBe(2);
    expect(state.pop('a')).toBe(2);
    expect(state.get('a')).toBe(1);
    expect(state.pop('b')).toBe('x');
    expect(state.get('b')).toBeUndefined();
  });

  test('push without a value keeps the current one visible', () => {
    const state = new TurnContextStateCollection();
    state.set('a', 1);
    state.push('a');
    expect(state.get('a')).toBe(1);
    state.set('a', 2);
    state.pop('a');
    expect(state.get('a')).toBe(1);
  });
});

import { describe, expect, test } from '@jest/globals';
import { BOUNDS } from './bounds';
import { unreadEntries } from './copies';
import { LISTS } from './lists';
import { changed } from './outside-value';

describe.each(Object.entries(LISTS))('%s', (_area, list) => {
  test('has the values that the services have', () => {
    const wrong = list.filter(({ value, copy }) => !copy.has(value));
    expect(wrong.map(({ what, copy }) => `${what} is not in: ${copy.source}`)).toEqual([]);
  });

  test('would notice a change of any character', () => {
    const blind = list.flatMap(({ what, value, copy }) =>
      changed(value)
        .filter((other) => copy.has(other) && copy.alternative?.(other, value) !== true)
        .map((other) => `${what} could be ${other}`),
    );
    expect(blind).toEqual([]);
  });
});

test.each(BOUNDS)('$what: $ours is no more than $theirs', ({ ours, theirs }) => {
  expect(ours).toBeGreaterThan(0);
  expect(ours).toBeLessThanOrEqual(theirs);
});

test('reads everything that documents are quoted for', () => {
  expect(unreadEntries()).toEqual([]);
});

test('counts what it compares, and names what it cannot', () => {
  const all = Object.values(LISTS).flat();
  const ofKind = (kind: string) => all.filter(({ copy }) => copy.kind === kind);
  const counts = ['package', 'document', 'runtime'].map((kind) => `${ofKind(kind).length} with a ${kind}`).join(', ');
  const unconfirmed = ofKind('unconfirmed');
  const lines = unconfirmed.map(({ what, copy }) => `  ${what}: ${copy.reason}`);
  process.stdout.write(
    `${all.length} values of other services: compared ${counts}; ${unconfirmed.length} unconfirmed:\n${lines.join('\n')}\n`,
  );
  expect(unconfirmed.every(({ copy }) => (copy.reason ?? '') !== '')).toBe(true);
});

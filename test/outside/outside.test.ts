import { describe, expect, test } from '@jest/globals';
import { BOUNDS } from './bounds';
import { documentsWithoutEvidence, unreadEntries } from './copies';
import { LISTS } from './lists';
import { COPY_KINDS, changed } from './outside-value';

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

test('knows of each document how it was read', () => {
  expect(documentsWithoutEvidence()).toEqual([]);
});

test('counts what it compares, and names what it cannot', () => {
  const all = Object.values(LISTS).flat();
  const ofKind = (kind: string) => all.filter(({ copy }) => copy.kind === kind);
  const counts = COPY_KINDS.map((kind) => `${ofKind(kind).length} ${kind}`).join(', ');
  const weak = [...ofKind('transcribed'), ...ofKind('unconfirmed')];
  const lines = weak.map(({ what, copy }) => `  ${copy.kind}: ${what}: ${copy.reason}`);
  process.stdout.write(`${all.length} values of other services by their copies: ${counts}.\n${lines.join('\n')}\n`);
  expect(weak.every(({ copy }) => (copy.reason ?? '') !== '')).toBe(true);
});

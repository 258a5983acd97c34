import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { headIdIn, recordId, userId } from '../../src/azure/cosmos-documents';
import type { RecordKind } from '../../src/store/partition';
import { userKey } from '../../src/turn/keys';

const KINDS: readonly (RecordKind | 'steps')[] = ['body', 'state', 'step', 'steps', 'dead', 'inline', 'scheduled'];

/** Names that are kept, names that are replaced by their digest, and names that are spelled like what others are replaced by. */
const names = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ minLength: 201, maxLength: 210 }),
  fc.stringMatching(/^[\w.~:@-]{1,12}$/),
);

const spelledLike = (kind: string, name: string): string[] => {
  const hash = createHash('sha256').update(name).digest('hex');
  return [hash, `_${hash}`, `-${hash}`, `${kind}_${hash}`, `${kind}-${hash}`, recordId(kind as RecordKind, name)];
};

test('no two records of a partition share an id, however their names are spelled', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...KINDS), names), { minLength: 2, maxLength: 6 }), (given) => {
      const all = given.flatMap(([kind, name]) =>
        [name, ...spelledLike(kind, name)].flatMap((each) => KINDS.map((other) => [other, each] as const)),
      );
      const distinct = new Map(all.map(([kind, name]) => [JSON.stringify([kind, name]), recordId(kind, name)]));
      const ids = [...distinct.values(), headIdIn('p'), userId(userKey('c', 'u'))];
      expect(new Set(ids).size).toBe(ids.length);
      for (const id of ids) expect(id).toMatch(/^[\w.~:@-]{1,255}$/);
    }),
    { numRuns: 200 },
  );
});

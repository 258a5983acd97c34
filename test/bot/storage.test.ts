import { expect, test } from '@jest/globals';
import { MemoryStorage } from '../../src/bot/memory-storage';
import { isStorageConflict } from '../../src/bot/storage';

// What every storage does is in test/contracts/storage-contract.ts.

test('a storage in memory may begin with items', async () => {
  const storage = new MemoryStorage({ seeded: '{"x":1}' });
  expect(await storage.read(['seeded', 'missing'])).toEqual({ seeded: { x: 1 } });
});

test('conflicts are told from other errors', () => {
  for (const error of [{ code: 412 }, { statusCode: 412 }, new Error('The condition... Precondition is not met')]) {
    expect(isStorageConflict(error)).toBe(true);
  }
  for (const error of [undefined, null, 'eTag conflict', new Error('away'), { code: 409 }]) {
    expect(isStorageConflict(error)).toBe(false);
  }
});

import { describe, expect, test } from '@jest/globals';
import { MemoryStorage } from '../../src/bot/memory-storage';
import { isStorageConflict, type StoreItem } from '../../src/bot/storage';

async function stored(storage: MemoryStorage, key: string): Promise<StoreItem | undefined> {
  return (await storage.read([key]))[key] as StoreItem | undefined;
}

describe('MemoryStorage', () => {
  test('gives back copies of what was written, with a version', async () => {
    const storage = new MemoryStorage();
    const item = { nested: { kept: [1] } };
    await storage.write({ a: item });
    item.nested.kept.push(2);
    const read = await stored(storage, 'a');
    expect(read).toEqual({ nested: { kept: [1] }, eTag: expect.any(String) });
    (read?.nested as { kept: number[] } | undefined)?.kept.push(3);
    expect(await stored(storage, 'a')).toMatchObject({ nested: { kept: [1] } });
  });

  test('leaves out what is not there, and deletes', async () => {
    const storage = new MemoryStorage({ seeded: '{"x":1}' });
    expect(await storage.read(['seeded', 'missing', '__proto__'])).toEqual({ seeded: { x: 1 } });
    await storage.delete(['seeded', 'missing']);
    expect(await storage.read(['seeded'])).toEqual({});
  });

  test('refuses a write on a version that is not the current one', async () => {
    const storage = new MemoryStorage();
    await storage.write({ a: { n: 1 } });
    const [one, other] = [await stored(storage, 'a'), await stored(storage, 'a')];
    await storage.write({ a: { ...one, n: 2 } });
    const error = await storage.write({ a: { ...other, n: 3 } }).catch((reason: unknown) => reason);
    expect(isStorageConflict(error)).toBe(true);
    expect(await stored(storage, 'a')).toMatchObject({ n: 2 });
  });

  test('overwrites without a version, and with a star', async () => {
    const storage = new MemoryStorage();
    for (const [n, eTag] of [undefined, '', '*'].entries()) {
      await storage.write({ a: eTag === undefined ? { n } : { n, eTag } });
      expect(await stored(storage, 'a')).toMatchObject({ n });
    }
  });

  test('creates what is not there, whatever its version', async () => {
    const storage = new MemoryStorage();
    await storage.write({ a: { eTag: 'never was' } });
    await expect(storage.write({ a: { eTag: 'never was' } })).rejects.toThrow('eTag conflict');
  });

  test('writes all of the changes or none', async () => {
    const storage = new MemoryStorage();
    await storage.write({ a: { n: 1 }, b: { n: 1 } });
    const before = await storage.read(['a', 'b']);
    await expect(storage.write({ a: { n: 2 }, b: { n: 2, eTag: 'old' } })).rejects.toThrow('"b" due to eTag conflict');
    expect(await storage.read(['a', 'b'])).toEqual(before);
  });

  test('says what is missing', async () => {
    const storage = new MemoryStorage();
    await expect(storage.read(undefined as unknown as string[])).rejects.toThrow('Keys are required');
    await expect(storage.write(undefined as unknown as Record<string, unknown>)).rejects.toThrow(
      'Changes are required',
    );
  });
});

test('conflicts are told from other errors', () => {
  for (const error of [{ code: 412 }, { statusCode: 412 }, new Error('The condition... Precondition is not met')]) {
    expect(isStorageConflict(error)).toBe(true);
  }
  for (const error of [undefined, null, 'eTag conflict', new Error('away'), { code: 409 }]) {
    expect(isStorageConflict(error)).toBe(false);
  }
});

import { expect, test } from '@jest/globals';
import { isStorageConflict, type Storage, type StoreItem } from '../../src/bot/storage';

/** What every `Storage` for a bot's own data does. `open` makes an empty one, and another instance on the same data (or the same one). */
export function storageContract(open: () => Promise<{ readonly storage: Storage; readonly other: Storage }>): void {
  const stored = async (storage: Storage, key: string): Promise<StoreItem | undefined> =>
    (await storage.read([key]))[key] as StoreItem | undefined;
  const failure = (write: Promise<void>): Promise<unknown> =>
    write.then(
      () => undefined,
      (error: unknown) => error,
    );

  test('gives back copies of what was written, each write with an eTag of its own', async () => {
    const { storage, other } = await open();
    const item = { nested: { kept: [1] }, none: null, text: 'ü' };
    await storage.write({ a: item });
    item.nested.kept.push(2);
    const first = await stored(other, 'a');
    expect(first).toEqual({ nested: { kept: [1] }, none: null, text: 'ü', eTag: expect.any(String) });
    await storage.write({ a: { ...first } });
    expect((await stored(other, 'a'))?.eTag).not.toBe(first?.eTag);
  });

  test.each(['x', '漢'])('takes keys of 5,000 characters, here %s', async (character) => {
    const { storage, other } = await open();
    const key = character.repeat(5_000);
    await storage.write({ [key]: { n: 1 } });
    expect(await stored(other, key)).toMatchObject({ n: 1 });
    expect(await stored(other, `${key}x`)).toBeUndefined();
    await other.delete([key]);
    expect(await stored(storage, key)).toBeUndefined();
  });

  test('leaves out what is not there; deleting it is no error', async () => {
    const { storage, other } = await open();
    await storage.write({ a: { n: 1 }, b: { n: 2 } });
    expect(Object.keys(await other.read(['b', 'missing', '__proto__', 'a'])).sort()).toEqual(['a', 'b']);
    await storage.delete(['a', 'missing']);
    expect(await other.read(['a', 'missing'])).toEqual({});
    expect(await other.read([])).toEqual({});
  });

  test('refuses a write on a version that is not the current one, and names the key', async () => {
    const { storage, other } = await open();
    await storage.write({ a: { n: 1 } });
    const [mine, theirs] = [await stored(storage, 'a'), await stored(other, 'a')];
    await storage.write({ a: { ...mine, n: 2 } });
    const error = await failure(other.write({ a: { ...theirs, n: 3 } }));
    expect(error).toMatchObject({ code: 'StorageConflict', key: 'a', written: [] });
    expect(String(error)).toContain('eTag conflict');
    expect(isStorageConflict(error)).toBe(true);
    expect(await stored(storage, 'a')).toMatchObject({ n: 2 });
  });

  test('a version does not come back: neither by writing the same, nor by deleting and writing anew', async () => {
    const { storage, other } = await open();
    await storage.write({ a: { n: 1 } });
    const old = await stored(storage, 'a');
    await other.delete(['a']);
    await other.write({ a: { n: 1 } });
    expect(await failure(storage.write({ a: { ...old, n: 2 } }))).toMatchObject({ code: 'StorageConflict' });
  });

  test('overwrites without an eTag, with an empty one, and with a star', async () => {
    const { storage } = await open();
    for (const [n, eTag] of [undefined, undefined, '', '*'].entries()) {
      await storage.write({ a: eTag === undefined ? { n } : { n, eTag } });
      expect(await stored(storage, 'a')).toEqual({ n, eTag: expect.not.stringMatching(/^\*?$/) });
    }
  });

  test('creates what is not there, whatever its eTag: once', async () => {
    const { storage, other } = await open();
    const created = await Promise.all(
      [storage, other].map((each, n) => failure(each.write({ a: { n, eTag: 'never was' } }))),
    );
    expect(created.filter((error) => error === undefined)).toHaveLength(1);
    expect(created.filter(isStorageConflict)).toHaveLength(1);
  });

  test('counters that many raise at once are exact', async () => {
    const { storage, other } = await open();
    const raise = async (each: Storage): Promise<void> => {
      for (;;) {
        const item = (await stored(each, 'count')) ?? { n: 0, eTag: 'never was' };
        const error = await failure(each.write({ count: { ...item, n: Number(item.n) + 1 } }));
        if (error === undefined) return;
        if (!isStorageConflict(error)) throw error;
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, index) => raise(index % 2 ? other : storage)));
    expect(await stored(storage, 'count')).toMatchObject({ n: 8 });
  });

  test('of several items with a conflict among them none is written', async () => {
    const { storage } = await open();
    await storage.write({ a: { n: 1 }, b: { n: 1 } });
    const before = await storage.read(['a', 'b']);
    const error = await failure(storage.write({ a: { n: 2 }, b: { n: 2, eTag: 'old' }, c: { n: 2 } }));
    expect(error).toMatchObject({ code: 'StorageConflict', key: 'b', written: [] });
    expect(await storage.read(['a', 'b', 'c'])).toEqual(before);
  });

  test('keys may hold any character, and be long', async () => {
    const { storage, other } = await open();
    const keys = ['!@#$%^&*()_+??><":QASD~`', 'a/b\\c#d?', 'ö\t\n ', '__proto__', 'constructor', 'k'.repeat(3_000), ''];
    await storage.write(Object.fromEntries(keys.map((key, n) => [key, { n }])));
    const found = await other.read(keys);
    expect(Object.keys(found).sort()).toEqual([...keys].sort());
    for (const [n, key] of keys.entries())
      expect(Object.entries(found).find(([each]) => each === key)?.[1]).toMatchObject({ n });
    await storage.delete(keys);
    expect(await other.read(keys)).toEqual({});
  });

  test('says what is missing', async () => {
    const { storage } = await open();
    await expect(storage.read(undefined as never)).rejects.toThrow('Keys are required');
    await expect(storage.write(undefined as never)).rejects.toThrow('Changes are required');
  });
}

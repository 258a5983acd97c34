import { isStorageConflict, type Storage } from '../bot/storage';

/** A page is full with this many entries, or with this much JSON, so that it stays an item that every storage takes. */
const PAGE_ENTRIES = 20;
const PAGE_CHARACTERS = 256 * 1024;

/** More writers than this at once on one page, again and again, means that something is wrong. */
const MAX_TRIES = 50;

/** A version that no item has: a write with it succeeds only while there is no item. */
const NOT_THERE = '-';

interface Page<T> {
  readonly entries: readonly T[];
  readonly eTag?: string;
}

/**
 * A list that grows at its end, on a `Storage`: one item per page, and one that says roughly where the end is. Several writers may
 * append at once; the pages' versions keep each from overwriting the others.
 */
export class StorageLog<T> {
  /** @param name under which its items are stored */
  constructor(
    private readonly storage: Storage,
    private readonly name: string,
  ) {}

  /** Adds an entry at the end. @throws what the storage throws */
  async append(entry: T): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const { number, page, hint } = await this.end();
      const entries = [...(page?.entries ?? []), entry];
      const changes: Record<string, unknown> = { [this.key(number)]: { entries, eTag: page?.eTag ?? NOT_THERE } };
      // Only a hint: another writer may set it back, and the search for the end goes on from there.
      if (number !== hint) changes[this.hintKey] = { number };
      if (await this.wrote(changes, tries)) return;
    }
  }

  /** The entries of a page, or `undefined` past the last. */
  async page(number: number): Promise<readonly T[] | undefined> {
    return (await this.read(number))?.entries;
  }

  /** Removes the entries for which `isGone` holds. Pages stay where they are, with fewer entries. */
  async remove(isGone: (entry: T) => boolean): Promise<void> {
    for (let number = 0; ; number += 1) {
      for (let tries = 1; ; tries += 1) {
        const page = await this.read(number);
        if (page === undefined) return;
        const entries = page.entries.filter((entry) => !isGone(entry));
        if (entries.length === page.entries.length) break;
        if (await this.wrote({ [this.key(number)]: { ...page, entries } }, tries)) break;
      }
    }
  }

  /** Removes everything. From the end, so that what is left when it fails half-way can be found and removed again. */
  async clear(): Promise<void> {
    let number = 0;
    while ((await this.read(number)) !== undefined) number += 1;
    for (; number > 0; number -= 1) await this.storage.delete([this.key(number - 1)]);
    await this.storage.delete([this.hintKey]);
  }

  private async end(): Promise<{ readonly number: number; readonly page: Page<T> | undefined; readonly hint: number }> {
    const stored = (await this.storage.read([this.hintKey]))[this.hintKey] as { readonly number: number } | undefined;
    const hint = stored?.number ?? 0;
    for (let number = hint; ; number += 1) {
      const page = await this.read(number);
      if (page === undefined || !isFull(page)) return { number, page, hint };
    }
  }

  private async read(number: number): Promise<Page<T> | undefined> {
    const key = this.key(number);
    return (await this.storage.read([key]))[key] as Page<T> | undefined;
  }

  private async wrote(changes: Record<string, unknown>, tries: number): Promise<boolean> {
    try {
      await this.storage.write(changes);
      return true;
    } catch (error) {
      if (!isStorageConflict(error) || tries >= MAX_TRIES) throw error;
      return false;
    }
  }

  private key(number: number): string {
    return `${this.name}/${number}`;
  }

  private get hintKey(): string {
    return `${this.name}/end`;
  }
}

function isFull({ entries }: Page<unknown>): boolean {
  return entries.length >= PAGE_ENTRIES || JSON.stringify(entries).length >= PAGE_CHARACTERS;
}

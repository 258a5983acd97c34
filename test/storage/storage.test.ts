import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AppStorage } from '../../src/bot/app-storage';
import { MemoryStorage } from '../../src/bot/memory-storage';
import type { Storage } from '../../src/bot/storage';
import { createMemoryStore } from '../../src/memory/memory-store';
import type { Items } from '../../src/ports/items';
import type { Store } from '../../src/ports/store';
import { DurableStorage } from '../../src/runtime/durable-storage';
import { systemClock, systemIds } from '../../src/runtime/system';
import { TurnwiseError } from '../../src/schema/errors';
import { createSqliteStore } from '../../src/sqlite/sqlite-store';
import { StoreFault } from '../../src/turn/fault';
import { storageContract } from '../contracts/storage-contract';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { cosmosStores } from '../support/cosmos-under-test';
import { createShiftedClock } from '../support/shifted-clock';

const storageOf = (items: Items, clock = systemClock): Storage =>
  new DurableStorage({ items, clock, ids: systemIds, ready: async () => {} });

describe('MemoryStorage', () => {
  storageContract(async () => {
    const storage = new MemoryStorage();
    return { storage, other: storage };
  });
});

describe('the store in memory', () => {
  storageContract(async () => {
    const { items } = createMemoryStore(systemClock);
    return { storage: storageOf(items), other: storageOf(items) };
  });
});

describe('the store in SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'turnwise-storage-'));
  const stores: Store[] = [];
  afterAll(async () => {
    for (const store of stores) await store.close();
    rmSync(folder, { recursive: true });
  });
  storageContract(async () => {
    const file = join(folder, `${stores.length}.db`);
    const opened = [0, 1].map(() => createSqliteStore({ file, clock: systemClock }));
    stores.push(...opened);
    const [storage, other] = opened.map(({ items }) => storageOf(items)) as [Storage, Storage];
    return { storage, other };
  });
});

describe('the store in Cosmos DB', () => {
  let gateway: CosmosGateway;
  const stores: Store[] = [];
  beforeAll(async () => {
    gateway = await startCosmosGateway();
  });
  afterAll(async () => {
    for (const store of stores) await store.close();
    await gateway.close();
  });
  const open = (): [Store, Store] => {
    const { make } = cosmosStores(gateway.endpoint, systemClock);
    const opened: [Store, Store] = [make(), make()];
    stores.push(...opened);
    return opened;
  };
  storageContract(async () => {
    const [storage, other] = open().map(({ items }) => storageOf(items)) as [Storage, Storage];
    return { storage, other };
  });

  test('an item that is too large is refused before it is sent, and what is stored stays', async () => {
    const storage = storageOf(open()[0].items);
    await storage.write({ large: { n: 1 } });
    const large = { large: { text: 'x'.repeat(2_000_000) } };
    await expect(storage.write(large)).rejects.toMatchObject({ code: 'RecordTooLarge' });
    await expect(storage.write({ a: { n: 1 }, ...large, b: { n: 1 } })).rejects.toMatchObject({
      code: 'StorageIncomplete',
      key: 'large',
      written: ['a'],
      isKeyWritten: 'no',
    });
    expect(await storage.read(['a', 'large', 'b'])).toMatchObject({ a: { n: 1 }, large: { n: 1 } });
  });
});

describe('a write of several items that fails', () => {
  /** Items whose write of one key fails. */
  const failing = (key: string, failure: () => Promise<'conflict'>): Items => {
    const { items } = createMemoryStore(systemClock);
    return { ...items, write: (...call) => (call[0] === key ? failure() : items.write(...call)) };
  };
  const clock = createShiftedClock();

  test('with a conflict that came in between says exactly which were written', async () => {
    const storage = storageOf(failing('c', async () => 'conflict'));
    const items = { a: { n: 1 }, b: { n: 1 }, c: { n: 1, eTag: 'x' }, d: { n: 1 } };
    await expect(storage.write(items)).rejects.toMatchObject({
      code: 'StorageConflict',
      key: 'c',
      written: ['a', 'b'],
    });
    expect(Object.keys(await storage.read(['a', 'b', 'c', 'd']))).toEqual(['a', 'b']);
  });

  test.each(['no', 'unknown'] as const)(
    'because the store does not answer (applied: %s) says so too',
    async (applied) => {
      const away = async (): Promise<never> => {
        clock.pass(30_000);
        throw new StoreFault(applied, 'away');
      };
      const storage = storageOf(failing('b', away), clock);
      await expect(storage.write({ a: { n: 1 }, b: { n: 1 }, c: { n: 1 } })).rejects.toMatchObject({
        code: 'StorageIncomplete',
        key: 'b',
        written: ['a'],
        isKeyWritten: applied,
        cause: { applied },
      });
      await expect(storage.write({ b: { n: 1 } })).rejects.toBeInstanceOf(StoreFault);
    },
  );

  test('because of what JSON cannot hold has written nothing', async () => {
    const storage = storageOf(createMemoryStore(systemClock).items);
    await expect(storage.write({ a: { n: 1 }, b: { n: 1n } })).rejects.toMatchObject({ code: 'ItemNotJson' });
    expect(await storage.read(['a'])).toEqual({});
  });
});

test('a write whose outcome stayed unknown, and that is repeated, is no conflict with itself', async () => {
  const { items } = createMemoryStore(systemClock);
  let failures = 0;
  const storage = storageOf({
    ...items,
    write: async (...call) => {
      const outcome = await items.write(...call);
      failures += 1;
      if (failures % 2 === 1) throw new StoreFault('unknown', 'reset');
      return outcome;
    },
  });
  await storage.write({ a: { n: 1, eTag: 'never was' } });
  const { a } = await storage.read(['a']);
  await storage.write({ a: { ...(a as object), n: 2 } });
  expect(await storage.read(['a'])).toMatchObject({ a: { n: 2 } });
});

test('the storage of an app says when it belongs to none, and works once it does', async () => {
  const storage = new AppStorage();
  await expect(storage.read(['a'])).rejects.toThrow(TurnwiseError);
  await expect(storage.read(['a'])).rejects.toMatchObject({ code: 'StorageNotAttached' });
  storage.attach(new MemoryStorage());
  await storage.write({ a: { n: 1 } });
  expect(await storage.read(['a'])).toMatchObject({ a: { n: 1 } });
});

import { TurnwiseError } from '../schema/errors';
import type { Storage, StoreItems } from './storage';

/**
 * The storage of the app: items in the store that the app's settings name, beside its conversations. Made where the bot is made, and given
 * to `createBotApp({ bot, storage })`, which attaches it; in a test, attach a `MemoryStorage`.
 *
 * ```ts
 * const storage = new AppStorage();
 * const bot = new ActivityHandler().onMessage(async () => { ... await storage.read(['prices']) ... });
 * export const app = createBotApp({ bot, storage });
 * ```
 *
 * Writes are made at once and not with the turn: a turn that runs again makes them again. What belongs to a turn belongs into
 * state.
 */
export class AppStorage implements Storage {
  private attached: Storage | undefined;

  /** Says where the items are, from now on. */
  attach(storage: Storage): void {
    this.attached = storage;
  }

  /** @throws TurnwiseError `StorageNotAttached`; what the storage throws */
  async read(keys: string[]): Promise<StoreItems> {
    return this.storage.read(keys);
  }

  /** @throws StorageConflictError; StorageIncompleteError; as {@link read} */
  async write(changes: StoreItems): Promise<void> {
    await this.storage.write(changes);
  }

  /** @throws StorageIncompleteError; as {@link read} */
  async delete(keys: string[]): Promise<void> {
    await this.storage.delete(keys);
  }

  private get storage(): Storage {
    if (this.attached === undefined) throw new TurnwiseError('StorageNotAttached');
    return this.attached;
  }
}

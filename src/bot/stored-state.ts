import { canonicalJson, jsonCopy } from './canonical-json';
import type { StateView } from './state-view';
import type { Storage, StoreItem } from './storage';
import type { TurnContext } from './turn-context';

/** Names the item of a storage that has a state. */
export type StorageKeyFactory = (context: TurnContext) => string | Promise<string>;

interface Cached {
  readonly state: StateView;
  /** Of the state as it is stored; empty when it has to be written in any case. */
  saved: string;
}

/**
 * State in a storage of its author's, as the Bot Framework SDK keeps it: read once per context, written by `save`, and the last write wins.
 * It is no part of the turn's transaction.
 */
export class StoredState {
  private readonly cacheKey = Symbol('turnwise.storedState');

  constructor(
    private readonly storage: Storage,
    private readonly keyOf: StorageKeyFactory,
  ) {}

  async load(context: TurnContext, force: boolean): Promise<StateView> {
    const cached = this.cached(context);
    if (cached !== undefined && !force) return cached.state;
    const key = await this.keyOf(context);
    const state = ((await this.storage.read([key]))[key] ?? {}) as StateView;
    context.turnState.set(this.cacheKey, { state, saved: fingerprint(state) });
    return state;
  }

  get(context: TurnContext): StateView | undefined {
    return this.cached(context)?.state;
  }

  /** Writes what was changed; with `force`, whatever there is. */
  async save(context: TurnContext, force: boolean): Promise<void> {
    const cached = this.cached(context) ?? { state: {}, saved: '' };
    const changed = context.turnState.has(this.cacheKey) && cached.saved !== fingerprint(cached.state);
    if (!changed && !force) return;
    const item = cached.state as StoreItem;
    item.eTag = '*';
    await this.storage.write({ [await this.keyOf(context)]: item });
    cached.saved = fingerprint(cached.state);
    context.turnState.set(this.cacheKey, cached);
  }

  /** Empties the state; the next save writes that. */
  clear(context: TurnContext): void {
    context.turnState.set(this.cacheKey, { state: {}, saved: '' });
  }

  /** Removes the state from the storage. */
  async delete(context: TurnContext): Promise<void> {
    context.turnState.delete(this.cacheKey);
    await this.storage.delete([await this.keyOf(context)]);
  }

  private cached(context: TurnContext): Cached | undefined {
    return context.turnState.get<Cached>(this.cacheKey);
  }
}

function fingerprint({ eTag: _, ...properties }: StateView): string {
  return canonicalJson(jsonCopy(properties));
}

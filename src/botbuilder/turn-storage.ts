import { AsyncLocalStorage } from 'node:async_hooks';
import { jsonCopy } from '../bot/canonical-json';
import { runningTurn } from '../bot/running-turn';
import type { Storage, StoreItems } from '../bot/storage';
import type { StateDocument, StateScope } from '../bot/turn';
import type { TurnContext } from '../bot/turn-context';
import { TurnwiseError } from '../schema/errors';

/** What a key of the Bot Framework's state says. */
interface Place {
  readonly scope: StateScope;
  /** The second argument of `new ConversationState(storage, namespace)`; usually empty. */
  readonly namespace: string;
}

/**
 * A `Storage` of the Bot Framework SDK that is the running turn's transaction: what a `ConversationState`, `UserState` or
 * `PrivateConversationState` of `botbuilder` saves to it is stored when the turn commits, together with the replies, or not
 * at all. It holds nothing itself, and works in the turns of a `fromBotBuilder` that it was given to.
 *
 * The properties lie where Turnwise's own state classes have them, so that a bot can change over one class at a time.
 */
export class TurnStorage implements Storage {
  private readonly running = new AsyncLocalStorage<TurnContext>();

  /** Runs a turn whose storage this is. */
  during<T>(context: TurnContext, run: () => Promise<T>): Promise<T> {
    return this.running.run(context, run);
  }

  /** @throws TurnwiseError `NoTurn`; `StateElsewhere` for a key that is not of this turn's conversation or user */
  async read(keys: string[]): Promise<StoreItems> {
    const found: StoreItems = {};
    for (const key of keys) {
      const item = await this.item(key);
      if (item !== undefined) found[key] = copyOf(item);
    }
    return found;
  }

  /** @throws as {@link read} */
  async write(changes: StoreItems): Promise<void> {
    for (const [key, item] of Object.entries(changes)) {
      // What their state classes put there to say that the last write wins. Here the transaction decides.
      const { eTag: _, ...properties } = item as Record<string, unknown>;
      const { document, namespace } = await this.open(key);
      if (namespace !== '') document.set(namespace, properties);
      else replace(document, properties);
    }
  }

  /** @throws as {@link read} */
  async delete(keys: string[]): Promise<void> {
    for (const key of keys) {
      const { document, namespace } = await this.open(key);
      if (namespace === '') document.clear();
      else document.delete(namespace);
    }
  }

  private async item(key: string): Promise<unknown> {
    const { document, namespace } = await this.open(key);
    if (namespace !== '') return document.get(namespace);
    const properties = document.all();
    return Object.keys(properties).length === 0 ? undefined : properties;
  }

  private async open(key: string): Promise<{ readonly document: StateDocument; readonly namespace: string }> {
    const context = this.running.getStore();
    if (context === undefined) throw new TurnwiseError('NoTurn');
    const { scope, namespace } = placeOf(key, context);
    return { document: await runningTurn(context).state(scope), namespace };
  }
}

/** The state that a key names, if it is one of the turn. */
function placeOf(key: string, { activity }: TurnContext): Place {
  const conversation = `${activity.channelId}/conversations/${activity.conversation.id}/`;
  const user = activity.from?.id;
  // The longest first: the state of a user in a conversation begins like that of the conversation.
  const places: readonly (readonly [StateScope, string | undefined])[] = [
    ['private', user === undefined ? undefined : `${conversation}users/${user}/`],
    ['conversation', conversation],
    ['user', user === undefined ? undefined : `${activity.channelId}/users/${user}/`],
  ];
  for (const [scope, prefix] of places) {
    if (prefix !== undefined && key.startsWith(prefix)) return { scope, namespace: key.slice(prefix.length) };
  }
  throw new TurnwiseError('StateElsewhere');
}

/** Copies a state. In a step it is a view, which cannot be cloned, of what is JSON at the commit. */
function copyOf(item: unknown): unknown {
  try {
    return structuredClone(item);
  } catch {
    return jsonCopy(item);
  }
}

function replace(document: StateDocument, properties: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(document.all())) if (!Object.hasOwn(properties, name)) document.delete(name);
  for (const [name, value] of Object.entries(properties)) document.set(name, structuredClone(value));
}

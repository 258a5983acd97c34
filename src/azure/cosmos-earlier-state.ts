import type { Container } from '@azure/cosmos';
import type { EarlierPlace, EarlierState } from '../ports/earlier-state';
import { conversationKey, partsOfKey, userKey } from '../turn/keys';
import type { StateData } from '../turn/user-state';
import { createClient } from './cosmos-client';
import type { CosmosConnection } from './cosmos-connection';
import { refusal } from './cosmos-outcome';
import { within } from './within';

export interface EarlierStateOptions extends Omit<CosmosConnection, 'create'> {
  readonly container: string;
}

/** For one page of a query, or one deletion. In ms. */
const LIMIT_MS = 5_000;

/** A document as `CosmosDbPartitionedStorage` of botbuilder-azure and of the Agents SDK writes it. */
interface EarlierDocument {
  readonly id: string;
  /** The state's key. `id` is made of it: characters escaped, and cut or hashed when it is long, in several ways. */
  readonly realId?: unknown;
  readonly document?: unknown;
}

/** Parts of a state's key. `namespace` is empty for state without one. */
interface StateName {
  readonly place: EarlierPlace;
  readonly namespace: string;
}

interface Query {
  readonly query: string;
  readonly parameters: { readonly name: string; readonly value: string }[];
}

/**
 * State documents of a container of the Bot Framework SDK or the Agents SDK. They are found by `realId`, which every version of them
 * writes whole, so that what became of a key in `id` does not matter.
 */
export class CosmosEarlierState implements EarlierState {
  private container: Container | undefined;
  private keyPath: Promise<string> | undefined;

  constructor(private readonly options: EarlierStateOptions) {}

  async read(place: EarlierPlace): Promise<StateData | undefined> {
    const name = nameOf(place);
    const others = place.conversation !== undefined && place.user === undefined ? `${name}/users/` : undefined;
    const found: EarlierDocument[] = [];
    for await (const page of this.pages(documentsOf(name, others))) found.push(...page);
    if (found.length === 0) return undefined;
    return merged(name, found);
  }

  async *places(): AsyncIterable<EarlierPlace | undefined> {
    for await (const page of this.pages({ query: 'SELECT c.id, c.realId FROM c', parameters: [] })) {
      for (const { realId } of page) yield typeof realId === 'string' ? parseName(realId)?.place : undefined;
    }
  }

  async remove(place: EarlierPlace): Promise<number> {
    const queries = [documentsOf(nameOf(place), undefined)];
    if (place.conversation === undefined) queries.push(inConversations(place));
    let removed = 0;
    for (const query of queries) {
      const ids: string[] = [];
      for await (const page of this.pages(query)) ids.push(...page.map(({ id }) => id));
      for (const id of ids) removed += await this.removeOne(id);
    }
    return removed;
  }

  private async removeOne(id: string): Promise<number> {
    // Containers of old have no partition key, and take none.
    const partition = (await this.partitionKeyPath()) === '/_partitionKey' ? undefined : id;
    try {
      await within(this.open().item(id, partition).delete(), LIMIT_MS);
      return 1;
    } catch (error) {
      if (refusal(error, 'write') === 'absent') return 0;
      throw error;
    }
  }

  private async *pages(query: Query): AsyncIterable<readonly EarlierDocument[]> {
    const iterator = this.open().items.query<EarlierDocument>(query, { maxItemCount: 100 });
    while (iterator.hasMoreResults()) {
      yield await this.asked(iterator.fetchNext().then(({ resources }) => resources ?? []));
    }
  }

  private partitionKeyPath(): Promise<string> {
    this.keyPath ??= this.asked(
      this.open()
        .read()
        .then(({ resource }) => resource?.partitionKey?.paths[0] ?? '/_partitionKey'),
    ).catch((error: unknown) => {
      this.keyPath = undefined;
      throw error;
    });
    return this.keyPath;
  }

  /** A container that is not there is no empty one. @throws StoreFault */
  private async asked<T>(answer: Promise<T>): Promise<T> {
    try {
      return await within(answer, LIMIT_MS);
    } catch (error) {
      refusal({ ...(error as object), code: codeOf(error), substatus: OWNER_MISSING }, 'read');
      throw error;
    }
  }

  private open(): Container {
    const { database, container } = this.options;
    this.container ??= createClient({ ...this.options, create: false }, LIMIT_MS)
      .database(database)
      .container(container);
    return this.container;
  }
}

/** Makes of a 404 that it is the container that is missing. */
const OWNER_MISSING = 1003;

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown } | undefined)?.code;

/** Keys as both SDKs make them, without what follows the last id: a slash and the namespace in JavaScript, nothing in .NET. */
function nameOf({ conversation, user }: EarlierPlace): string {
  if (conversation === undefined) {
    const { channelId, id } = partsOfKey(user);
    return `${channelId}/users/${id}`;
  }
  const { channelId, id } = partsOfKey(conversation);
  const name = `${channelId}/conversations/${id}`;
  return user === undefined ? name : `${name}/users/${partsOfKey(user).id}`;
}

function documentsOf(name: string, others: string | undefined): Query {
  const none = others === undefined ? '' : ' AND NOT STARTSWITH(c.realId, @others)';
  return {
    query: `SELECT * FROM c WHERE c.realId = @name OR (STARTSWITH(c.realId, @prefix)${none})`,
    parameters: [
      { name: '@name', value: name },
      { name: '@prefix', value: `${name}/` },
      ...(others === undefined ? [] : [{ name: '@others', value: others }]),
    ],
  };
}

/** The state of a user in conversations. */
function inConversations({ user }: Extract<EarlierPlace, { conversation?: never }>): Query {
  const { channelId, id } = partsOfKey(user);
  return {
    query:
      'SELECT * FROM c WHERE STARTSWITH(c.realId, @channel) AND (ENDSWITH(c.realId, @end) OR CONTAINS(c.realId, @within))',
    parameters: [
      { name: '@channel', value: `${channelId}/conversations/` },
      { name: '@end', value: `/users/${id}` },
      { name: '@within', value: `/users/${id}/` },
    ],
  };
}

/** What lies under a namespace becomes the property of that name, as it is here. */
function merged(name: string, documents: readonly EarlierDocument[]): StateData {
  const parts = documents.flatMap(({ realId, document }): [string, unknown][] => {
    const { eTag: _, ...properties } = (document ?? {}) as Record<string, unknown>;
    const namespace = String(realId).slice(name.length + 1);
    return namespace === '' ? Object.entries(properties) : [[namespace, properties]];
  });
  return Object.fromEntries(parts);
}

const STATE_NAME = /^([^/]+)\/(conversations|users)\/(.+)$/s;

/** Takes a state's key apart; `undefined` for the key of anything else. */
export function parseName(realId: string): StateName | undefined {
  const [, channelId, kind, rest] = STATE_NAME.exec(realId) ?? [];
  if (channelId === undefined || rest === undefined) return undefined;
  const [first = '', second] = kind === 'conversations' ? rest.split(/\/users\/(.*)/s) : [rest];
  const last = second ?? first;
  const slash = last.lastIndexOf('/');
  const id = slash < 0 ? last : last.slice(0, slash);
  const namespace = slash < 0 ? '' : last.slice(slash + 1);
  if (id === '') return undefined;
  if (kind === 'users') return { place: { user: userKey(channelId, id) }, namespace };
  if (second === undefined) return { place: { conversation: conversationKey(channelId, id) }, namespace };
  return { place: { conversation: conversationKey(channelId, first), user: userKey(channelId, id) }, namespace };
}

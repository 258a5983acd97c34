import type { Container } from '@azure/cosmos';
import type { EarlierPlace, EarlierState } from '../ports/earlier-state';
import { conversationKey, partsOfKey, type UserKey, userKey } from '../turn/keys';
import type { StateData } from '../turn/user-state';
import { createClient } from './cosmos-client';
import type { CosmosConnection } from './cosmos-connection';
import { refusal } from './cosmos-outcome';
import { within } from './within';

export interface EarlierStateOptions extends Omit<CosmosConnection, 'create'> {
  readonly container: string;
  /** Namespaces that the bot gave to its states; none by default. */
  readonly namespaces?: readonly string[];
}

/** Time for one page of a query in a turn, in ms. */
const LIMIT_MS = 5_000;

/** Time for one page, or one deletion, of a command that looks through everything, in ms: with the waits that the service asks for. */
const PATIENT_LIMIT_MS = 60_000;

/** Time for one of its requests, in ms. */
const PATIENT_REQUEST_MS = 15_000;

/** Time of such waits with one request, in ms. */
const PATIENCE_MS = 45_000;

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
 * writes whole, so that what became of a key in `id` does not matter. A document is a place's only if its key is the place's name, with a
 * slash, or with a slash and one of the listed namespaces: ids may contain slashes, so what merely begins alike can be another user's.
 */
export class CosmosEarlierState implements EarlierState {
  readonly #options: EarlierStateOptions;
  readonly #endings: readonly string[];
  readonly #containers = new Map<boolean, Container>();
  #keyPath: Promise<string> | undefined;

  constructor(options: EarlierStateOptions) {
    this.#options = options;
    this.#endings = endingsOf(options.namespaces ?? []);
  }

  async read(place: EarlierPlace): Promise<StateData | undefined> {
    const name = nameOf(place);
    const found: EarlierDocument[] = [];
    for await (const page of this.#pages(this.#documentsOf(name), false)) found.push(...page);
    if (found.length === 0) return undefined;
    return merged(name, found);
  }

  async *places(): AsyncIterable<EarlierPlace | undefined> {
    const { namespaces } = this.#options;
    for await (const page of this.#pages({ query: 'SELECT c.id, c.realId FROM c', parameters: [] }, true)) {
      for (const { realId } of page)
        yield typeof realId === 'string' ? parseName(realId, namespaces)?.place : undefined;
    }
  }

  async remove(place: EarlierPlace): Promise<number> {
    const queries = [this.#documentsOf(nameOf(place))];
    if (place.conversation === undefined) queries.push(this.#inConversations(place));
    else if (place.user === undefined) queries.push(usersIn(nameOf(place)));
    const isMeant = (realId: unknown): boolean =>
      place.conversation !== undefined || isOfUser(String(realId), place.user, this.#endings);
    let removed = 0;
    for (const query of queries) {
      const ids: string[] = [];
      for await (const page of this.#pages(query, true)) {
        ids.push(...page.filter(({ realId }) => isMeant(realId)).map(({ id }) => id));
      }
      for (const id of ids) removed += await this.#removeOne(id);
    }
    return removed;
  }

  #documentsOf(name: string): Query {
    const parameters = this.#endings.map((ending, index) => ({ name: `@name${index}`, value: `${name}${ending}` }));
    return {
      query: `SELECT * FROM c WHERE ${parameters.map((each) => `c.realId = ${each.name}`).join(' OR ')}`,
      parameters,
    };
  }

  /** Documents that may be the state of a user in conversations: of those found, some are not. */
  #inConversations({ user }: UserPlace): Query {
    const { channelId, id } = partsOfKey(user);
    const ends = this.#endings.map((ending, index) => ({ name: `@end${index}`, value: `/users/${id}${ending}` }));
    return {
      query: `SELECT * FROM c WHERE STARTSWITH(c.realId, @channel) AND (${ends.map((each) => `ENDSWITH(c.realId, ${each.name})`).join(' OR ')})`,
      parameters: [{ name: '@channel', value: `${channelId}/conversations/` }, ...ends],
    };
  }

  async #removeOne(id: string): Promise<number> {
    // Containers of old have no partition key, and take none.
    const partition = (await this.#partitionKeyPath()) === '/_partitionKey' ? undefined : id;
    try {
      await within(this.#open(true).item(id, partition).delete(), PATIENT_LIMIT_MS);
      return 1;
    } catch (error) {
      if (refusal(error, 'write') === 'absent') return 0;
      throw error;
    }
  }

  async *#pages(query: Query, patient: boolean): AsyncIterable<readonly EarlierDocument[]> {
    const iterator = this.#open(patient).items.query<EarlierDocument>(query, { maxItemCount: 100 });
    while (iterator.hasMoreResults()) {
      yield await this.#asked(
        iterator.fetchNext().then(({ resources }) => resources ?? []),
        patient,
      );
    }
  }

  #partitionKeyPath(): Promise<string> {
    this.#keyPath ??= this.#asked(
      this.#open(true)
        .read()
        .then(({ resource }) => resource?.partitionKey?.paths[0] ?? '/_partitionKey'),
      true,
    ).catch((error: unknown) => {
      this.#keyPath = undefined;
      throw error;
    });
    return this.#keyPath;
  }

  /** A container that is not there is no empty one. @throws StoreFault */
  async #asked<T>(answer: Promise<T>, patient: boolean): Promise<T> {
    try {
      return await within(answer, patient ? PATIENT_LIMIT_MS : LIMIT_MS);
    } catch (error) {
      refusal({ ...(error as object), code: codeOf(error), substatus: OWNER_MISSING }, 'read');
      throw error;
    }
  }

  #open(patient: boolean): Container {
    const known = this.#containers.get(patient);
    if (known !== undefined) return known;
    const { database, container } = this.#options;
    const connection = { ...this.#options, create: false };
    const client = patient
      ? createClient(connection, PATIENT_REQUEST_MS, PATIENCE_MS)
      : createClient(connection, LIMIT_MS);
    const opened = client.database(database).container(container);
    this.#containers.set(patient, opened);
    return opened;
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

/** Endings that may follow a name: none (.NET), a slash (JavaScript), or a slash and a namespace. */
function endingsOf(namespaces: readonly string[]): readonly string[] {
  return ['', '/', ...namespaces.map((namespace) => `/${namespace}`)];
}

/** Finds the state of all users in a conversation. */
function usersIn(name: string): Query {
  return {
    query: 'SELECT * FROM c WHERE STARTSWITH(c.realId, @users)',
    parameters: [{ name: '@users', value: `${name}/users/` }],
  };
}

type UserPlace = Extract<EarlierPlace, { conversation?: never }>;

/**
 * Returns whether a document is a user's: the user's own, or the user's in a conversation. Where a key could also be that of another user, whose
 * id contains `/users/`, it is that one's.
 */
function isOfUser(realId: string, user: UserKey, endings: readonly string[]): boolean {
  const { channelId, id } = partsOfKey(user);
  const [own, conversations] = [`${channelId}/users/${id}`, `${channelId}/conversations/`];
  return endings.some((ending) => {
    if (realId === `${own}${ending}`) return true;
    const end = `/users/${id}${ending}`;
    if (!realId.startsWith(conversations) || !realId.endsWith(end)) return false;
    const conversation = realId.slice(conversations.length, realId.length - end.length);
    return conversation !== '' && !conversation.includes('/users/');
  });
}

/** What lies under a namespace becomes the property of that name, as it is here. */
function merged(name: string, documents: readonly EarlierDocument[]): StateData {
  // In one order, whatever the service's: with several of one place, which should not be, the longer key wins.
  const inOrder = [...documents].sort((a, b) => (String(a.realId) < String(b.realId) ? -1 : 1));
  const parts = inOrder.flatMap(({ realId, document }): [string, unknown][] => {
    const { eTag: _, ...properties } = (document ?? {}) as Record<string, unknown>;
    const namespace = String(realId).slice(name.length + 1);
    return namespace === '' ? Object.entries(properties) : [[namespace, properties]];
  });
  return Object.fromEntries(parts);
}

const STATE_NAME = /^([^/]+)\/(conversations|users)\/(.+)$/s;

/**
 * Takes a state's key apart; `undefined` for the key of anything else.
 *
 * @param namespaces those that may follow the last id; what else follows a slash belongs to the id
 */
export function parseName(realId: string, namespaces: readonly string[] = []): StateName | undefined {
  const [, channelId, kind, rest] = STATE_NAME.exec(realId) ?? [];
  if (channelId === undefined || rest === undefined) return undefined;
  const [first = '', second] = kind === 'conversations' ? rest.split(/\/users\/(.*)/s) : [rest];
  const last = second ?? first;
  const namespace = ['', ...namespaces].find((each) => last.endsWith(`/${each}`));
  const id = namespace === undefined ? last : last.slice(0, last.length - namespace.length - 1);
  if (id === '' || first === '') return undefined;
  const user = { user: userKey(channelId, id) };
  const named = { namespace: namespace ?? '' };
  if (kind === 'users') return { place: user, ...named };
  if (second === undefined) return { place: { conversation: conversationKey(channelId, id) }, ...named };
  return { place: { conversation: conversationKey(channelId, first), ...user }, ...named };
}

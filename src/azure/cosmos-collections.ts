import { createHash } from 'node:crypto';
import type { CollectionPage, Collections, ItemDecision } from '../store/collections';
import { StoreFault } from '../turn/fault';
import type { Item } from './cosmos-documents';
import type { Answer, CosmosRequests } from './cosmos-requests';

const MOST_TRIES = 25;

/**
 * Collections in the container of the users: a collection is a partition, named so that no user's can be (their keys have no colon), and an
 * item is read, decided on, and written if its ETag stands. The service removes what has expired some time after it has; until
 * then it is looked over.
 */
export class CosmosCollections implements Collections {
  constructor(private readonly requests: CosmosRequests) {}

  async transactItem<T>(
    collection: string,
    id: string,
    decide: (value: unknown, now: number) => ItemDecision<T>,
  ): Promise<T> {
    await this.requests.ready();
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      if (tries > 0) await this.requests.pause(tries);
      const item = await this.read(collection, id);
      const decision = decide(this.valueOf(item), this.requests.clock.now());
      if (decision.value === undefined && (decision.remove === undefined || item === undefined)) return decision.result;
      const answer = await this.write(collection, id, item?._etag, decision);
      if (answer.ok) return decision.result;
    }
    throw new StoreFault('no', 'The record kept moving.');
  }

  async readItem(collection: string, id: string): Promise<unknown> {
    return this.valueOf(await this.read(collection, id));
  }

  async pageItems(collection: string, from: string | undefined, limit: number): Promise<CollectionPage> {
    const partition = partitionOf(collection);
    const items = await this.requests.query(pageQuery(limit), { '@user': partition, '@from': from ?? '' }, partition);
    const values = items.map((item) => this.valueOf(item)).filter((value) => value !== undefined);
    const last = items.at(-1);
    return last !== undefined && items.length === limit ? { values, next: last.id } : { values };
  }

  private async read(collection: string, id: string): Promise<Item | undefined> {
    const answer = await this.requests.read({ id: itemId(id), partition: partitionOf(collection) });
    return answer.ok ? answer.value : undefined;
  }

  private write(
    collection: string,
    id: string,
    etag: string | undefined,
    { value, expiresAt }: ItemDecision<unknown>,
  ): Promise<Answer<unknown>> {
    const partition = partitionOf(collection);
    const address = { id: itemId(id), partition };
    if (value === undefined) return this.requests.remove(address, etag ?? '');
    const seconds = expiresAt === undefined ? -1 : Math.ceil((expiresAt - this.requests.clock.now()) / 1_000);
    const expiry =
      expiresAt === undefined ? {} : { until: expiresAt, ttl: Math.min(Math.max(1, seconds), LONGEST_TTL_S) };
    const item = { id: address.id, user: partition, value, ...expiry };
    return etag === undefined ? this.requests.create(item, partition) : this.requests.replace(item, partition, etag);
  }

  private valueOf(item: Item | undefined): unknown {
    if (item === undefined || Number(item.until ?? Number.POSITIVE_INFINITY) <= this.requests.clock.now()) {
      return undefined;
    }
    return item.value;
  }
}

/** Returns the text of a query for a page. The partition is said twice, as a server may take that of a request for advice. */
export function pageQuery(limit: number): string {
  return `SELECT TOP ${limit} * FROM c WHERE c.user = @user AND c.id > @from ORDER BY c.id`;
}

const LONGEST_TTL_S = 2 ** 31 - 1;

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Ids may not hold every character: a name is replaced by its digest. */
const itemId = (name: string): string => `item-${digestOf(name)}`;

/** Longest name of a collection that becomes a partition key as it is, in UTF-16 units: the service takes 2,048 bytes. */
const MAX_NAME = 200;

/** A name that does not fit is replaced by its digest, after a sign that stands before no other. */
const partitionOf = (collection: string): string =>
  collection.length <= MAX_NAME ? `collection:${collection}` : `collection#${digestOf(collection)}`;

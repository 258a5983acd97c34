import type { CosmosRest, RestRequest } from './cosmos-rest';
import {
  type BatchContent,
  type ConditionalPatch,
  type CosmosTransport,
  type ItemAddress,
  type ItemContent,
  partitionName,
  type Target,
  type TransportAnswer,
} from './cosmos-transport';

/** The item as it is after the write is known already, or is not needed. */
const WITHOUT_CONTENT = { prefer: 'return=minimal' };

const JSON_BODY = { 'content-type': 'application/json' };

const ALL_OR_NONE = {
  ...JSON_BODY,
  ...WITHOUT_CONTENT,
  'x-ms-cosmos-is-batch-request': 'true',
  'x-ms-cosmos-batch-atomic': 'true',
};

const partitionHeader = (partition: string) => ({ 'x-ms-documentdb-partitionkey': partitionName(partition) });

/** The REST API by hand. `docs/decisions/cosmos-transport.md` says why it is the one that is used. */
export class RestTransport implements CosmosTransport {
  readonly name = 'rest';
  readonly #rest: CosmosRest;
  readonly #region: URL;
  readonly #database: string;

  constructor(rest: CosmosRest, region: URL, database: string) {
    this.#rest = rest;
    this.#region = region;
    this.#database = database;
  }

  read(target: Target, address: ItemAddress): Promise<TransportAnswer> {
    return this.#about('GET', target, address);
  }

  create(target: Target, partition: string, { text }: ItemContent): Promise<TransportAnswer> {
    return this.#add(target, partition, { ...JSON_BODY, ...WITHOUT_CONTENT }, text);
  }

  replace(target: Target, partition: string, { item, text }: ItemContent, etag: string): Promise<TransportAnswer> {
    const headers = { ...JSON_BODY, ...WITHOUT_CONTENT, 'if-match': etag };
    return this.#about('PUT', target, { id: item.id, partition }, headers, text);
  }

  patch(
    target: Target,
    address: ItemAddress,
    change: ConditionalPatch,
    wanted: 'item' | 'nothing',
  ): Promise<TransportAnswer> {
    const headers = wanted === 'item' ? JSON_BODY : { ...JSON_BODY, ...WITHOUT_CONTENT };
    return this.#about('PATCH', target, address, headers, JSON.stringify(change));
  }

  delete(target: Target, address: ItemAddress, etag?: string): Promise<TransportAnswer> {
    return this.#about('DELETE', target, address, etag === undefined ? {} : { 'if-match': etag });
  }

  batch(target: Target, partition: string, { text }: BatchContent): Promise<TransportAnswer> {
    return this.#add(target, partition, ALL_OR_NONE, text);
  }

  /** Its connections are those of the account. */
  close(): void {}

  #about(
    method: RestRequest['method'],
    { container, session }: Target,
    { id, partition }: ItemAddress,
    headers?: RestRequest['headers'],
    body?: string,
  ): Promise<TransportAnswer> {
    return this.#rest.run(this.#region, {
      method,
      type: 'docs',
      link: `dbs/${this.#database}/colls/${container}/docs/${id}`,
      headers: { ...partitionHeader(partition), ...headers },
      session,
      partition,
      ...(body === undefined ? {} : { body }),
    });
  }

  #add(
    { container, session }: Target,
    partition: string,
    more: Readonly<Record<string, string>>,
    body: string,
  ): Promise<TransportAnswer> {
    const link = `dbs/${this.#database}/colls/${container}`;
    const headers = { ...partitionHeader(partition), ...more };
    return this.#rest.run(this.#region, { method: 'POST', type: 'docs', link, headers, body, session, partition });
  }
}

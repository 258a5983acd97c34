import type { OperationInput, PatchOperation } from '@azure/cosmos';
import type { Clock } from '../ports/clock';
import { TurnwiseError } from '../schema/errors';
import { StoreFault } from '../turn/fault';
import { type CosmosAccount, containerMissing, type OpenAccount } from './cosmos-account';
import type { CosmosClock } from './cosmos-clock';
import { CONTAINERS } from './cosmos-containers';
import type { Item } from './cosmos-documents';
import {
  type BatchedResult,
  batchRefusal,
  headersOf,
  mayHaveMoved,
  notOpened,
  type Refusal,
  refusal,
} from './cosmos-outcome';
import { CosmosFailure, type RestAnswer, type RestRequest } from './cosmos-rest';
import { SessionTokens } from './cosmos-session';
import { within } from './within';

/** What a request came to: an answer, or what the service decided instead. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal; readonly index?: number };

/** A conditional change of one item, decided by the service. */
export interface ConditionalPatch {
  readonly condition: string;
  readonly operations: PatchOperation[];
}

/** A batch may have this many operations, and this many bytes with room for its envelope. */
const MOST_OPERATIONS = 100;
const MOST_BYTES = 1_950_000;

/** One request as it went, for whoever watches. */
export interface CosmosRequest {
  readonly operation: 'read' | 'create' | 'replace' | 'remove' | 'patch' | 'batch' | 'query';
  readonly container: keyof typeof CONTAINERS;
  /** `ok`, what the service decided instead, or `fault`. */
  readonly outcome: 'ok' | Refusal | 'fault';
  readonly ms: number;
  /** Request units, where the answer says them; else 0. */
  readonly charge: number;
}

type Headers = Readonly<Record<string, unknown>>;

const CHARGE = 'x-ms-request-charge';

/** For opening the account and for queries, which are more than one request: added to the limit of one. */
const LIMIT_MARGIN_MS = 500;

/** An item as it lies in the service now. */
export interface WrittenItem {
  /** As JSON; its ETag may be missing in it. */
  readonly text: string;
  readonly etag: string;
}

export interface ItemAddress {
  readonly id: string;
  readonly partition: string;
}

/** The item as it is after the write is known already, or is not needed. */
const WITHOUT_CONTENT = { prefer: 'return=minimal' };

const JSON_BODY = { 'content-type': 'application/json' };

const ALL_OR_NONE = {
  ...JSON_BODY,
  ...WITHOUT_CONTENT,
  'x-ms-cosmos-is-batch-request': 'true',
  'x-ms-cosmos-batch-atomic': 'true',
};

/** A partition's name as headers take it: JSON in ASCII. Names of collections may come from a channel, so hold anything. */
const partitionOf = (partition: string): string =>
  JSON.stringify([partition]).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

const partitionHeader = (partition: string) => ({ 'x-ms-documentdb-partitionkey': partitionOf(partition) });

/**
 * Single requests to the service: each within its time, each teaching the clock, each with its outcome told by
 * `src/azure/cosmos-outcome.ts`. @throws StoreFault from every method
 */
export class CosmosRequests {
  private readonly session = new SessionTokens();
  private readonly link: string;

  constructor(
    private readonly account: CosmosAccount,
    private readonly container: keyof typeof CONTAINERS,
    readonly clock: CosmosClock,
    private readonly timers: Clock,
    private readonly watch: (request: CosmosRequest) => void = () => undefined,
  ) {
    this.link = account.linkOf(CONTAINERS[container].id);
  }

  /** Lets a moment pass that grows with the number of tries and differs between competitors. */
  pause(tries: number): Promise<void> {
    return this.timers.sleep((0.5 + Math.random()) * Math.min(5 * 2 ** tries, 200));
  }

  read(address: ItemAddress): Promise<Answer<Item>> {
    return this.perform('read', this.itemRequest('GET', address), itemIn);
  }

  async create(item: Item, partition: string): Promise<Answer<WrittenItem>> {
    const headers = { ...partitionHeader(partition), ...JSON_BODY, ...WITHOUT_CONTENT };
    const text = bodyOf(item);
    const answer = await this.perform('create', this.containerRequest(headers, text), written(text));
    // What can be absent when an item is created is its container.
    if (!answer.ok && answer.refusal === 'absent') throw containerMissing(this.container);
    return answer;
  }

  /** Replaces an item that is still the one of the ETag. */
  replace(item: Item, partition: string, etag: string): Promise<Answer<WrittenItem>> {
    const headers = { ...JSON_BODY, ...WITHOUT_CONTENT, 'if-match': etag };
    const text = bodyOf(item);
    return this.perform('replace', this.itemRequest('PUT', { id: item.id, partition }, headers, text), written(text));
  }

  /** Deletes an item: whatever it is by now, or while it is still the one of the ETag. */
  remove(address: ItemAddress, etag?: string): Promise<Answer<undefined>> {
    const condition: Record<string, string> = etag === undefined ? {} : { 'if-match': etag };
    return this.perform('remove', this.itemRequest('DELETE', address, condition), nothing);
  }

  /** Changes an item if a condition holds. */
  patch(address: ItemAddress, change: ConditionalPatch): Promise<Answer<undefined>> {
    const request = this.itemRequest('PATCH', address, { ...JSON_BODY, ...WITHOUT_CONTENT }, JSON.stringify(change));
    return this.perform('patch', request, nothing);
  }

  /** As {@link patch}. @returns the item as it is then */
  patchAndRead(address: ItemAddress, change: ConditionalPatch): Promise<Answer<WrittenItem & { readonly item: Item }>> {
    return this.perform('patch', this.itemRequest('PATCH', address, JSON_BODY, JSON.stringify(change)), answered);
  }

  /** All operations or none. @returns the ETags that they left, in order */
  async batch(
    operations: readonly OperationInput[],
    partition: string,
  ): Promise<Answer<readonly (string | undefined)[]>> {
    if (operations.length > MOST_OPERATIONS) throw tooLarge(`${operations.length} items`);
    const headers = { ...partitionHeader(partition), ...ALL_OR_NONE };
    const own = operations.map((operation) => ({ ...operation, partitionKey: partitionOf(partition) }));
    const request = this.containerRequest(headers, bodyOf(own));
    const answer = await this.perform('batch', request, resultsIn);
    if (!answer.ok) return answer;
    const refused = batchRefusal(answer.value);
    return refused === undefined
      ? { ok: true, value: answer.value.map(({ eTag }) => eTag) }
      : { ok: false, ...refused };
  }

  /** All that a query finds; `partition` keeps it within one. */
  async query(
    text: string,
    parameters: Readonly<Record<string, string | number>>,
    partition?: string,
  ): Promise<Item[]> {
    const named = Object.entries(parameters).map(([name, value]) => ({ name, value }));
    const abort = new AbortController();
    const answer = await this.told('query', async (begins) => {
      await this.opened();
      begins();
      const container = this.account.sdk().database(this.account.database).container(CONTAINERS[this.container].id);
      const { signal: abortSignal } = abort;
      const options = {
        abortSignal,
        ...(partition === undefined ? {} : { partitionKey: partition }),
        // The SDK knows nothing of what was written without it.
        ...(this.session.header === '' ? {} : { sessionToken: this.session.header }),
      };
      const found = container.items.query<Item>({ query: text, parameters: named }, options).fetchAll();
      const { resources, requestCharge } = await within(found, this.limitMs).finally(() => abort.abort());
      return { value: resources, headers: { [CHARGE]: requestCharge } };
    });
    return answer.ok ? answer.value : [];
  }

  private itemRequest(
    method: RestRequest['method'],
    { id, partition }: ItemAddress,
    headers?: RestRequest['headers'],
    body?: string,
  ): RestRequest {
    return {
      method,
      type: 'docs',
      link: `${this.link}/docs/${id}`,
      headers: { ...partitionHeader(partition), ...headers },
      session: this.session,
      ...(body === undefined ? {} : { body }),
    };
  }

  private containerRequest(headers: Readonly<Record<string, string>>, body: string): RestRequest {
    return { method: 'POST', type: 'docs', link: this.link, headers, body, session: this.session };
  }

  private perform<T>(
    operation: CosmosRequest['operation'],
    request: RestRequest,
    read: (answer: RestAnswer) => T,
  ): Promise<Answer<T>> {
    return this.told(operation, async (begins) => {
      const { rest, region } = this.account.current ?? (await this.opened());
      begins();
      const answer = await rest.run(region, request);
      return { value: read(answer), headers: answer.headers };
    });
  }

  /** @throws GivenUp when it takes longer than a request may */
  private opened(): Promise<OpenAccount> {
    return within(this.account.use(), this.limitMs);
  }

  private get limitMs(): number {
    return this.account.requestLimitMs + LIMIT_MARGIN_MS;
  }

  /** @param run says when what it does begins to count as the operation: nothing has been written before that */
  private async told<T>(
    operation: CosmosRequest['operation'],
    run: (begins: () => void) => Promise<{ value: T; headers: Headers }>,
  ): Promise<Answer<T>> {
    let sentAt = this.clock.monotonic;
    let begun = false;
    try {
      const { value, headers } = await run(() => {
        sentAt = this.clock.monotonic;
        begun = true;
      });
      this.clock.observe(headers.date, sentAt);
      this.tell(operation, 'ok', sentAt, headers);
      return { ok: true, value };
    } catch (error) {
      if (error instanceof TurnwiseError || error instanceof StoreFault) throw error;
      this.clock.observe(headersOf(error).date, sentAt);
      if (mayHaveMoved(error)) this.account.lookAgain();
      let outcome: CosmosRequest['outcome'] = 'fault';
      try {
        if (!begun) throw notOpened(error);
        outcome = refusal(error, operation === 'read' || operation === 'query' ? 'read' : 'write');
        return { ok: false, refusal: outcome };
      } finally {
        this.tell(operation, outcome, sentAt, headersOf(error));
      }
    }
  }

  private tell(
    operation: CosmosRequest['operation'],
    outcome: CosmosRequest['outcome'],
    sentAt: number,
    headers: Headers,
  ): void {
    const charge = Number(headers[CHARGE] ?? 0) || 0;
    this.watch({ operation, container: this.container, outcome, ms: this.clock.monotonic - sentAt, charge });
  }
}

function itemIn({ body }: RestAnswer): Item {
  return JSON.parse(body.text) as Item;
}

function answered({ headers, body }: RestAnswer): WrittenItem & { readonly item: Item } {
  const { text } = body;
  return { text, etag: etagOf(headers), item: JSON.parse(text) as Item };
}

function written(text: string): (answer: RestAnswer) => WrittenItem {
  return ({ headers }) => ({ text, etag: etagOf(headers) });
}

/** @throws CosmosFailure for an answer that is not the service's: all of its own to writes have one, and without it the next is without condition */
function etagOf(headers: RestAnswer['headers']): string {
  if (!headers.etag) throw new CosmosFailure('noEtag', { headers });
  return headers.etag;
}

/** @throws CosmosFailure for what is no list */
function resultsIn({ headers, body }: RestAnswer): readonly BatchedResult[] {
  const results = JSON.parse(body.text) as unknown;
  if (!Array.isArray(results)) throw new CosmosFailure('notABatch', { headers });
  return results as readonly BatchedResult[];
}

const nothing = (): undefined => undefined;

function bodyOf(content: Item | readonly OperationInput[]): string {
  const body = JSON.stringify(content);
  // A character has three bytes at most, and is hardly ever more than one.
  if (body.length > MOST_BYTES / 3 && Buffer.byteLength(body) > MOST_BYTES) throw tooLarge(`${body.length} characters`);
  return body;
}

function tooLarge(what: string): TurnwiseError {
  return new TurnwiseError('RecordTooLarge', `It would be ${what}.`);
}

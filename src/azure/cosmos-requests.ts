import type { OperationInput, QueryIterator } from '@azure/cosmos';
import type { Clock } from '../ports/clock';
import { defined } from '../schema/defined';
import { TurnwiseError } from '../schema/errors';
import { StoreFault } from '../turn/fault';
import { type CosmosAccount, containerMissing, type OpenAccount } from './cosmos-account';
import type { CosmosClock } from './cosmos-clock';
import { CONTAINERS } from './cosmos-containers';
import type { Item } from './cosmos-documents';
import { CosmosFailure } from './cosmos-failure';
import {
  appliedBatch,
  type BatchedResult,
  headersOf,
  isDoubtful,
  mayHaveMoved,
  notOpened,
  type Refusal,
  refusal,
  statusOf,
} from './cosmos-outcome';
import { SessionTokens } from './cosmos-session';
import {
  type ConditionalPatch,
  type CosmosTransport,
  type ItemAddress,
  type ItemContent,
  partitionName,
  type Target,
  type TransportAnswer,
} from './cosmos-transport';
import type { CosmosRequest, CosmosWatch } from './cosmos-watch';
import { within } from './within';

/** What a request came to: an answer, or what the service decided instead. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal; readonly index?: number };

/** A batch may have this many operations, and this many bytes with room for its envelope. */
const MOST_OPERATIONS = 100;
const MOST_BYTES = 1_950_000;

type Headers = Readonly<Record<string, unknown>>;

const CHARGE = 'x-ms-request-charge';

/** For opening the account and for a page of a query, which are more than one request: added to the limit of one. */
const LIMIT_MARGIN_MS = 500;

/**
 * Time for one page of a query that looks through everything, in ms: what the service may take for one, and the waits that it asks for when it
 * is busy.
 */
const PATIENT_PAGE_MS = 60_000;

/** Options of a query. */
export interface QueryOptions {
  /** Partition that it stays within. Default: all. */
  readonly partition?: string;
  /** Most items in one page. Default: as many as the service likes. */
  readonly pageSize?: number;
  /** Whether a page may take a minute, and is asked for again when the service is busy. Default: as the store was made. */
  readonly patient?: boolean;
}

/** An item as it lies in the service now. */
export interface WrittenItem {
  /** As JSON; its ETag may be missing in it. */
  readonly text: string;
  readonly etag: string;
}

/**
 * Single requests to the service: each within its time, each teaching the clock, each with its outcome told by
 * `src/azure/cosmos-outcome.ts`. @throws StoreFault from every method
 */
export class CosmosRequests {
  /** Container and session of these requests. */
  readonly target: Target;

  constructor(
    private readonly account: CosmosAccount,
    private readonly container: keyof typeof CONTAINERS,
    readonly clock: CosmosClock,
    private readonly timers: Clock,
    private readonly watch: CosmosWatch = {},
  ) {
    const session = new SessionTokens((partition) => watch.sessionRefused?.({ container, partition }));
    this.target = { container: CONTAINERS[container].id, session };
  }

  /**
   * Makes sure that the account has been looked at, so that the clock shows the service's time. Whatever acts on the time without a request
   * before it waits for this.
   *
   * @throws StoreFault when it cannot be reached, TurnwiseError when it cannot be used
   */
  async ready(): Promise<void> {
    if (this.account.current !== undefined) return;
    try {
      await this.opened();
    } catch (error) {
      if (error instanceof TurnwiseError || error instanceof StoreFault) throw error;
      throw notOpened(error);
    }
  }

  /** Lets a moment pass that grows with the number of tries and differs between competitors. */
  pause(tries: number): Promise<void> {
    return this.timers.sleep((0.5 + Math.random()) * Math.min(5 * 2 ** tries, 200));
  }

  sleep(ms: number): Promise<void> {
    return this.timers.sleep(ms);
  }

  read(address: ItemAddress): Promise<Answer<Item>> {
    return this.perform('read', (transport) => transport.read(this.target, address), itemIn);
  }

  async create(item: Item, partition: string): Promise<Answer<WrittenItem>> {
    const content = contentOf(item);
    const answer = await this.perform(
      'create',
      (transport) => transport.create(this.target, partition, content),
      written(content.text),
    );
    // What can be absent when an item is created is its container.
    if (!answer.ok && answer.refusal === 'absent') throw containerMissing(this.container);
    return answer;
  }

  /** Replaces an item that is still the one of the ETag. */
  replace(item: Item, partition: string, etag: string): Promise<Answer<WrittenItem>> {
    const content = contentOf(item);
    return this.perform(
      'replace',
      (transport) => transport.replace(this.target, partition, content, etag),
      written(content.text),
    );
  }

  /** Deletes an item: whatever it is by now, or while it is still the one of the ETag. */
  remove(address: ItemAddress, etag?: string): Promise<Answer<undefined>> {
    return this.perform('remove', (transport) => transport.delete(this.target, address, etag), nothing);
  }

  /** Changes an item if a condition holds. */
  patch(address: ItemAddress, change: ConditionalPatch): Promise<Answer<undefined>> {
    return this.perform('patch', (transport) => transport.patch(this.target, address, change, 'nothing'), nothing);
  }

  /** As {@link patch}. @returns the item as it is then */
  patchAndRead(address: ItemAddress, change: ConditionalPatch): Promise<Answer<WrittenItem & { readonly item: Item }>> {
    return this.perform('patch', (transport) => transport.patch(this.target, address, change, 'item'), answered);
  }

  /** All operations or none. @returns the ETags that they left, in order */
  async batch(
    operations: readonly OperationInput[],
    partition: string,
  ): Promise<Answer<readonly (string | undefined)[]>> {
    if (operations.length > MOST_OPERATIONS) throw tooLarge(`${operations.length} items`);
    const partitionKey = partitionName(partition);
    const text = bodyOf(operations.map((operation) => ({ ...operation, partitionKey })));
    return this.perform(
      'batch',
      (transport) => transport.batch(this.target, partition, { operations, text }),
      (answer) => appliedBatch(resultsIn(answer), answer.headers).map(({ eTag }) => eTag),
    );
  }

  /** All that a query finds; `partition` keeps it within one. For queries that find a bounded number, by an index. */
  async query(
    text: string,
    parameters: Readonly<Record<string, string | number>>,
    partition?: string,
  ): Promise<Item[]> {
    const found: Item[] = [];
    const options = partition === undefined ? {} : { partition };
    for await (const page of this.pages(text, parameters, options)) found.push(...page);
    return found;
  }

  /**
   * What a query finds, page by page: each page is a request with a time of its own. A page may be empty before the last one.
   * @throws StoreFault for the page that failed; the query cannot go on then
   */
  async *pages(
    text: string,
    parameters: Readonly<Record<string, string | number>>,
    { partition, pageSize, patient = this.account.isPatient }: QueryOptions = {},
  ): AsyncGenerator<readonly Item[], void> {
    const query = { query: text, parameters: Object.entries(parameters).map(([name, value]) => ({ name, value })) };
    const abort = new AbortController();
    let iterator: QueryIterator<Item> | undefined;
    try {
      do {
        const answer = await this.told('query', async (begins) => {
          const { region } = await this.opened();
          begins();
          iterator ??= this.account
            .sdk(region, patient)
            .database(this.account.database)
            .container(CONTAINERS[this.container].id)
            .items.query<Item>(query, {
              abortSignal: abort.signal,
              ...(partition === undefined ? {} : { partitionKey: partition }),
              ...(pageSize === undefined ? {} : { maxItemCount: pageSize }),
              // The SDK knows nothing of what was written without it.
              ...(this.target.session.header === '' ? {} : { sessionToken: this.target.session.header }),
            });
          const page = await within(iterator.fetchNext(), patient ? PATIENT_PAGE_MS : this.limitMs);
          return { value: page.resources ?? [], headers: { [CHARGE]: page.requestCharge } };
        });
        if (!answer.ok) return;
        yield answer.value;
      } while (iterator?.hasMoreResults() === true);
    } finally {
      abort.abort();
    }
  }

  private perform<T>(
    operation: CosmosRequest['operation'],
    ask: (transport: CosmosTransport) => Promise<TransportAnswer>,
    read: (answer: TransportAnswer) => T,
  ): Promise<Answer<T>> {
    return this.told(operation, async (begins) => {
      const { transport } = this.account.current ?? (await this.opened());
      begins();
      const answer = await ask(transport);
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
      else if (isDoubtful(error)) this.account.doubt();
      let outcome: CosmosRequest['outcome'] = 'fault';
      try {
        if (!begun) throw notOpened(error);
        outcome = refusal(error, operation === 'read' || operation === 'query' ? 'read' : 'write');
        return { ok: false, refusal: outcome, ...defined({ index: indexOf(error) }) };
      } finally {
        this.tell(operation, outcome, sentAt, headersOf(error), outcome === 'fault' ? error : undefined);
      }
    }
  }

  private tell(
    operation: CosmosRequest['operation'],
    outcome: CosmosRequest['outcome'],
    sentAt: number,
    headers: Headers,
    error?: unknown,
  ): void {
    const charge = Number(headers[CHARGE] ?? 0) || 0;
    const ms = this.clock.monotonic - sentAt;
    const { container, account } = this;
    const transport = operation === 'query' ? 'sdk' : account.transportName;
    const failed = error === undefined ? {} : { ...statusOf(error), ...defined({ activityId: activityIn(headers) }) };
    this.watch.request?.({ operation, container, outcome, ms, charge, transport, ...failed });
  }
}

function itemIn({ body }: TransportAnswer): Item {
  return JSON.parse(body.text) as Item;
}

function answered({ headers, body }: TransportAnswer): WrittenItem & { readonly item: Item } {
  const { text } = body;
  return { text, etag: etagOf(headers), item: JSON.parse(text) as Item };
}

function written(text: string): (answer: TransportAnswer) => WrittenItem {
  return ({ headers }) => ({ text, etag: etagOf(headers) });
}

/** @throws CosmosFailure for an answer that is not the service's: all of its own to writes have one, and without it the next is without condition */
function etagOf(headers: TransportAnswer['headers']): string {
  if (!headers.etag) throw new CosmosFailure('noEtag', { headers });
  return headers.etag;
}

/** @throws CosmosFailure for what is no list */
function resultsIn({ headers, body }: TransportAnswer): readonly BatchedResult[] {
  const results = JSON.parse(body.text) as unknown;
  if (!Array.isArray(results)) throw new CosmosFailure('notABatch', { headers });
  return results as readonly BatchedResult[];
}

function activityIn(headers: Headers): string | undefined {
  const id = headers['x-ms-activity-id'];
  return typeof id === 'string' ? id : undefined;
}

const nothing = (): undefined => undefined;

const indexOf = (error: unknown): number | undefined => (error instanceof CosmosFailure ? error.index : undefined);

function contentOf(item: Item): ItemContent {
  return { item, text: bodyOf(item) };
}

/** @throws TurnwiseError `RecordTooLarge` */
function bodyOf(content: Item | readonly OperationInput[]): string {
  const body = JSON.stringify(content);
  // A character has three bytes at most, and is hardly ever more than one.
  if (body.length > MOST_BYTES / 3 && Buffer.byteLength(body) > MOST_BYTES) throw tooLarge(`${body.length} characters`);
  return body;
}

function tooLarge(what: string): TurnwiseError {
  return new TurnwiseError('RecordTooLarge', `It would be ${what}.`);
}

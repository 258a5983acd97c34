import type { Container, OperationInput, PatchOperation } from '@azure/cosmos';
import type { Clock } from '../ports/clock';
import { TurnwiseError } from '../schema/errors';
import { StoreFault } from '../turn/fault';
import { type Containers, type CosmosAccount, containerMissing } from './cosmos-account';
import type { CosmosClock } from './cosmos-clock';
import type { Item } from './cosmos-documents';
import { batchRefusal, headersOf, type Refusal, refusal } from './cosmos-outcome';
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
  readonly container: keyof Containers;
  /** `ok`, what the service decided instead, or `fault`. */
  readonly outcome: 'ok' | Refusal | 'fault';
  readonly ms: number;
  /** Request units, where the answer says them; else 0. */
  readonly charge: number;
}

type Headers = Readonly<Record<string, unknown>>;

const CHARGE = 'x-ms-request-charge';

/** Added to the SDK's own limit, which it keeps only on the network. */
const LIMIT_MARGIN_MS = 500;

export interface ItemAddress {
  readonly id: string;
  readonly partition: string;
}

/**
 * Single requests to the service: each within its time, each teaching the clock, each with its outcome told by
 * `src/azure/cosmos-outcome.ts`. @throws StoreFault from every method
 */
export class CosmosRequests {
  constructor(
    private readonly account: CosmosAccount,
    private readonly container: keyof Containers,
    readonly clock: CosmosClock,
    private readonly timers: Clock,
    private readonly watch: (request: CosmosRequest) => void = () => undefined,
  ) {}

  /** Lets a moment pass that grows with the number of tries and differs between competitors. */
  pause(tries: number): Promise<void> {
    return this.timers.sleep((0.5 + Math.random()) * Math.min(5 * 2 ** tries, 200));
  }

  async read({ id, partition }: ItemAddress): Promise<Answer<Item>> {
    return this.perform('read', async (container, abortSignal) => {
      const answer = await container.item(id, partition).read<Item>({ abortSignal });
      // The SDK does not throw when a read finds nothing.
      if (answer.resource === undefined) throw { code: 404, substatus: answer.substatus, headers: answer.headers };
      return { value: answer.resource, headers: answer.headers };
    });
  }

  async create(item: Item): Promise<Answer<Item>> {
    assertFits([item]);
    const answer = await this.perform('create', async (container, abortSignal) => {
      const { etag, headers } = await container.items.create<Item>(item, { abortSignal });
      return { value: { ...item, _etag: etag }, headers };
    });
    // What can be absent when an item is created is its container.
    if (!answer.ok && answer.refusal === 'absent') throw containerMissing(this.container);
    return answer;
  }

  /** Replaces an item that is still the one of the ETag. */
  async replace(item: Item, partition: string, etag: string): Promise<Answer<Item>> {
    assertFits([item]);
    return this.perform('replace', async (container, abortSignal) => {
      const accessCondition = { type: 'IfMatch', condition: etag };
      const answer = await container.item(item.id, partition).replace<Item>(item, { abortSignal, accessCondition });
      return { value: { ...item, _etag: answer.etag }, headers: answer.headers };
    });
  }

  /** Deletes an item: whatever it is by now, or while it is still the one of the ETag. */
  async remove({ id, partition }: ItemAddress, etag?: string): Promise<Answer<undefined>> {
    return this.perform('remove', async (container, abortSignal) => {
      const condition = etag === undefined ? {} : { accessCondition: { type: 'IfMatch', condition: etag } };
      const answer = await container.item(id, partition).delete({ abortSignal, ...condition });
      return { value: undefined, headers: answer.headers };
    });
  }

  async patch({ id, partition }: ItemAddress, { condition, operations }: ConditionalPatch): Promise<Answer<Item>> {
    return this.perform('patch', async (container, abortSignal) => {
      const body = { condition, operations };
      const answer = await container.item(id, partition).patch<Item>(body, { abortSignal });
      if (answer.resource === undefined) throw new Error('Cosmos DB answered a patch without the item.');
      return { value: answer.resource, headers: answer.headers };
    });
  }

  /** All operations or none. @returns the ETags that they left, in order */
  async batch(
    operations: readonly OperationInput[],
    partition: string,
  ): Promise<Answer<readonly (string | undefined)[]>> {
    assertFits(operations);
    const answer = await this.perform('batch', async (container, abortSignal) => {
      // The SDK writes into what it is given.
      const own = operations.map((operation) => ({ ...operation, partitionKey: partition }));
      const { result, headers } = await container.items.batch(own, partition, { abortSignal });
      return { value: result ?? [], headers: headers ?? {} };
    });
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
    const answer = await this.perform('query', async (container, abortSignal) => {
      const options = { abortSignal, ...(partition === undefined ? {} : { partitionKey: partition }) };
      const found = await container.items.query<Item>({ query: text, parameters: named }, options).fetchAll();
      return { value: found.resources, headers: { [CHARGE]: found.requestCharge } };
    });
    return answer.ok ? answer.value : [];
  }

  private async perform<T>(
    operation: CosmosRequest['operation'],
    run: (container: Container, signal: AbortSignal) => Promise<{ value: T; headers: Headers }>,
  ): Promise<Answer<T>> {
    const abort = new AbortController();
    let sentAt = this.clock.monotonic;
    let sent: 'read' | 'write' = 'read';
    try {
      const attempt = async (): Promise<{ value: T; headers: Headers }> => {
        const containers = await this.account.containers();
        sent = operation === 'read' || operation === 'query' ? 'read' : 'write';
        sentAt = this.clock.monotonic;
        return run(containers[this.container], abort.signal);
      };
      const { value, headers } = await within(attempt(), this.account.requestLimitMs + LIMIT_MARGIN_MS);
      this.clock.observe(headers.date, sentAt);
      this.tell(operation, 'ok', sentAt, headers);
      return { ok: true, value };
    } catch (error) {
      abort.abort();
      if (error instanceof TurnwiseError || error instanceof StoreFault) throw error;
      this.clock.observe(headersOf(error).date, sentAt);
      let outcome: CosmosRequest['outcome'] = 'fault';
      try {
        outcome = refusal(error, sent);
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

function assertFits(content: readonly object[]): void {
  const bytes = Buffer.byteLength(JSON.stringify(content));
  if (bytes > MOST_BYTES || content.length > MOST_OPERATIONS) {
    throw new TurnwiseError('RecordTooLarge', `It would be ${content.length} items of ${bytes} bytes.`);
  }
}

import { randomUUID } from 'node:crypto';
import type { OperationInput } from '@azure/cosmos';
import type { Clock } from '../ports/clock';
import { TurnwiseError } from '../schema/errors';
import type { Item } from './cosmos-documents';
import { CosmosFailure, READ_SESSION_NOT_AVAILABLE } from './cosmos-failure';
import { headersOf, statusOf } from './cosmos-outcome';
import {
  type ConditionalPatch,
  type CosmosTransport,
  partitionName,
  type Target,
  type TransportAnswer,
} from './cosmos-transport';

/** Time to live of a scratch item that is not removed, in seconds. */
export const SCRATCH_TTL_S = 3_600;

/** Statuses that say nothing about what was asked: not permitted, too slow, moving, throttled, contended. */
const SAYS_NOTHING: ReadonlySet<number> = new Set([401, 403, 408, 410, 429, 449]);

/** The service does not have what was asked for. */
const NOT_IMPLEMENTED = 501;

const THROTTLED = 429;
const NOT_FOUND = 404;

/** Times that a throttled request is sent again, and the longest wait between, in ms. */
const MAX_REPEATS = 4;
const MAX_WAIT_MS = 1_000;

/** A question that had no answer. */
export class Undecided extends Error {
  override readonly name = 'Undecided';
}

/** Options of a question. */
interface AskOptions {
  /** Whether it is asked once even when the time is over. */
  readonly late?: boolean;
  /** Sub-statuses of a 404 that are an answer. Default: none. */
  readonly told?: readonly number[];
}

/** An answer to a question: a status, and what came with it. */
export interface Reply {
  readonly status: number;
  readonly substatus: number;
  readonly etag: string;
  /** The content as JSON; `undefined` where there is none, or what is none. */
  readonly content: unknown;
}

/** An item of the service, as far as the questions look at it. */
export interface StoredItem extends Item {
  readonly _etag: string;
}

/**
 * Scratch items in a partition of their own, and requests about them in which a refusal is an answer. Sweeps do not find them: they have no
 * `key`, and a `wake` that is null or never comes.
 */
export class Scratch {
  readonly partition = `self-check-${randomUUID()}`;
  readonly #transport: CosmosTransport;
  readonly #property: string;
  readonly #timers: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly #until: number;
  readonly #onAnswer: (headers: Readonly<Record<string, unknown>>) => void;
  readonly target: Target;
  /** Whether anything was sent that may have made items. */
  #mayHaveItems = false;

  /**
   * @param property of the partition key
   * @param until monotonic time after which nothing more is asked
   * @param onAnswer told of each request, with the headers of its answer
   */
  constructor(
    transport: CosmosTransport,
    target: Target,
    property: string,
    timers: Pick<Clock, 'monotonic' | 'sleep'>,
    until: number,
    onAnswer: (headers: Readonly<Record<string, unknown>>) => void = () => undefined,
  ) {
    this.#transport = transport;
    this.target = target;
    this.#property = property;
    this.#timers = timers;
    this.#until = until;
    this.#onAnswer = onAnswer;
  }

  /** Returns an item of the partition; its id is unique in the container. */
  item(name: string, fields: Readonly<Record<string, unknown>> = {}): Item {
    return { id: this.id(name), [this.#property]: this.partition, ttl: SCRATCH_TTL_S, ...fields };
  }

  id(name: string): string {
    return `${this.partition}-${name}`;
  }

  read(id: string, target = this.target): Promise<Reply> {
    const told = [READ_SESSION_NOT_AVAILABLE];
    return this.#ask(() => this.#transport.read(target, { id, partition: this.partition }), { told });
  }

  create(item: Item): Promise<Reply> {
    return this.#ask(() => this.#transport.create(this.target, this.partition, contentOf(item)));
  }

  replace(item: Item, etag: string): Promise<Reply> {
    return this.#ask(() => this.#transport.replace(this.target, this.partition, contentOf(item), etag));
  }

  patch(id: string, change: ConditionalPatch, wanted: 'item' | 'nothing' = 'nothing'): Promise<Reply> {
    return this.#ask(() => this.#transport.patch(this.target, { id, partition: this.partition }, change, wanted));
  }

  batch(operations: readonly OperationInput[], options: AskOptions = {}): Promise<Reply> {
    const partitionKey = partitionName(this.partition);
    const text = JSON.stringify(operations.map((operation) => ({ ...operation, partitionKey })));
    return this.#ask(async () => {
      const answer = await this.#transport.batch(this.target, this.partition, { operations, text });
      const vague = resultsIn(jsonIn(answer.body.text)).find(({ statusCode }) => saysNothing(Number(statusCode)));
      if (vague === undefined) return answer;
      const { headers } = answer;
      const retryAfterInMs = Number(vague.retryAfterMilliseconds ?? 0);
      throw new CosmosFailure(Number(vague.statusCode), { headers, ...(retryAfterInMs > 0 ? { retryAfterInMs } : {}) });
    }, options);
  }

  /** Creates items in one transaction. @returns their ETags @throws Undecided */
  async createAll(items: readonly Item[]): Promise<readonly string[]> {
    const { content } = await this.batch(
      items.map((item) => ({ operationType: 'Create', resourceBody: item as never })),
    );
    return resultsIn(content).map(({ eTag }) => String(eTag ?? ''));
  }

  /** Removes items in one transaction, which may fail. It is tried also when the time for questions is over, because not all end by themselves. */
  async removeAll(ids: readonly string[]): Promise<void> {
    if (!this.#mayHaveItems) return;
    const deletes = ids.map((id): OperationInput => ({ operationType: 'Delete', id }));
    await this.batch(deletes, { late: true }).catch(() => undefined);
  }

  async #ask(send: () => Promise<TransportAnswer>, { late = false, told = [] }: AskOptions = {}): Promise<Reply> {
    for (let repeats = 0; ; repeats += 1) {
      const isOver = this.#timers.monotonic() > this.#until;
      if (isOver && (!late || repeats > 0)) throw new Undecided('it takes too long');
      this.#mayHaveItems = true;
      try {
        const { headers, body } = await send();
        this.#onAnswer(headers);
        return { status: 200, substatus: 0, etag: String(headers.etag ?? ''), content: jsonIn(body.text) };
      } catch (error) {
        this.#onAnswer(headersOf(error));
        const wait = waitIn(error);
        if (wait === undefined || repeats === MAX_REPEATS) return replyIn(error, told);
        await this.#timers.sleep(Math.min(wait, MAX_WAIT_MS));
      }
    }
  }
}

/**
 * Returns the answer that a refusal is. A 404 with a sub-status is none: it is about the service, as while a container is still being made.
 *
 * @param told sub-statuses of a 404 that are an answer all the same
 * @throws Undecided for what is none
 */
function replyIn(error: unknown, told: readonly number[]): Reply {
  if (error instanceof TurnwiseError) throw error;
  const { status, substatus = 0 } = statusOf(error);
  if (status === undefined || saysNothing(status)) {
    throw new Undecided(status === undefined ? 'no answer' : `it answers ${status}`, { cause: error });
  }
  if (status === NOT_FOUND && substatus !== 0 && !told.includes(substatus)) {
    throw new Undecided(`it answers ${status}/${substatus}`, { cause: error });
  }
  return { status, substatus, etag: '', content: undefined };
}

function waitIn(error: unknown): number | undefined {
  if (statusOf(error).status !== THROTTLED) return undefined;
  const { retryAfterInMs } = error as Partial<CosmosFailure>;
  return typeof retryAfterInMs === 'number' ? retryAfterInMs : 100;
}

function saysNothing(status: number): boolean {
  return SAYS_NOTHING.has(status) || (status >= 500 && status !== NOT_IMPLEMENTED);
}

/** @throws Undecided when a replica is behind: nothing about the item was said */
export function isMissing({ status, substatus }: Reply): boolean {
  if (status === NOT_FOUND && substatus !== 0) throw new Undecided(`it answers 404/${substatus}`);
  return status === NOT_FOUND;
}

/** Results of a batch, as far as the questions look at them. */
export interface BatchResult {
  readonly statusCode?: unknown;
  readonly eTag?: unknown;
  readonly retryAfterMilliseconds?: unknown;
}

export function resultsIn(content: unknown): readonly BatchResult[] {
  return Array.isArray(content) ? (content as readonly BatchResult[]) : [];
}

const contentOf = (item: Item) => ({ item, text: JSON.stringify(item) });

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

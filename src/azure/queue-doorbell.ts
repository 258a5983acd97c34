import type { Clock } from '../ports/clock';
import type { Doorbell } from '../ports/doorbell';
import { TurnwiseError } from '../schema/errors';
import type { ConversationKey } from '../turn/keys';
import { type QueueFailure, QueueRequests, queueFailure } from './queue-requests';
import { queueService } from './queue-service';
import { ringMessage } from './ring-message';
import type { StorageConnection } from './storage-connection';
import { GivenUp, within } from './within';

export interface QueueDoorbellOptions {
  readonly connection: StorageConnection;
  readonly queueName: string;
  /** Creates the queue when it is missing, once. For development: in Azure the deployment template does. */
  readonly createQueue: boolean;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** For a whole ring, with its retry: a ring stands before an acknowledgement. */
  readonly timeoutMs?: number;
  /** For one try. */
  readonly tryTimeoutMs?: number;
}

const MAX_DELAY_S = 7 * 24 * 3600;

/** A ring that nobody heard for a day after it was due says nothing that the sweep has not said since. */
const LIFETIME_S = 24 * 3600;

const RETRY_PAUSE_MS = 100;

/**
 * Rings through an Azure Storage Queue. A message is base64, as `host.json` tells the queue trigger, and holds the conversation's key
 * and nothing else. Two tries within two seconds: a ring that fails is the sweep's.
 *
 * Nothing is loaded to ring but an identity, where there is no connection string. The SDK is for creating the queue.
 */
export class QueueDoorbell implements Doorbell {
  readonly #options: QueueDoorbellOptions;
  readonly #queue: QueueRequests;
  readonly #timeoutMs: number;
  readonly #tryTimeoutMs: number;
  #creation: Promise<void> | undefined;

  constructor(options: QueueDoorbellOptions) {
    this.#options = options;
    this.#queue = new QueueRequests(options);
    this.#timeoutMs = options.timeoutMs ?? 2_000;
    this.#tryTimeoutMs = options.tryTimeoutMs ?? 1_000;
  }

  /** @throws TurnwiseError `QueueMissing`, or `RingFailed` for everything else. */
  async ring(key: ConversationKey, delayMs: number): Promise<void> {
    const { clock } = this.#options;
    const deadline = clock.monotonic() + this.#timeoutMs;
    const left = (): number => deadline - clock.monotonic();
    const message = ringMessage(key);
    const delayS = Math.min(MAX_DELAY_S, Math.max(0, Math.ceil(delayMs / 1000) || 0));
    let failure = await this.#put(message, delayS, left());
    if (failure?.kind === 'missing') {
      if (!this.#options.createQueue) throw this.#missing();
      failure = (await this.#create(left())) ?? (await this.#put(message, delayS, left()));
    } else if (failure?.kind === 'passing' && left() > RETRY_PAUSE_MS) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
      failure = await this.#put(message, delayS, left());
    }
    if (failure !== undefined) throw new TurnwiseError('RingFailed', `(${failure.reason})`);
  }

  /** @throws TurnwiseError `QueueMissing`, or `QueueUnusable` for everything else. A queue that is made at the first ring need not be there. */
  async ready(): Promise<void> {
    const failure = await this.#queue.look(this.#timeoutMs);
    if (failure === undefined) return;
    if (failure.kind !== 'missing') throw new TurnwiseError('QueueUnusable', `(${failure.reason})`);
    if (!this.#options.createQueue) throw this.#missing();
  }

  #put(message: string, delayS: number, leftMs: number): Promise<QueueFailure | undefined> {
    return this.#queue.put(message, delayS, delayS + LIFETIME_S, Math.min(leftMs, this.#tryTimeoutMs));
  }

  /** Rings that find the queue missing at the same time wait for one creation. */
  async #create(leftMs: number): Promise<QueueFailure | undefined> {
    if (leftMs <= 0) return { reason: 'timeout', kind: 'lasting' };
    this.#creation ??= createQueue(this.#options, leftMs).finally(() => {
      this.#creation = undefined;
    });
    try {
      await within(this.#creation, leftMs);
      return undefined;
    } catch (error) {
      return failureOf(error);
    }
  }

  #missing(): TurnwiseError {
    return new TurnwiseError('QueueMissing', `Its name is "${this.#options.queueName}".`);
  }
}

async function createQueue({ connection, queueName }: QueueDoorbellOptions, ms: number): Promise<void> {
  const queue = queueService(connection).getQueueClient(queueName);
  await queue.createIfNotExists({ abortSignal: AbortSignal.timeout(Math.ceil(ms)) });
}

/** Of what the SDK throws. */
function failureOf(error: unknown): QueueFailure {
  if (error instanceof GivenUp) return { reason: error.message, kind: 'lasting' };
  const { statusCode, code } = error as { readonly statusCode?: unknown; readonly code?: unknown };
  return queueFailure(typeof statusCode === 'number' ? statusCode : undefined, code);
}

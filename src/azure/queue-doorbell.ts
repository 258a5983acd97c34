import type { QueueClient } from '@azure/storage-queue';
import type { Doorbell } from '../ports/doorbell';
import { TurnwiseError } from '../schema/errors';
import type { Secret } from '../schema/secret';
import type { ConversationKey } from '../turn/keys';
import { azureIdentity } from './identity';
import { ringMessage } from './ring-message';
import { within } from './within';

/** How the storage account is reached: with a connection string, or at its queue endpoint with an identity. */
export type StorageConnection =
  | { readonly kind: 'connectionString'; readonly connectionString: Secret }
  | {
      readonly kind: 'identity';
      readonly queueServiceUri: string;
      readonly clientId?: string;
      /** Whether there is a managed identity to use; otherwise the developer's own sign-in is tried too. */
      readonly managed: boolean;
    };

export interface QueueDoorbellOptions {
  readonly connection: StorageConnection;
  readonly queueName: string;
  /** Creates the queue when it is missing, once. For development: in Azure the deployment template does. */
  readonly createQueue: boolean;
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
 * and nothing else. The SDK's own patience (four tries, no limit on any) is replaced by two tries within two
 * seconds: a ring that fails is the sweep's.
 *
 * The SDK is loaded, and its client made, at the first ring; an identity only when there is no connection string.
 */
export class QueueDoorbell implements Doorbell {
  readonly #options: QueueDoorbellOptions;
  readonly #timeoutMs: number;
  readonly #tryTimeoutMs: number;
  #client: QueueClient | undefined;
  #creation: Promise<void> | undefined;

  constructor(options: QueueDoorbellOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 2_000;
    this.#tryTimeoutMs = options.tryTimeoutMs ?? 1_000;
  }

  /** @throws TurnwiseError `QueueMissing`, or `RingFailed` for everything else. */
  async ring(key: ConversationKey, delayMs: number): Promise<void> {
    const deadline = performance.now() + this.#timeoutMs;
    const left = (): number => deadline - performance.now();
    const message = ringMessage(key);
    const delayS = Math.min(MAX_DELAY_S, Math.max(0, Math.ceil(delayMs / 1000) || 0));
    let failure = await this.#put(message, delayS, left());
    if (failure?.retry === 'createQueue') {
      if (!this.#options.createQueue)
        throw new TurnwiseError('QueueMissing', `Its name is "${this.#options.queueName}".`);
      failure = (await this.#create(left())) ?? (await this.#put(message, delayS, left()));
    } else if (failure?.retry === 'again' && left() > RETRY_PAUSE_MS) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
      failure = await this.#put(message, delayS, left());
    }
    if (failure !== undefined) throw new TurnwiseError('RingFailed', `(${failure.reason})`);
  }

  /** @throws TurnwiseError `QueueMissing`, or `QueueUnusable` for everything else. A queue that is made at the first ring need not be there. */
  async ready(): Promise<void> {
    const failure = await attempt(this.#timeoutMs, async (abortSignal) => {
      await this.#open().getProperties({ abortSignal });
    });
    if (failure === undefined) return;
    const missing = failure.retry === 'createQueue';
    if (missing && this.#options.createQueue) return;
    if (missing) throw new TurnwiseError('QueueMissing', `Its name is "${this.#options.queueName}".`);
    throw new TurnwiseError('QueueUnusable', `(${failure.reason})`);
  }

  #put(message: string, delayS: number, leftMs: number): Promise<RingFailure | undefined> {
    const lifetime = { visibilityTimeout: delayS, messageTimeToLive: delayS + LIFETIME_S };
    return attempt(Math.min(leftMs, this.#tryTimeoutMs), async (abortSignal) => {
      await this.#open().sendMessage(message, { ...lifetime, abortSignal });
    });
  }

  /** Rings that find the queue missing at the same time wait for one creation. */
  #create(leftMs: number): Promise<RingFailure | undefined> {
    return attempt(leftMs, async (abortSignal) => {
      this.#creation ??= this.#open()
        .createIfNotExists({ abortSignal })
        .then(() => undefined)
        .finally(() => {
          this.#creation = undefined;
        });
      await this.#creation;
    });
  }

  #open(): QueueClient {
    if (this.#client !== undefined) return this.#client;
    const sdk = require('@azure/storage-queue') as typeof import('@azure/storage-queue');
    const { connection, queueName } = this.#options;
    const pipeline = { retryOptions: { maxTries: 1 }, keepAliveOptions: { enable: true } };
    if (connection.kind === 'connectionString') {
      this.#client = new sdk.QueueClient(connection.connectionString.reveal(), queueName, pipeline);
    } else {
      const address = `${connection.queueServiceUri.replace(/\/+$/, '')}/${queueName}`;
      this.#client = new sdk.QueueClient(address, azureIdentity(connection), pipeline);
    }
    return this.#client;
  }
}

interface RingFailure {
  /** The service's error code or the system's: never a text, which may name accounts and addresses. */
  readonly reason: string;
  readonly retry: 'again' | 'createQueue' | 'never';
}

/** Runs one request within its time. The signal ends the request itself; the wait ends even where the SDK does not listen to it. */
async function attempt(ms: number, run: (signal: AbortSignal) => Promise<void>): Promise<RingFailure | undefined> {
  if (ms <= 0) return { reason: 'timeout', retry: 'never' };
  const abort = new AbortController();
  try {
    await within(run(abort.signal), ms);
    return undefined;
  } catch (error) {
    abort.abort();
    return failureOf(error);
  }
}

function failureOf(error: unknown): RingFailure {
  const { statusCode, code, message } = (typeof error === 'object' && error !== null ? error : {}) as {
    readonly statusCode?: unknown;
    readonly code?: unknown;
    readonly message?: unknown;
  };
  const reason = typeof code === 'string' && /^\w{1,60}$/.test(code) ? code : message === 'timeout' ? message : 'error';
  if (typeof statusCode !== 'number') return { reason, retry: 'again' };
  if (statusCode === 404 && code === 'QueueNotFound') return { reason, retry: 'createQueue' };
  const passing = statusCode === 408 || statusCode === 429 || statusCode >= 500;
  return { reason: `HTTP ${statusCode} ${reason}`, retry: passing ? 'again' : 'never' };
}

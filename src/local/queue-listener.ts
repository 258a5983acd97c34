import { setTimeout as sleep } from 'node:timers/promises';
import type { DequeuedMessageItem, QueueClient, QueueServiceClient } from '@azure/storage-queue';
import type { RunnerLog } from './console-log';
import { HeldMessage } from './held-message';
import { MIN_POLLING_INTERVAL_MS, type QueueSettings } from './host-json';
import { PollingBackoff } from './polling-backoff';
import { oneLine } from './startup-error';

/** The host hides a message for ten minutes while it is processed and renews that at half time, whatever `host.json` says. */
const VISIBILITY_SECONDS = 600;
const POISON = '-poison';

export interface QueueListenerOptions {
  readonly functionName: string;
  readonly service: QueueServiceClient;
  readonly queueName: string;
  readonly settings: QueueSettings;
  /** Runs the function on one message, its text decoded. */
  readonly invoke: (item: DequeuedMessageItem, text: string) => Promise<void>;
  readonly log: RunnerLog;
  /** Shortened by tests, which cannot wait for ten minutes. */
  readonly visibilitySeconds?: number;
  readonly random?: () => number;
}

/** Works off one queue with the host's semantics: batches, back-off, renewal, retry, poison queue. */
export class QueueListener {
  readonly #options: QueueListenerOptions;
  readonly #queue: QueueClient;
  /** A function that fails on a poison queue has nowhere further to send the message, so it stays where it is. */
  readonly #poison: QueueClient | undefined;
  readonly #visibilitySeconds: number;
  readonly #stopping = new AbortController();
  readonly #held = new Set<HeldMessage>();
  readonly #running = new Set<Promise<void>>();
  #loop: Promise<void> = Promise.resolve();
  /** Ends the wait for room; called whenever a function has finished. */
  #wake: () => void = () => undefined;

  constructor(options: QueueListenerOptions) {
    this.#options = options;
    this.#queue = options.service.getQueueClient(options.queueName);
    this.#poison = options.queueName.endsWith(POISON)
      ? undefined
      : options.service.getQueueClient(options.queueName + POISON);
    this.#visibilitySeconds = options.visibilitySeconds ?? VISIBILITY_SECONDS;
  }

  /** Creates the queue if need be, then begins to look at it. */
  async start(): Promise<void> {
    await this.#queue.createIfNotExists();
    this.#loop = this.#poll();
  }

  /** Takes no further message. Resolves when none can come any more; functions may still be running. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#loop;
  }

  /** Resolves when no function is running. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  /** Makes what is still being processed visible again at once, because this process is about to end. */
  async releaseAll(): Promise<void> {
    await Promise.allSettled([...this.#held].map((message) => message.release(0)));
  }

  async #poll(): Promise<void> {
    const { settings, random = Math.random } = this.#options;
    const backoff = new PollingBackoff(MIN_POLLING_INTERVAL_MS, settings.maxPollingIntervalMs, random);
    let unreachable = false;
    while (!this.#stopping.signal.aborted) {
      let found = 0;
      try {
        found = await this.#takeBatch();
        if (unreachable) this.#report('information', `the queue ${this.#queue.name} can be reached again`);
        unreachable = false;
      } catch (error) {
        if (!unreachable) this.#report('error', `the queue ${this.#queue.name} cannot be reached: ${oneLine(error)}`);
        unreachable = true;
      }
      if (found > 0) backoff.reset();
      const pause = found > 0 ? this.#belowThreshold() : this.#sleep(backoff.next());
      await pause;
    }
  }

  /** Takes up to a batch of messages and starts their functions. Not aborted: what an abandoned call has taken would be hidden. */
  async #takeBatch(): Promise<number> {
    const { receivedMessageItems: items } = await this.#queue.receiveMessages({
      numberOfMessages: this.#options.settings.batchSize,
      visibilityTimeout: this.#visibilitySeconds,
    });
    for (const item of items) {
      const message = new HeldMessage(this.#queue, item, this.#visibilitySeconds, (error) =>
        this.#report('warning', `message ${item.messageId} could not be kept hidden: ${oneLine(error)}`),
      );
      this.#held.add(message);
      const run = this.#process(message)
        .catch((error: unknown) =>
          this.#report('error', `message ${item.messageId} stays until it is visible again: ${oneLine(error)}`),
        )
        .finally(() => {
          this.#held.delete(message);
          this.#running.delete(run);
          this.#wake();
        });
      this.#running.add(run);
    }
    return items.length;
  }

  async #process(message: HeldMessage): Promise<void> {
    const { settings, invoke } = this.#options;
    const { item } = message;
    if (this.#stopping.signal.aborted) return message.release(0);
    const bytes =
      settings.messageEncoding === 'base64' ? decodeBase64(item.messageText) : Buffer.from(item.messageText);
    if (bytes === undefined) {
      this.#report('error', `message ${item.messageId} is not base64, as messageEncoding in host.json says it is`);
      return this.#giveUp(message);
    }
    if (this.#poison && item.dequeueCount > settings.maxDequeueCount) return this.#giveUp(message);
    try {
      await invoke(item, this.#decode(item, bytes));
    } catch {
      // Logged where the function is run. Here it only decides what becomes of the message.
      if (this.#poison && item.dequeueCount < settings.maxDequeueCount) {
        return message.release(Math.round(settings.visibilityTimeoutMs / 1000));
      }
      return this.#giveUp(message);
    }
    await message.delete();
  }

  /** Decodes a message's text. Bytes that are not UTF-8 fail a try before the function is called, as under the host. */
  #decode({ messageId }: DequeuedMessageItem, bytes: Uint8Array): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (error) {
      this.#report('error', `message ${messageId} is not UTF-8 text, so the function is not called with it`);
      throw error;
    }
  }

  /** The message is put into the poison queue before it leaves its own: a crash in between doubles it and loses nothing. */
  async #giveUp(message: HeldMessage): Promise<void> {
    // As under the host, a message without a poison queue stays hidden for the rest of its ten minutes, and is then tried again.
    if (!this.#poison) return message.leave();
    await this.#poison.createIfNotExists();
    // Without a time to live, as the host sends it: the service keeps it for its default of seven days.
    await this.#poison.sendMessage(message.item.messageText);
    await message.delete();
    const { messageId, dequeueCount } = message.item;
    this.#report('warning', `message ${messageId} went to ${this.#poison.name} after ${dequeueCount} tries`);
  }

  async #belowThreshold(): Promise<void> {
    while (this.#running.size > this.#options.settings.newBatchThreshold && !this.#stopping.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async #sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  #report(level: 'information' | 'warning' | 'error', message: string): void {
    this.#options.log.write(level, this.#options.functionName, message);
  }
}

/** Decodes strict base64, in which .NET allows blanks; undefined for anything else, of which `Buffer.from` would make something. */
function decodeBase64(text: string): Buffer | undefined {
  const compact = text.replace(/[ \t\r\n]/g, '');
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined;
  return Buffer.from(compact, 'base64');
}

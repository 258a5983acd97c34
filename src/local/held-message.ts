import { type DequeuedMessageItem, type QueueClient, RestError } from '@azure/storage-queue';

/**
 * A message that this process has taken and keeps hidden from others. Every renewal changes the receipt that the next operation
 * needs, so renewals and the final operation take turns.
 */
export class HeldMessage {
  readonly #queue: QueueClient;
  readonly #visibilitySeconds: number;
  readonly #timer: NodeJS.Timeout;
  #receipt: string;
  #renewal: Promise<void> = Promise.resolve();
  #settled = false;

  constructor(
    queue: QueueClient,
    readonly item: DequeuedMessageItem,
    visibilitySeconds: number,
    onRenewalFailed: (error: unknown) => void,
  ) {
    this.#queue = queue;
    this.#receipt = item.popReceipt;
    this.#visibilitySeconds = visibilitySeconds;
    this.#timer = setInterval(() => {
      this.#renewal = this.#renewal.then(() => this.#renew()).catch(onRenewalFailed);
    }, visibilitySeconds * 500);
  }

  /** The message is done with: it leaves the queue. */
  async delete(): Promise<void> {
    await this.#settle((id, receipt) => this.#queue.deleteMessage(id, receipt));
  }

  /** The message is to be taken again, by whoever comes first, after a pause. */
  async release(delaySeconds: number): Promise<void> {
    await this.#settle((id, receipt) => this.#queue.updateMessage(id, receipt, undefined, delaySeconds));
  }

  /** The message stays hidden for the rest of its time, then it is taken again. */
  async leave(): Promise<void> {
    await this.#settle(async () => undefined);
  }

  async #renew(): Promise<void> {
    if (this.#settled) return;
    const { messageId } = this.item;
    const answer = await this.#queue.updateMessage(messageId, this.#receipt, undefined, this.#visibilitySeconds);
    this.#receipt = answer.popReceipt ?? this.#receipt;
  }

  /** Only the first settlement counts: a message released while its function still ran is no longer ours to delete. */
  async #settle(act: (id: string, receipt: string) => Promise<unknown>): Promise<void> {
    if (this.#settled) return;
    this.#settled = true;
    clearInterval(this.#timer);
    await this.#renewal;
    try {
      await act(this.item.messageId, this.#receipt);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
}

/** Somebody else has taken or deleted the message meanwhile, so there is nothing left to settle. */
function isGone(error: unknown): boolean {
  return error instanceof RestError && (error.code === 'MessageNotFound' || error.code === 'PopReceiptMismatch');
}

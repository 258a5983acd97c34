import { queueService } from './queue-service';
import type { StorageConnection } from './storage-connection';

/** A storage queue as it is, for an operator. */
export interface QueueFacts {
  /** What came of looking at it. */
  readonly read: 'ok' | 'absent' | 'forbidden' | 'failed';
  /** What came of a message that says nothing and is gone in a second. */
  readonly write: 'ok' | 'absent' | 'forbidden' | 'failed' | 'notTried';
  /** Bells that could not be answered and were put aside; `undefined` when that cannot be told. */
  readonly poisoned: number | undefined;
  /** The service's time, in ms since the epoch; `undefined` when it did not say. */
  readonly serviceTime: number | undefined;
}

const LIMIT_MS = 10_000;

/** @param probe the message that is put in and expires at once; whoever receives it has nothing to do */
export async function inspectQueue(
  connection: StorageConnection,
  queueName: string,
  probe: string,
): Promise<QueueFacts> {
  const service = queueService(connection);
  const queue = service.getQueueClient(queueName);
  const abortSignal = AbortSignal.timeout(LIMIT_MS);
  try {
    const { date } = await queue.getProperties({ abortSignal });
    const sent = await queue
      .sendMessage(probe, { messageTimeToLive: 1, abortSignal })
      .then(() => 'ok' as const, refused);
    const poison = await service
      .getQueueClient(`${queueName}-poison`)
      .getProperties({ abortSignal })
      .then(
        ({ approximateMessagesCount }) => approximateMessagesCount,
        () => undefined,
      );
    return { read: 'ok', write: sent, poisoned: poison, serviceTime: date?.getTime() };
  } catch (error) {
    return { read: refused(error), write: 'notTried', poisoned: undefined, serviceTime: undefined };
  }
}

function refused(error: unknown): 'absent' | 'forbidden' | 'failed' {
  const { statusCode } = error as { readonly statusCode?: unknown };
  if (statusCode === 404) return 'absent';
  return statusCode === 401 || statusCode === 403 ? 'forbidden' : 'failed';
}

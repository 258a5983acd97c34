/** Waiting ended before what was waited for. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp';
  constructor(readonly why: 'timeout' | 'aborted') {
    super(why);
  }
}

/**
 * Waits for a promise for at most `ms`, or until `signal` aborts, and rejects with {@link GivenUp} then. For promises whose makers
 * promise no limit of their own: what they do goes on unseen.
 */
export function within<T>(promise: Promise<T>, ms: number, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(() => reject(new GivenUp('timeout'))), ms);
    const onAbort = (): void => finish(() => reject(new GivenUp('aborted')));
    const finish = (end: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      end();
    };
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    promise.then(
      (value) => finish(() => resolve(value)),
      (error: unknown) => finish(() => reject(error)),
    );
  });
}

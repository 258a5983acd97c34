/** Why a wait ends that is not needed any more. Without a reason an abort makes an error with a stack, which costs more than the wait. */
export const OVER = 'over';

/** A signal of its own that also aborts with others, until it is let go. */
export interface LinkedSignal {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
  /** Stops following the others, so that they do not keep it alive. */
  unlink(): void;
}

/**
 * Like `AbortSignal.any`, with an end: Node keeps a composite signal that has listeners alive until it aborts, and the signal of a turn
 * that goes well never does.
 */
export function linkedSignal(...others: readonly AbortSignal[]): LinkedSignal {
  const own = new AbortController();
  const abort = (reason?: unknown): void => {
    unlink();
    own.abort(reason);
  };
  const follow = (): void => abort();
  const unlink = (): void => {
    for (const other of others) other.removeEventListener('abort', follow);
  };
  for (const other of others) other.addEventListener('abort', follow);
  if (others.some((other) => other.aborted)) abort();
  return { signal: own.signal, abort, unlink };
}

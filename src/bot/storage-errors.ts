import { TurnwiseError } from '../schema/errors';

/**
 * Somebody else has written an item since it was read: nothing of it was written. Read it again, decide anew, write again. What came before
 * it in the same write stays written, and what came after it was not.
 */
export class StorageConflictError extends TurnwiseError {
  override readonly name = 'StorageConflictError';

  /** @param key of the item. @param written the keys of the same call that were written before it, in order */
  constructor(
    readonly key: string,
    readonly written: readonly string[] = [],
  ) {
    super('StorageConflict', `The key is "${key}"; ${writtenOnes(written)}.`);
  }
}

/** A write or a deletion of several items that came to an end in the middle. */
export class StorageIncompleteError extends TurnwiseError {
  override readonly name = 'StorageIncompleteError';

  /**
   * @param key at which it ended. @param written the keys that are done with, in order. @param isKeyWritten whether the item at `key` was
   * written too: no, or nobody can tell. Those after it were not.
   */
  constructor(
    readonly key: string,
    readonly written: readonly string[],
    readonly isKeyWritten: 'no' | 'unknown',
    options: ErrorOptions,
  ) {
    const at = isKeyWritten === 'no' ? 'not written' : 'perhaps written';
    super('StorageIncomplete', `It ended at "${key}" (${at}); ${writtenOnes(written)}.`, options);
  }
}

function writtenOnes(keys: readonly string[]): string {
  return keys.length === 0
    ? 'nothing else was written'
    : `written before it: ${keys.map((key) => `"${key}"`).join(', ')}`;
}

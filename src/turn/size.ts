import type { Activity } from '../schema/activity';
import type { Head, Payload } from './record';

/**
 * Limits on the size of a conversation record, in bytes of its JSON in UTF-8. They keep the promise that its holder can write whatever was
 * accepted: an item of Cosmos DB has at most 2 MB. Writes that do not add to the record are tried whatever its size. The numbers are
 * derived in `docs/decisions/record-size.md`.
 */
export interface RecordSizes {
  /** Size beyond which the bodies of accepted activities are stored beside the record. */
  readonly asideBytes: number;
  /** Most that an accept, a schedule, a post, a requeue or an inline commit may lead to; beyond it the outcome is `full`. */
  readonly acceptBytes: number;
  /** Most that a flush or a commit may lead to; beyond it the outcome is `tooLarge`. */
  readonly turnBytes: number;
}

export const RECORD_SIZES: RecordSizes = { asideBytes: 256_000, acceptBytes: 1_000_000, turnBytes: 1_500_000 };

/** Most bytes of JSON that the steps of one turn may have. Cosmos DB keeps them in items of 64 KB, which these are at most 50 of. */
export const MAX_STEPS_BYTES = 1_500_000;

/** Returns the length of a value as it is stored, in bytes. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}

/** Returns an activity as a record has it in itself. */
export function inlinePayload(activity: Activity): Extract<Payload, { readonly inline: Activity }> {
  return { inline: activity, bytes: jsonBytes(activity) };
}

/** Returns whether a record would be larger than `limit` bytes. */
export function isLarger(head: Head, limit: number): boolean {
  const text = JSON.stringify(head);
  // A character has at most three bytes.
  return text.length * 3 > limit && Buffer.byteLength(text) > limit;
}

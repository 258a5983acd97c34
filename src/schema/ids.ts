/** The longest id that is accepted, in UTF-16 units. Real ones have at most some 300. */
const MAX_LENGTH = 1000;

/** The longest id that is accepted once percent-encoded, as ids stand in storage keys of 2 KB. */
const MAX_ENCODED_LENGTH = 1900;

/** Control characters, and surrogates without their other half. */
const UNUSABLE = /[\p{Cc}\p{Cs}]/u;

const RESERVED = new Set(['.', '..', '__proto__']);

/**
 * Whether `id` can name an account: something that clients choose, so nearly anything. Refused is what breaks storage keys, URLs or
 * objects further on: no text at all, lone surrogates, control characters, path segments with a meaning, excessive length.
 */
export function isAccountId(id: unknown): id is string {
  return (
    typeof id === 'string' &&
    id !== '' &&
    id.length <= MAX_LENGTH &&
    !UNUSABLE.test(id) &&
    !RESERVED.has(id) &&
    encodeURIComponent(id).length <= MAX_ENCODED_LENGTH
  );
}

/** Whether `id` can be one segment of a URL's path, as ids of channels, conversations and activities are. */
export function isPathId(id: unknown): id is string {
  return isAccountId(id) && !/[/\\]/.test(id);
}

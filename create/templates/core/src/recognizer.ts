/** What a message asks for. */
export type Intent =
  | { readonly kind: 'book'; readonly destination?: string }
  | { readonly kind: 'introduce' }
  | { readonly kind: 'remind' }
  | { readonly kind: 'help' }
  | { readonly kind: 'unknown' };

/** Finds out what a message asks for. The place for a language service or a model: put yours in `src/bot.ts`. */
export interface Recognizer {
  recognize(text: string): Promise<Intent>;
}

/** Looks for words. Enough to begin with, and for tests. */
export class KeywordRecognizer implements Recognizer {
  async recognize(text: string): Promise<Intent> {
    const words = text.toLowerCase();
    if (/\b(book|flight|travel|trip)\b/.test(words)) {
      const destination = /\b(?:flight|trip|travel|fly|go) to (\p{L}[\p{L} ]*)/iu.exec(text)?.[1]?.trim();
      return destination === undefined ? { kind: 'book' } : { kind: 'book', destination };
    }
    if (/\b(my name|call me|introduce)\b/.test(words)) return { kind: 'introduce' };
    if (/\bremind/.test(words)) return { kind: 'remind' };
    if (/\b(help|hello|hi|start)\b/.test(words)) return { kind: 'help' };
    return { kind: 'unknown' };
  }
}

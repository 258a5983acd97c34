/* Writes out what a regular expression accepts, as far as it is made of letters. */

/** Stands where any of several characters may be. No shape of a value has it. */
export const GAP = '□';

const MOST = 2_000;

/**
 * Returns the texts that an expression spells: each choice of its alternatives, with and without what is optional. A class of characters is a
 * `GAP`; what is repeated stands once; what is looked ahead or behind for stands where it is looked for.
 */
export function spellings(pattern: string): string[] {
  return new Speller(pattern).alternatives();
}

class Speller {
  readonly #pattern: string;
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  alternatives(): string[] {
    const all = this.#sequence();
    while (this.#pattern[this.#at] === '|') {
      this.#at++;
      all.push(...this.#sequence());
    }
    return [...new Set(all)];
  }

  #sequence(): string[] {
    let texts = [''];
    while (this.#at < this.#pattern.length && !'|)'.includes(this.#pattern[this.#at] ?? '')) {
      const atom = this.#atom();
      const choices = this.#isOptional() ? [...atom, ''] : atom;
      texts = texts.flatMap((text) => choices.map((choice) => text + choice)).slice(0, MOST);
    }
    return texts;
  }

  /** Takes a quantifier, and says whether it may mean none. */
  #isOptional(): boolean {
    const quantifier = this.#take(/(?:[*+?]|\{\d*,?\d*\})\??/y);
    return /^(?:[*?]|\{0)/.test(quantifier);
  }

  #atom(): string[] {
    if (this.#take(/\((?:\?(?:[:=!]|<[=!]|<\w+>))?/y) !== '') {
      const inner = this.alternatives();
      this.#at++;
      return inner;
    }
    const set = this.#take(/\[(?:\\.|[^\]\\])*\]/y);
    if (set !== '') return [/^\[\\?[^\\\]]\]$/.test(set) ? (set.at(-2) ?? '') : GAP];
    if (this.#take(/\\[bB]|[$^]/y) !== '') return [''];
    const code = this.#take(/\\(?:x[\da-f]{2}|u[\da-f]{4}|u\{[\da-f]+\})/iy);
    if (code !== '') return [String.fromCodePoint(Number.parseInt(code.slice(2).replace(/[{}]/g, ''), 16))];
    if (this.#take(/\\(?:[pP]\{[^}]*\}|[dDwWsS\dntrfv]|c.)|\./y) !== '') return [GAP];
    return [this.#take(/\\?[\s\S]/y).slice(-1)];
  }

  /** Takes what a sticky expression finds here; nothing is an empty text. */
  #take(shape: RegExp): string {
    shape.lastIndex = this.#at;
    const [text = ''] = shape.exec(this.#pattern) ?? [];
    this.#at += text.length;
    return text;
  }
}

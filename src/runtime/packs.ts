import type { Body } from '../ports/store';
import type { Activity } from '../schema/activity';
import type { NewEffect } from '../turn/commit';
import { type Effect, effectPayload, type Payload } from '../turn/record';
import type { Captured } from './captured-effects';
import type { RuntimeOptions } from './options';

type PackOptions = Pick<RuntimeOptions, 'inlineBytes' | 'outboxBytes' | 'packBytes'>;

/**
 * Moves activities that the record has no room for into packs beside it: those that are large, and what goes beyond the activities that the
 * record may hold in its outbox. Without this the holder of a conversation could not write its record any more.
 *
 * @param effects with their activities in them
 * @param recorded effects that the record has already
 * @param unique makes a name that no other pack has
 */
export function packed(
  effects: readonly NewEffect[],
  recorded: readonly Effect[],
  options: PackOptions,
  unique: () => string,
): Captured {
  const packs = new Packs(options.packBytes, unique);
  let room = options.outboxBytes - recorded.reduce((sum, effect) => sum + inlineBytesOf(effect), 0);
  const left = effects.map((effect) => {
    const payload = 'activity' in effect ? effect.activity : undefined;
    if (payload === undefined || !('inline' in payload)) return effect;
    if (payload.bytes <= options.inlineBytes && payload.bytes <= room) {
      room -= payload.bytes;
      return effect;
    }
    return { ...effect, activity: packs.add(effect.id, payload) } as NewEffect;
  });
  return { effects: left, bodies: packs.bodies };
}

function inlineBytesOf(effect: Effect): number {
  const payload = effectPayload(effect);
  return payload !== undefined && 'inline' in payload ? payload.bytes : 0;
}

/** Packs of at most so many bytes; a larger activity has one of its own. */
class Packs {
  readonly #limit: number;
  readonly #unique: () => string;
  readonly #packs: { readonly ref: string; readonly activities: Activity[] }[] = [];
  #bytes = 0;

  constructor(limit: number, unique: () => string) {
    this.#limit = limit;
    this.#unique = unique;
  }

  get bodies(): readonly Body[] {
    return this.#packs;
  }

  /** @param effect id of the effect, after the first of which a pack is named */
  add(effect: string, { inline, bytes }: Extract<Payload, { readonly inline: Activity }>): Payload {
    let pack = this.#packs.at(-1);
    if (pack === undefined || this.#bytes + bytes > this.#limit) {
      pack = { ref: `${effect}-${this.#unique()}`, activities: [] };
      this.#packs.push(pack);
      this.#bytes = 0;
    }
    this.#bytes += bytes;
    pack.activities.push(inline);
    return { ref: pack.ref, index: pack.activities.length - 1, bytes };
  }
}

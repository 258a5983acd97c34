import type { Mutant } from './mutants';
import { FIRST_SIZED_SEED } from './sizes';

const SEEDS = Array.from({ length: 400 }, (_, index) => FIRST_SIZED_SEED + index);

/** Mistakes in what keeps records writable, and in what becomes of effects whose delivery throws. */
export const SIZE_MUTANTS: readonly Mutant[] = [
  {
    name: 'accepts into a record of any size',
    file: 'src/turn/accept.ts',
    find: "isLarger(accepted, sizes.acceptBytes) ? { outcome: 'full' } : { outcome: 'accepted', head: accepted }",
    replace: "{ outcome: 'accepted', head: accepted }",
    seeds: SEEDS,
  },
  {
    name: 'commits into a record of any size',
    file: 'src/turn/commit.ts',
    find: 'turn.effects.length > 0 && isLarger(next, sizes.turnBytes) ? TOO_LARGE : holdOutcome(next)',
    replace: 'holdOutcome(next)',
    seeds: SEEDS,
  },
  {
    name: 'flushes into a record of any size',
    file: 'src/turn/commit.ts',
    find: "isLarger(next, sizes.turnBytes) ? TOO_LARGE : { outcome: 'held', head: next }",
    replace: "{ outcome: 'held', head: next }",
    seeds: SEEDS,
  },
  {
    name: 'keeps every activity of a turn in the record',
    file: 'src/runtime/packs.ts',
    find: 'payload.bytes <= options.inlineBytes && payload.bytes <= room',
    replace: 'payload.bytes > 0',
    seeds: SEEDS,
  },
  {
    name: 'removes a pack with the first of its effects',
    file: 'src/store/records.ts',
    find: 'headRefs(before).filter((ref) => !kept.has(ref))',
    replace: 'headRefs(before).filter((ref) => !kept.has(ref) || headRefs(after).length < headRefs(before).length)',
    seeds: SEEDS,
  },
  {
    name: 'leaves the activity of a dead letter in its pack',
    file: 'src/store/records.ts',
    find: "if (!('activity' in effect) || !('index' in effect.activity)) return effect;",
    replace: 'if (view.now > 0) return effect;',
    seeds: SEEDS,
  },
  {
    name: 'lets a delivery that throws end the hold, uncounted',
    file: 'src/runtime/delivery.ts',
    find: 'if (error instanceof ConversationLost || hold.lost.aborted) throw error;',
    replace: 'if (!(error instanceof StoreFault) || hold.lost.aborted) throw error;',
    seeds: SEEDS,
  },
  {
    name: 'gives up a change of user state like a reply',
    file: 'src/runtime/delivery.ts',
    find: "if (failures >= options.maxDeliveries && effect.kind !== 'fold') {",
    replace: 'if (failures >= options.maxDeliveries) {',
    seeds: SEEDS,
  },
];

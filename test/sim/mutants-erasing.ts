import { FIRST_ERASING_SEED } from './erasing-seeds';
import type { Mutant } from './mutants';

const SEEDS = Array.from({ length: 500 }, (_, index) => FIRST_ERASING_SEED + index);

/** Mistakes after which what was erased can be read again, or is never gone. */
export const ERASING_MUTANTS: readonly Mutant[] = [
  {
    name: 'lets a marker end although records are left',
    file: 'src/turn/erase.ts',
    find: 'return isMarker(head) && !unpurged ? MARKER_MS : undefined;',
    replace: 'return isMarker(head) ? MARKER_MS : undefined;',
    seeds: SEEDS,
  },
  {
    name: 'forgets what is left when a message comes',
    file: 'src/turn/erase.ts',
    find: 'return unpurged || after.gen',
    replace: 'return after.gen',
    seeds: SEEDS,
  },
  {
    name: 'shows records of earlier generations',
    file: 'src/turn/erase.ts',
    find: 'return gen === current;',
    replace: 'return gen <= current;',
    seeds: SEEDS,
  },
  {
    name: 'never finishes erasing that was interrupted',
    file: 'src/runtime/forget.ts',
    find: 'const finished = await store.erasure.finish(limit);',
    replace: 'const finished = limit * 0;',
    seeds: SEEDS,
  },
  {
    name: 'lists dead letters of erased generations',
    file: 'src/store/purge.ts',
    find: 'return found.filter(',
    replace: 'return found.filter(() => true) ?? found.filter(',
    seeds: SEEDS,
  },
  {
    name: 'takes the mark off before the records are gone',
    file: 'src/store/purge.ts',
    find: 'await removeAll(conversation, marked.gen);',
    replace: '',
    seeds: SEEDS,
  },
  {
    name: 'removes all but the latest generation',
    file: 'src/store/purge.ts',
    find: 'await conversation.removeBefore(gen)) === 0',
    replace: 'await conversation.removeBefore(gen - 1)) === 0',
    seeds: SEEDS,
  },
  {
    name: 'erases before it writes down what it is to erase',
    file: 'src/runtime/forget.ts',
    find: 'asked.push(await writtenDown(forgetting, request));',
    replace: "asked.push({ request, mark: '' });",
    seeds: SEEDS,
  },
  {
    name: 'carries out no request that was left',
    file: 'src/runtime/forget.ts',
    find: 'if (mark === undefined) continue;',
    replace: 'if (limit > 0) continue;',
    seeds: SEEDS,
  },
];

import type { Mutant } from './mutants';
import { FIRST_POSTING_SEED } from './plan';

const seeds = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => FIRST_POSTING_SEED + index);

/** Mistakes in what turns post to conversations, at once and at a time. */
export const POST_MUTANTS: readonly Mutant[] = [
  {
    name: 'lets go without a thought for what is scheduled',
    file: 'src/turn/hold.ts',
    find: 'return { ...free, wake: wakeForSchedule(free, work, timing) };',
    replace: 'return { ...free, wake: work };',
    seeds: seeds(300),
  },
  {
    name: 'accepts at once what is scheduled',
    file: 'src/turn/schedule.ts',
    find: 'if (due <= now) return accept(',
    replace: 'if (due > 0) return accept(',
    seeds: seeds(150),
  },
  {
    name: 'takes what is scheduled before its time',
    file: 'src/turn/schedule.ts',
    find: '.filter(({ due }) => due <= now)',
    replace: '.filter(({ due }) => due - 60_000 <= now)',
    seeds: seeds(150),
  },
  {
    name: 'drops what has come due',
    file: 'src/turn/schedule.ts',
    find: 'const grown = appended(rest, now, { ...activity, at: now }, timing);',
    replace: 'const grown = now > 0 ? rest : appended(rest, now, { ...activity, at: now }, timing);',
    seeds: seeds(150),
  },
  {
    name: 'keeps in its schedule what has come due',
    file: 'src/turn/schedule.ts',
    find: 'const rest: Head = { ...head, sched: head.sched.filter(({ key }) => key !== activity.key) };',
    replace: 'const rest: Head = head;',
    seeds: seeds(150),
  },
  {
    name: 'forgets an earlier schedule over a later one',
    file: 'src/turn/schedule.ts',
    find: 'inOrder([...head.sched, {',
    replace: 'inOrder([{',
    seeds: seeds(600),
  },
  {
    name: 'forgets what was cancelled',
    file: 'src/turn/schedule.ts',
    find: 'const without = remembered(head, now, [key], timing);',
    replace: 'const without = head;',
    seeds: [20293, 20542, 20732, 22563, 22652, 23195],
  },
  {
    name: 'posts under a key of its own each time',
    file: 'src/runtime/post.ts',
    find: 'traced({ ...entry, proactive }, span)',
    replace: 'traced({ ...entry, key: postKey(ids.next()), proactive }, span)',
    seeds: seeds(300),
  },
  {
    name: 'posts before the turn has committed',
    file: 'src/runtime/captured-turn.ts',
    find: 'const captured = this.effects.takeReady();',
    replace: 'const captured = this.posts.before(this.effects.takeReady());',
    seeds: seeds(300),
  },
  {
    name: 'loses what a turn posts',
    file: 'src/runtime/captured-turn.ts',
    find: 'return this.packed(this.posts.before(this.effects.take()));',
    replace: 'return this.packed(this.effects.take());',
    seeds: seeds(150),
  },
  {
    name: 'forgets a post as soon as what a channel has sent',
    file: 'src/turn/accept.ts',
    find: 'return proactive === undefined ? now : now + timing.postMemoryMs - timing.dedupeMs;',
    replace: 'return now;',
    seeds: [36112, 32135],
  },
];

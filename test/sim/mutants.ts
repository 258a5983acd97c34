/** A mistake worth fearing, as a change to the production source, and how many seeds must contain one that catches it. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /**
   * The seeds that are run: 1 to this number, or these very ones, for mistakes that take a rare sequence of events. When a
   * change of the engine has moved them, `npm run sim -- --mutant NAME --runs 20000` finds new ones.
   */
  readonly seeds?: number | readonly number[];
}

const SEEDS = 100;

/** The fixed set of seeds of a mutant, one of which must catch it. */
export function seedsOf({ seeds = SEEDS }: Mutant): readonly number[] {
  return typeof seeds === 'number' ? Array.from({ length: seeds }, (_, index) => index + 1) : seeds;
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'acknowledges although the append is unknown',
    file: 'src/runtime/ingress.ts',
    find: "return answerOf(failure(503, 'TryAgain'), RETRY_SOON_S);",
    replace: 'return { status: 200 };',
    seeds: 600,
  },
  {
    name: 'gives the duplicate of an activity a place of its own',
    file: 'src/turn/accept.ts',
    find: 'if (known ||',
    replace: 'if (',
  },
  {
    name: 'commits without the fence',
    file: 'src/turn/commit.ts',
    find: 'if (!isHeldBy(head, fence)) {\n    const ours',
    replace: 'if (head.lease === null) {\n    const ours',
    seeds: 600,
  },
  {
    name: 'compares the epoch but not the owner',
    file: 'src/turn/hold.ts',
    find: 'head.epoch === fence.epoch && head.lease !== null && head.lease.owner === fence.owner',
    replace: 'head.epoch === fence.epoch',
    seeds: [54, 64, 366, 368, 534, 1_008],
  },
  {
    name: 'commits whatever activity is first',
    file: 'src/turn/commit.ts',
    find: "if (first === undefined || turnPrefix(first) !== turn.turn) return { outcome: 'held', head };",
    replace: '',
    seeds: 600,
  },
  {
    name: 'takes a conversation whose lease runs',
    file: 'src/turn/acquire.ts',
    find: "if (lease !== null && lease.until > now) return { outcome: 'busy', remainingMs: lease.until - now };",
    replace: '',
  },
  {
    name: 'acquires without raising the epoch',
    file: 'src/turn/acquire.ts',
    find: 'epoch: current.epoch + 1',
    replace: 'epoch: current.epoch',
  },
  {
    name: 'ignores that state has moved',
    file: 'src/store/turn-store.ts',
    find: "if (moved) return { result: { outcome: 'conflict' } };",
    replace: '',
  },
  {
    name: 'counts an attempt only after its handler',
    file: 'src/turn/acquire.ts',
    find: 'current.out.length === 0 ? { ...current, att: current.att + 1 }',
    replace: 'current.out.length === 0 ? { ...current }',
  },
  {
    name: 'forgets to count the attempt after delivering',
    file: 'src/turn/hold.ts',
    find: 'if (head.pend.length > 0) return extended({ ...head, att: head.att + 1 }, now, fence, timing);',
    replace: 'if (head.pend.length > 0) return extended(head, now, fence, timing);',
  },
  {
    name: 'lets go although work has come in',
    file: 'src/turn/hold.ts',
    find: 'if (head.pend.length > 0) return extended({ ...head, att: head.att + 1 }, now, fence, timing);\n  return freed(head, now, 0, timing);',
    replace: 'return { ...head, lease: null, wake: null };',
  },
  {
    name: 'never sweeps',
    file: 'src/runtime/sweep.ts',
    find: 'from < overdue.length',
    replace: 'from < 0',
  },
  {
    name: 'leaves wake as it was at accept',
    file: 'src/turn/accept.ts',
    find: 'wake: wakeForWork(head, now, timing) };',
    replace: 'wake: head.wake };',
  },
  {
    name: 'sends inside the handler instead of after the commit',
    file: 'src/runtime/captured-turn.ts',
    find: 'return this.effects.send(activity);',
    replace: 'void this.sendLive(activity);\n    return this.effects.send(activity);',
  },
  {
    name: 'sends again what an earlier attempt flushed',
    file: 'src/runtime/captured-effects.ts',
    find: 'if (ordinal < this.options.recordedBefore) {',
    replace: 'if (ordinal < 0) {',
    seeds: [252, 651, 920, 942, 1_196],
  },
  {
    name: 'starts the error handler at ordinal 0',
    file: 'src/runtime/captured-turn.ts',
    find: 'from: repeats ? 0 : head.flushed,',
    replace: 'from: 0,',
  },
  {
    name: 'delivers without marking',
    file: 'src/turn/deliver.ts',
    find: 'out: head.out.slice(1)',
    replace: 'out: head.out.length > 1 ? head.out : []',
  },
  {
    name: 'marks a whole turn delivered at its first effect',
    file: 'src/turn/deliver.ts',
    find: 'out: head.out.slice(1)',
    replace: "out: head.out.filter((e) => e.id.split('.')[0] !== delivered.effect.split('.')[0])",
  },
  {
    name: 'folds an intent without removing it',
    file: 'src/turn/user-state.ts',
    find: 'return { ...without(record, id), data:',
    replace: 'return { ...record, version: record.version + 1, data:',
    seeds: [220, 436, 696, 910, 1_153, 1_433],
  },
  {
    name: 'applies the user state at the proposal',
    file: 'src/turn/user-state.ts',
    find: 'return { ...record, version: record.version + 1, intents: [...others, intent] };',
    replace:
      'return { ...record, version: record.version + 1, data: applied(record.data, intent.changes), intents: [...others, intent] };',
  },
  {
    name: 'proposes over a newer version',
    file: 'src/turn/user-state.ts',
    find: 'if (record.version !== version) return undefined;',
    replace: '',
  },
  {
    name: 'replaces the intent of a later epoch',
    file: 'src/turn/user-state.ts',
    find: 'each.epoch > intent.epoch',
    replace: 'false',
    seeds: [1_298, 2_988, 4_073, 7_475, 7_597],
  },
  {
    name: 'calls an intent void without fencing its attempt',
    file: 'src/turn/user-state.ts',
    find: 'const live = head.lease !== null && head.lease.until > now;',
    replace:
      "if (insist || head.lease === null || head.lease.until <= now) return { verdict: 'void' };\n  const live = true;",
    seeds: [139, 180, 222, 241, 600, 934],
  },
  {
    name: 'reads user state with intents unsettled',
    file: 'src/runtime/user-intents.ts',
    find: '!succeeds(run, intent));',
    replace: 'false && !succeeds(run, intent));',
  },
  {
    name: 'withdraws an intent that counts',
    file: 'src/runtime/user-intents.ts',
    find: "verdict === 'counts'), limit)",
    replace: 'false), limit)',
  },
  {
    name: 'records a step twice',
    file: 'src/store/turn-store.ts',
    find: "if (recorded !== undefined) return { result: { outcome: 'recorded', value: (recorded as StepValue).value } };",
    replace: '',
  },
  {
    name: 'runs a recorded step again',
    file: 'src/runtime/steps.ts',
    find: 'if (recorded.has(name)) return recorded.get(name);',
    replace: '',
  },
  {
    name: 'returns what the step just computed instead of its record',
    file: 'src/runtime/steps.ts',
    find: 'return this.record(name, value);',
    replace: 'await this.record(name, value);\n    return value;',
    seeds: 400,
  },
  {
    name: 'drops a large body with its first reference',
    file: 'src/store/records.ts',
    find: 'headRefs(before).filter((ref) => !kept.has(ref))',
    replace: 'headRefs(before)',
  },
  {
    name: 'leaves large bodies behind',
    file: 'src/store/records.ts',
    find: 'headRefs(before).filter((ref) => !kept.has(ref))',
    replace: '[]',
  },
  {
    name: 'runs the handler again for a channel that throttles',
    file: 'src/turn/hand-back.ts',
    find: 'const att = reason.uncountAttempt ? Math.max(0, head.att - 1) : head.att;',
    replace: 'const att = head.att + 1;',
  },
  {
    name: 'takes every attempt back',
    file: 'src/turn/hand-back.ts',
    find: 'const att = reason.uncountAttempt ? Math.max(0, head.att - 1) : head.att;',
    replace: 'const att = Math.max(0, head.att - 1);',
  },
  {
    name: 'sends what may have been sent although told to skip it',
    file: 'src/runtime/delivery.ts',
    find: "if (inDoubt === 'skip')",
    replace: "if (inDoubt === ('never' as string))",
    seeds: [217, 236, 510, 588, 611, 791],
  },
  {
    name: 'forgets that a delivery had begun',
    file: 'src/turn/hold.ts',
    find: '{ ...first, inDoubt: true, tries: first.tries + 1 }',
    replace: 'first',
    seeds: [217, 236, 510, 588, 611, 791],
  },
  {
    name: 'records a step after its turn',
    file: 'src/runtime/captured-turn.ts',
    find: 'this.assertRunning();\n        const { turns } = runtime.store;',
    replace: 'const { turns } = runtime.store;',
  },
  {
    name: 'hands a conversation back while a flush is under way',
    file: 'src/runtime/captured-turn.ts',
    find: 'await this.flushing.catch(() => undefined);',
    replace: '',
    seeds: 400,
  },
  {
    name: 'flushes the apology',
    file: 'src/runtime/captured-turn.ts',
    find: 'if (!this.input.repeats) return Promise.resolve();',
    replace: '',
    seeds: 400,
  },
  {
    name: 'counts an attempt although the activity could not be read',
    file: 'src/runtime/run-turn.ts',
    find: 'return failed(runtime, hold, pending, undefined, error);\n  }',
    replace: 'throw error;\n  }',
    seeds: [2_021, 2_207, 3_307, 5_705],
  },
  {
    name: 'delivers what no write has marked',
    file: 'src/runtime/hold.ts',
    find: 'if (effect.started) await this.ensure(ms);',
    replace: 'if (effect.started || ms > 0) await this.ensure(ms);',
    seeds: [220, 267, 294, 304, 577, 824],
  },
  {
    name: 'shares a body between acceptances',
    file: 'src/runtime/endpoint-answers.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is source
    find: '}-${unique}`;',
    replace: '}`;',
    seeds: [3_750, 4_070, 5_515],
  },
  {
    name: 'sends what is not due yet',
    file: 'src/runtime/delivery.ts',
    find: 'Math.max((effect.due ?? 0) - hold.storeNow, quiet)',
    replace: 'quiet',
  },
  {
    name: 'takes a record of a newer format',
    file: 'src/turn/acquire.ts',
    find: "if (isNewer(stored)) return { outcome: 'later', remainingMs: timing.leaseMs };",
    replace: '',
  },
  {
    name: 'hands over with the attempt counted',
    file: 'src/runtime/processor.ts',
    find: "await hold.handBack(0, 'attemptTakenBack');",
    replace: "await hold.handBack(0, 'attemptCounts');",
  },
  {
    name: 'keeps a run that read what has changed',
    file: 'src/runtime/turn-state.ts',
    find: 'return names.every((name)',
    replace: 'return names.length >= 0 || names.every((name)',
  },
  {
    name: 'rebases onto the state that the run began with',
    file: 'src/runtime/turn-state.ts',
    find: 'loaded.snapshot = fresh;',
    replace: 'loaded.snapshot = { version: fresh.version, data: loaded.snapshot.data };',
  },
  {
    name: 'sends the ids of the bot to the channel',
    file: 'src/runtime/delivered-ids.ts',
    find: 'if (!OURS.test(id)) return id;',
    replace: 'if (id.length > 0) return id;',
  },
  {
    name: 'commits an inline run that was taken over',
    file: 'src/store/inline-turns.ts',
    find: 'if (!isClaimedBy(recordOf(view, turn.activity), fence))',
    replace: 'if (view.now < 0)',
    seeds: 400,
  },
  {
    name: 'ignores that state has moved under an inline run',
    file: 'src/store/inline-turns.ts',
    find: "if (moved || head === undefined) return { result: 'conflict' };",
    replace: "if (head === undefined) return { result: 'conflict' };",
  },
  {
    name: 'answers for a run that may be dead',
    file: 'src/runtime/answer-inline.ts',
    find: "nothing is in the mailbox.\n      return answerOf(failure(503, 'TryAgain'), RETRY_SOON_S);",
    replace: 'nothing is in the mailbox.\n      return deferredAnswer(delivery.activity);',
    seeds: [1_221, 1_629, 2_219, 4_803, 5_105, 5_250],
  },
  {
    name: 'runs an answered invoke again',
    file: 'src/turn/inline.ts',
    find: "if (current?.state === 'answered') return { outcome: 'answered', answer: current.answer };",
    replace: '',
  },
  {
    name: 'defers without a place in the mailbox',
    file: 'src/store/inline-turns.ts',
    find: "...(accepted.outcome === 'accepted' ? { head: accepted.head } : {}), put",
    replace: 'put',
  },
  {
    name: 'calls the intent of an inline run void without revoking it',
    file: 'src/turn/user-state.ts',
    find: "return { verdict: 'void', record: { state: 'revoked', epoch: record.epoch, at: now } };",
    replace: "return { verdict: 'void' };",
    seeds: [196, 1_031, 2_569, 3_064, 3_533, 3_643],
  },
  {
    name: 'leaves the effects of an inline turn to nobody',
    file: 'src/turn/inline.ts',
    find: 'wake: effects.length === 0 ? head.wake : wakeForWork(head, now, timing),',
    replace: 'wake: head.wake,',
    seeds: 400,
  },
  {
    name: 'gives an effect up only when its delivery has failed',
    file: 'src/runtime/delivery.ts',
    find: 'if (effect.tries >= runtime.options.maxDeliveries) return bury(',
    replace: 'if (effect.tries < 0) return bury(',
    seeds: [2_349, 2_430, 2_501, 2_749, 2_991, 3_227],
  },
  {
    name: 'replays a dead letter and keeps it',
    file: 'src/store/dead-letters.ts',
    find: "writes: { head: requeued, drop: [{ kind: 'dead', id }] }",
    replace: 'writes: { head: requeued }',
  },
  {
    name: 'forgets the keys of what still waits',
    file: 'src/turn/accept.ts',
    find: 'if (known || head.pend.some((pending) => pending.key === activity.key))',
    replace: 'if (known && head.pend.some((pending) => pending.key === activity.key))',
  },
];

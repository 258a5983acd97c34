import { FIRST_CROWDED_SEED } from './crowds';
import type { Mutant } from './mutants';

const CROWDED = Array.from({ length: 300 }, (_, index) => FIRST_CROWDED_SEED + index);

/** Mistakes in what drives the transitions. */
export const RUNTIME_MUTANTS: readonly Mutant[] = [
  {
    name: 'acknowledges although the append is unknown',
    file: 'src/runtime/ingress.ts',
    find: "return answerOf(failure(503, 'TryAgain'), RETRY_SOON_S);",
    replace: 'return { status: 200 };',
    seeds: 600,
  },
  {
    name: 'never sweeps',
    file: 'src/runtime/sweep.ts',
    find: 'from < overdue.length',
    replace: 'from < 0',
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
    find: 'if (ordinal < recordedBefore) {',
    replace: 'if (ordinal < 0) {',
    seeds: 600,
  },
  {
    name: 'starts the error handler at ordinal 0',
    file: 'src/runtime/captured-turn.ts',
    find: 'from: repeats ? 0 : head.flushed,',
    replace: 'from: 0,',
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
    seeds: 600,
  },
  {
    name: 'sends what may have been sent although told to skip it',
    file: 'src/runtime/delivery.ts',
    find: "if (inDoubt === 'skip')",
    replace: "if (inDoubt === ('never' as string))",
    seeds: 1_500,
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
    seeds: 600,
  },
  {
    name: 'flushes the apology',
    file: 'src/runtime/captured-turn.ts',
    find: 'if (!this.input.repeats) return Promise.resolve();',
    replace: '',
  },
  {
    name: 'counts an attempt although the activity could not be read',
    file: 'src/runtime/run-turn.ts',
    find: 'return failed(runtime, hold, pending, undefined, error);\n  }',
    replace: 'throw error;\n  }',
    seeds: [297, 1853, 3472, 3610],
  },
  {
    name: 'delivers what no write has marked',
    file: 'src/runtime/hold.ts',
    find: 'if (effect.started) await this.ensure(ms);',
    replace: 'if (effect.started || ms > 0) await this.ensure(ms);',
    seeds: 600,
  },
  {
    name: 'shares a body between acceptances',
    file: 'src/runtime/endpoint-answers.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is source
    find: '}-${unique}`;',
    replace: '}`;',
  },
  {
    name: 'sends what is not due yet',
    file: 'src/runtime/delivery.ts',
    find: 'Math.max((effect.due ?? 0) - hold.storeNow, quiet)',
    replace: 'quiet',
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
    name: 'answers for a run that may be dead',
    file: 'src/runtime/answer-inline.ts',
    find: "there is nothing in the mailbox.\n  return answerOf(failure(503, 'TryAgain'), RETRY_SOON_S);",
    replace: 'there is nothing in the mailbox.\n  return deferredAnswer(activity, options.deferralText);',
  },
  {
    name: 'gives an effect up only when its delivery has failed',
    file: 'src/runtime/delivery.ts',
    find: "if (effect.kind !== 'fold' && effect.tries >= runtime.options.maxDeliveries) {",
    replace: 'if (effect.tries < 0) {',
    seeds: [103, 1453, 2034, 2169],
  },
  {
    name: 'never renews a lease',
    file: 'src/runtime/hold.ts',
    find: 'await clock.sleep(options.renewMs, this.ended.signal);',
    replace: 'await clock.sleep(1e9, this.ended.signal);',
    seeds: 600,
  },
  {
    name: 'hands back without a ring',
    file: 'src/runtime/hold.ts',
    find: 'await ring(this.runtime, this.key, deliveryMs);',
    replace: '',
    seeds: 600,
  },
  {
    name: 'leaves the effects of an inline turn to the sweep',
    file: 'src/runtime/commit-inline.ts',
    find: "if (outcome === 'committed' && commit.effects.length > 0) await",
    replace: "if (outcome === 'lost') await",
    seeds: 600,
  },
  {
    name: 'delivers nothing of others while a handler runs',
    file: 'src/runtime/captured-turn.ts',
    find: 'await deliverRecorded(this.runtime, this.hold, true, () => !this.finished).catch(() => undefined);',
    replace: '',
    seeds: CROWDED,
  },
  {
    name: 'lets a bell that came a little early be the last',
    file: 'src/runtime/processor.ts',
    find: "outcome === 'later' ? EARLY_BELL_MS",
    replace: "outcome === 'later' ? 0",
    seeds: [609, 1952, 2955],
  },
  {
    name: 'lets the state of one conversation leak into others',
    file: 'src/runtime/turn-state.ts',
    find: 'return persist(clock, () => store.turns.readState(this.turn.conversation, id), { limitMs: store.timing.leaseMs });',
    replace:
      'const leaked = (globalThis as { leaked?: object });\n    leaked.leaked ??= {};\n    const read = store.turns.readState(this.turn.conversation, id);\n    return read.then((fresh) => ({ ...fresh, data: { ...Object.assign(leaked.leaked, fresh.data) } }));',
  },
];

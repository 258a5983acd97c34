import type { DeadLetter, ErasureRequest, StateId, Store } from '../../src/ports/store';
import { forgetAll } from '../../src/runtime/forget';
import { persist } from '../../src/runtime/persist';
import type { Partitions } from '../../src/store/partition';
import { purge, type UnpurgedConversation } from '../../src/store/purge';
import { transactionalStore } from '../../src/store/transactional-store';
import { StoreFault } from '../../src/turn/fault';
import type { ConversationKey } from '../../src/turn/keys';
import { DEFAULT_TIMING } from '../../src/turn/timing';
import { requestsOf } from '../support/erasure-requests';
import type { Faults } from './faults';
import type { Ghost } from './ghost';
import type { Leftover, Leftovers } from './leftovers';
import { besideConversations, type SimPartitions } from './partitions';
import { CHANNEL } from './plan';
import type { Random } from './random';
import type { Instance, Scheduler } from './scheduler';

/** What erasing in a run needs to know of it. */
export interface ErasingWorld {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly ghost: Ghost;
  readonly partitions: SimPartitions;
  readonly leftovers: Leftovers;
  /** By conversation, how often it had been erased when a request to do so began that is not carried out yet. */
  readonly begun: Map<ConversationKey, number>;
  readonly faults: () => Faults;
  readonly ring: (key: ConversationKey) => Promise<void>;
}

/** The engine as one instance uses it: what erasing leaves is removed step by step, each of which may fail, or be its instance's last. */
export function purgingPartitions(partitions: Partitions, instance: Instance, world: ErasingWorld): Partitions {
  return {
    ...besideConversations(partitions),
    read: (key, look) => partitions.read(key, look),
    async transact(key, decide, known) {
      let erases = false;
      const written = partitions.transact(
        key,
        (view) => {
          const decision = decide(view);
          const after = decision.writes?.head;
          erases = after !== undefined && after.gen !== (view.head?.gen ?? 0);
          return decision;
        },
        known,
      );
      const result = await written;
      if (erases) await purge(unpurged(key, instance, world));
      return result;
    },
    async finishErasing(limit) {
      let finished = 0;
      for (const key of world.leftovers.unpurged().slice(0, limit)) {
        if (await purge(unpurged(key, instance, world))) finished += 1;
      }
      return finished;
    },
  };
}

const STEP_MS = 40;

function unpurged(key: ConversationKey, instance: Instance, world: ErasingWorld): UnpurgedConversation {
  const { random, scheduler, partitions, leftovers, faults } = world;
  const step = <T>(act: () => T): Promise<T> =>
    scheduler.call(instance, random.between(0, STEP_MS), () => {
      if (random.chance(faults().storeRefuses)) throw new StoreFault('no', 'purge');
      return act();
    });
  return {
    read: () =>
      step(() => {
        const version = leftovers.versionOf(key);
        const { head } = partitions.current(key);
        return version === undefined || head === undefined ? undefined : { gen: head.gen, version };
      }),
    async removeBefore(gen) {
      const found = await step(() => leftovers.before(key, gen));
      for (const each of found) await step(() => leftovers.remove(each));
      return found.length;
    },
    unmark: (version) => step(() => leftovers.unmark(key, version)),
    pause: () => step(() => undefined),
  };
}

/** An operator's command that erases a conversation, in a process of its own. */
export interface EraserProcess {
  readonly instance: Instance;
  over: boolean;
}

export function erasuresOf({ ghost }: ErasingWorld, conversation: ConversationKey): number {
  return ghost.past.filter(({ key }) => key === conversation).length;
}

/** Starts a command. @param byRequest whether it writes down first what it is about to do, as `turnwise forget` does */
export function startEraser(
  world: ErasingWorld,
  key: ConversationKey,
  byRequest: boolean,
  storeOf: (instance: Instance, partitions: Partitions) => Store,
): EraserProcess {
  const instance: Instance = {
    name: 'operator',
    skew: 0,
    alive: true,
    stalledUntil: 0,
    unreadableUntil: 0,
    newer: false,
    onDeath: [],
  };
  const process: EraserProcess = { instance, over: false };
  const store = storeOf(instance, purgingPartitions(world.partitions, instance, world));
  const clock = world.scheduler.clockOf(instance);
  const end = (): void => {
    process.over = true;
    world.begun.delete(key);
  };
  if (byRequest && !world.begun.has(key)) world.begun.set(key, erasuresOf(world, key));
  world.ghost.note(`operator erases ${key}${byRequest ? ', by request' : ''}`);
  let marks = 0;
  const forgetting = {
    clock,
    ids: { next: () => `${clock.now()}-${++marks}` },
    ask: <T>(call: (store: Store) => Promise<T>) => persist(clock, () => call(store), { limitMs: 15_000 }),
    ring: world.ring,
  };
  const erased = byRequest
    ? forgetAll(forgetting, [{ conversation: key }])
    : store.erasure.conversation(key).then(() => world.ring(key));
  erased.then(end, end);
  return process;
}

/** Checks I23: what was erased is not readable, by any read of the store. Made when no read can be stale. */
export class ErasedData {
  readonly #world: ErasingWorld;
  readonly #store: Store;

  constructor(world: ErasingWorld) {
    this.#world = world;
    this.#store = transactionalStore(world.partitions, DEFAULT_TIMING);
  }

  async check(when: string): Promise<void> {
    const { leftovers } = this.#world;
    for (const [key, erased] of leftovers.erased) {
      for (const each of erased) {
        if (this.#isWrittenAnew(each)) continue;
        const found = await this.#read(key, each);
        if (same(found, each.record.value)) this.#violate(when, each);
      }
      const shown = await this.#store.inspection.conversation(key);
      for (const each of erased.filter((one) => one.record.kind === 'state' && !this.#isWrittenAnew(one))) {
        if (same(shown?.states.get(each.record.id as StateId), each.record.value)) this.#violate(when, each);
      }
    }
    await this.#checkLetters(when);
  }

  /** Keeps the way to a conversation, which is the first thing that a command takes away. */
  keepReference(id: ConversationKey): Promise<void> {
    const reference = {
      channelId: CHANNEL,
      serviceUrl: 'https://sim.example/',
      bot: { id: 'bot' },
      conversation: { id },
    };
    return this.#store.references.keep({ id, reference, scope: 'groupChat', state: 'active' }, REFERENCE_TTL_MS);
  }

  async hasReference(id: ConversationKey): Promise<boolean> {
    return (await this.#store.references.get(id)) !== undefined;
  }

  /** Returns the conversations that are written down to be erased. */
  async requests(): Promise<readonly ConversationKey[]> {
    const requests = await requestsOf(this.#store);
    return requests.flatMap(({ conversation }: ErasureRequest) => (conversation === undefined ? [] : [conversation]));
  }

  async #checkLetters(when: string): Promise<void> {
    const { leftovers, partitions } = this.#world;
    const letters = (await this.#store.deadLetters.list(1_000)) as DeadLetter[];
    for (const letter of letters) {
      const current = partitions.current(letter.conversation).records.get(`dead/${letter.id}`)?.value;
      const erased = (leftovers.erased.get(letter.conversation) ?? []).find(({ record }) => record.id === letter.id);
      if (erased !== undefined && !same(current, letter)) this.#violate(when, erased);
    }
  }

  #read(key: ConversationKey, { record: { kind, id } }: Leftover): Promise<unknown> {
    switch (kind) {
      case 'state':
        return this.#store.turns.readState(key, id as StateId);
      case 'body':
        return this.#store.turns.readBody(key, id);
      case 'dead':
        return this.#store.deadLetters.get(key, id);
      default:
        return this.#world.partitions.read(key, ({ get }) => get(kind, id));
    }
  }

  /** What was erased may have been said once more, in the same words. */
  #isWrittenAnew({ partition, record }: Leftover): boolean {
    const { kind, id, value } = record;
    return same(this.#world.partitions.current(partition).records.get(`${kind}/${id}`)?.value, value);
  }

  #violate(when: string, { partition, record: { kind, id } }: Leftover): void {
    this.#world.ghost.violate('I23', `${partition}: ${kind} ${id} was erased, and can be read ${when}`);
  }
}

const REFERENCE_TTL_MS = 400 * 24 * 3_600_000;

const same = (a: unknown, b: unknown): boolean => a !== undefined && JSON.stringify(a) === JSON.stringify(b);

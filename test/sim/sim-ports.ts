import type { Connector, ConnectorCall, Delivery } from '../../src/ports/connector';
import type { Held, Store } from '../../src/ports/store';
import { StoreFault } from '../../src/turn/fault';
import type { ConversationKey, UserKey } from '../../src/turn/keys';
import type { Intent } from '../../src/turn/user-state';
import type { Faults } from './faults';
import type { Ghost, Writer } from './ghost';
import type { Random } from './random';
import type { Instance, Scheduler } from './scheduler';
import type { Breakage } from './sizes';

export interface SimContext {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly ghost: Ghost;
  readonly faults: () => Faults;
  /** Calls that throw what they should not; absent where none does. */
  readonly breakage: Breakage | undefined;
  /** Told of every delivery before the channel is: some end their process. */
  readonly delivering: (instance: Instance, text: string) => void;
}

/** The store as one instance reaches it: every call is a scheduling point, may be refused, and may be applied now, later or never when its outcome stays unknown. */
export function storeOf(instance: Instance, store: Store, context: SimContext): Store {
  return {
    timing: store.timing,
    mailbox: faulty(instance, store.mailbox, context),
    turns: faulty(instance, store.turns, context),
    inline: faulty(instance, store.inline, context),
    users: faulty(instance, store.users, context),
    deadLetters: faulty(instance, store.deadLetters, context),
    erasure: faulty(instance, store.erasure, context),
    upkeep: store.upkeep,
    adoption: store.adoption,
    items: store.items,
    inspection: store.inspection,
    references: store.references,
    notifications: store.notifications,
    pace: store.pace,
    sweeps: faulty(instance, store.sweeps, context),
    open: () => store.open(),
    close: () => store.close(),
  };
}

type Methods = { readonly [name: string]: (...parameters: never[]) => Promise<unknown> };

/** What fails while a store cannot be read: also the one write that no hold is lost for. */
const READS: ReadonlySet<string> = new Set(['read', 'readState', 'readSteps', 'readBody', 'settle']);

const SLOW_MS = 6_000;
const LATE_MS = 40_000;

function faulty<T extends object>(instance: Instance, port: T, context: SimContext): T {
  const { random, scheduler, ghost } = context;
  return Object.fromEntries(
    Object.entries(port as unknown as Methods).map(([name, method]) => {
      const call = (...parameters: never[]): Promise<unknown> => {
        const writer = writerOf(parameters[0]);
        const apply = (): Promise<unknown> => {
          ghost.writer = writer;
          try {
            return method(...parameters);
          } finally {
            ghost.writer = undefined;
          }
        };
        const { commitSlowMs, storeSlow } = context.faults();
        const slow = random.chance(storeSlow) ? random.between(0, SLOW_MS) : 0;
        const delay = name === 'commit' && commitSlowMs > 0 ? random.between(commitSlowMs / 2, commitSlowMs) : slow;
        return scheduler.call(instance, delay, () => {
          const faults = context.faults();
          const unreadable = READS.has(name) && instance.unreadableUntil > scheduler.now;
          if (unreadable || random.chance(faults.storeRefuses)) {
            ghost.note(`${instance.name} ${name} refused`);
            throw new StoreFault('no', name, random.chance(0.3) ? 500 : undefined);
          }
          if (random.chance(faults.storeUnknown)) {
            const fate = random.pick(['applied', 'lost', 'lost', 'late']);
            ghost.note(`${instance.name} ${name} unknown (${fate})`);
            ghost.unknownWrites += 1;
            if (fate === 'applied') void apply().catch(() => undefined);
            if (fate === 'late') {
              void scheduler.call(undefined, random.between(0, LATE_MS), () => void apply().catch(() => undefined));
            }
            throw new StoreFault('unknown', name);
          }
          if (context.breakage?.ofStore(name, parameters)) throw new RangeError(`${name} is broken.`);
          return apply();
        });
      };
      return [name, call];
    }),
  ) as T;
}

/** Calls name a conversation or a user, a hold on a conversation, or an intent of one. */
function writerOf(first: ConversationKey | UserKey | Held | Intent | undefined): Writer | undefined {
  if (first === undefined || typeof first === 'number') return undefined;
  if (typeof first === 'string') return { about: first, fence: undefined };
  return 'fence' in first ? { about: first.key, fence: first.fence } : { about: first.conversation, fence: undefined };
}

/** The channel as one instance reaches it. What it accepted is on the conversation's wire. */
export function connectorOf(instance: Instance, context: SimContext): Connector {
  const { random, scheduler, ghost } = context;
  let ids = 0;
  return {
    deliver: (call: ConnectorCall, signal?: AbortSignal): Promise<Delivery> => {
      const text = ghost.textOf(call);
      const accept = (): Delivery => {
        ids += 1;
        const id = `${instance.name}-${ids}`;
        ghost.reached(call, text, id);
        return { outcome: 'delivered', id };
      };
      return scheduler.call(instance, random.between(0, 200), (): Delivery => {
        const faults = context.faults();
        if (signal?.aborted) return { outcome: 'notSent', reason: 'aborted' };
        context.delivering(instance, text);
        if (!instance.alive) return { outcome: 'unknown', reason: 'died' };
        if (context.breakage?.ofConnector()) {
          ghost.unknownSends += 1;
          ghost.note(`${instance.name} cannot send "${text}"`);
          throw new RangeError('The connector is broken.');
        }
        if (random.chance(faults.sendThrottled)) {
          const retryAfterMs = random.pick([undefined, 1_000, 45_000]);
          return { outcome: 'notSent', reason: '429', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
        }
        if (random.chance(faults.sendRejected))
          return { outcome: 'rejected', status: random.pick([403, 413]), reason: 'no' };
        if (random.chance(faults.sendUnknown)) {
          ghost.unknownSends += 1;
          const taken = random.chance(0.5);
          if (taken) accept();
          ghost.note(`${instance.name} sends "${text}" unknown (${taken ? 'taken' : 'lost'})`);
          return { outcome: 'unknown', reason: 'timeout' };
        }
        ghost.note(`${instance.name} sends "${text}"`);
        return accept();
      });
    },
  };
}

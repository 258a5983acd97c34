import type { Clock } from '../ports/clock';
import type { Lifetimes } from '../ports/lifetimes';
import type { Mailbox, Store } from '../ports/store';
import { TurnwiseError } from '../schema/errors';
import { transactionalStore } from '../store/transactional-store';
import { StoreFault } from '../turn/fault';
import { DEFAULT_TIMING, type Timing } from '../turn/timing';
import { patchingAccept } from './cosmos-accept';
import { type ContainerIdentity, CosmosAccount } from './cosmos-account';
import { patchingAcquire } from './cosmos-acquire';
import { AwakeConversations } from './cosmos-awake';
import { CosmosClock } from './cosmos-clock';
import { CosmosCollections } from './cosmos-collections';
import type { CosmosConnection } from './cosmos-connection';
import { CosmosConversations } from './cosmos-conversations';
import { KnownHeads } from './cosmos-known';
import { CosmosRequests } from './cosmos-requests';
import { selfCheck } from './cosmos-self-check';
import { CosmosUsers } from './cosmos-users';
import type { CosmosWatch, SelfCheckNote } from './cosmos-watch';
import { GivenUp, within } from './within';

export interface CosmosStoreOptions extends CosmosConnection {
  readonly clock: Clock;
  readonly timing?: Timing;
  readonly lifetimes?: Lifetimes;
  /** For one accept with everything it takes; past it the outcome is unknown. In ms. */
  readonly acceptLimitMs?: number;
  readonly watch?: CosmosWatch;
  /** Whether opening proves that the account keeps its promises; it does unless this is `false`, for looking on. */
  readonly selfCheck?: boolean;
}

/** So short that an accept that hangs can be tried once more, and its channel still has its answer within five seconds. */
const ACCEPT_LIMIT_MS = 1_800;

/**
 * The store of conversations and users in Azure Cosmos DB. Needs an account with one write region and session consistency (or a stronger
 * one). `docs/cosmos.md` lists what each operation costs and what happens when it fails.
 *
 * The account is looked at when the store is first used (or opened), once, and again when its region may have moved. The SDK is loaded for
 * queries, and for making what is missing.
 */
export function createCosmosStore(options: CosmosStoreOptions): Store {
  const {
    clock: timers,
    timing = DEFAULT_TIMING,
    acceptLimitMs = ACCEPT_LIMIT_MS,
    watch = {},
    selfCheck: checks = true,
  } = options;
  const clock = new CosmosClock(timers);
  const account = new CosmosAccount(options, clock, timers);
  const conversations = new CosmosRequests(account, 'conversations', clock, timers, watch);
  const known = new KnownHeads();
  const awake = new AwakeConversations(clock);
  const partitions = new CosmosConversations(conversations, known, awake, timing);
  const beside = new CosmosRequests(account, 'users', clock, timers, watch);
  const users = new CosmosUsers(beside);
  const note = (found: SelfCheckNote): void => watch.checked?.(found);
  const proved = remembering(timers, (containers: readonly ContainerIdentity[]) =>
    selfCheck({ account, conversations, users: beside, timers, note }, containers),
  );
  const store = transactionalStore(
    {
      collections: new CosmosCollections(beside),
      transact: (key, decide, head) => partitions.transact(key, decide, head),
      read: (key, look) => partitions.read(key, look),
      overdue: (limit) => partitions.overdue(limit),
      busy: (limit) => partitions.busy(limit),
      dead: (limit) => partitions.dead(limit),
      deadFor: (ms, limit) => partitions.deadFor(ms, limit),
      idleFor: (ms, limit) => partitions.idleFor(ms, limit),
      finishErasing: (limit) => partitions.finishErasing(limit),
      // The service does it.
      prune: async () => {},
      conversationsOf: (user) => partitions.conversationsOf(user),
      transactUser: (user, decide) => users.transactUser(user, decide),
      readUser: (user) => users.readUser(user),
      open: async () => {
        const containers = await account.open();
        if (checks) await proved(containers);
      },
      close: async () => account.close(),
    },
    timing,
    options.lifetimes,
  );
  const accept = patchingAccept(conversations, awake, store.mailbox.accept, timing);
  return {
    ...store,
    mailbox: { ...store.mailbox, accept: limited(accept, acceptLimitMs) },
    turns: { ...store.turns, acquire: patchingAcquire(conversations, known, store.turns.acquire, timing) },
  };
}

/** Time for which an account that was refused is not asked again, in ms: every message would open the store again. */
const REFUSED_MS = 60_000;

/** Repeats a refusal for a while without asking again. */
function remembering<A extends unknown[]>(
  clock: Pick<Clock, 'monotonic'>,
  run: (...parameters: A) => Promise<void>,
): (...parameters: A) => Promise<void> {
  let refused: { readonly error: TurnwiseError; readonly until: number } | undefined;
  return async (...parameters) => {
    if (refused !== undefined && clock.monotonic() < refused.until) throw refused.error;
    try {
      await run(...parameters);
    } catch (error) {
      if (error instanceof TurnwiseError) refused = { error, until: clock.monotonic() + REFUSED_MS };
      throw error;
    }
  };
}

/** Answers within its time whatever the service does. What is still under way then may apply; a repetition finds out. */
function limited(accept: Mailbox['accept'], ms: number): Mailbox['accept'] {
  return async (...call) => {
    try {
      return await within(accept(...call), ms);
    } catch (error) {
      if (!(error instanceof GivenUp)) throw error;
      throw new StoreFault('unknown', 'Cosmos DB did not answer in time.', undefined, { cause: error });
    }
  };
}

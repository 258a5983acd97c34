import { randomUUID } from 'node:crypto';
import type { OperationInput } from '@azure/cosmos';
import type { Clock } from '../ports/clock';
import { TurnwiseError } from '../schema/errors';
import { type CheckBench, CheckFailed, must, mustBe, STORE_CHECKS } from '../store/store-checks';
import { type ConversationKey, conversationKey, type UserKey, userKey } from '../turn/keys';
import { DEFAULT_TIMING, type Timing } from '../turn/timing';
import { CosmosAccount } from './cosmos-account';
import { CosmosClock } from './cosmos-clock';
import { CosmosCollections } from './cosmos-collections';
import type { CosmosConnection } from './cosmos-connection';
import { CONTAINERS } from './cosmos-containers';
import { type Item, partitionKey } from './cosmos-documents';
import { CosmosRequests } from './cosmos-requests';
import { resultsIn, Scratch, Undecided } from './cosmos-scratch';
import { createCosmosStore } from './cosmos-store';
import type { TransportName } from './cosmos-transport';

/** Row of the table: what was asked, and what came of it. */
export interface DeepCheckRow {
  readonly check: string;
  readonly outcome: 'ok' | 'failed' | 'undecided';
  readonly requests: number;
  /** Request units that it was charged. */
  readonly units: number;
  /** Finding in its place; empty where there was none. */
  readonly found: string;
}

export interface DeepCheckOptions {
  readonly connection: CosmosConnection;
  readonly clock: Clock;
  /** Lets the service's time pass. */
  readonly wait: (ms: number) => Promise<void>;
  readonly onRow?: (row: DeepCheckRow) => void;
}

export interface DeepCheckReport {
  readonly rows: readonly DeepCheckRow[];
  /** The transport that was used. */
  readonly transport: TransportName;
  /** Scratch items that could not be removed, and partitions of which it is not known what is left. */
  readonly left: number;
}

/** Channel of the scratch conversations and users; no bot is reached by it. */
const CHANNEL = 'turnwise-doctor';

const YEAR_MS = 365 * 24 * 3_600_000;

/** A short lease, so that its end can be waited for, and a `wake` so far ahead that no sweep of an app finds a scratch conversation. */
const TIMING: Timing = { ...DEFAULT_TIMING, leaseMs: 2_000, graceMs: 50 * YEAR_MS };

/** Most that a batch can have. */
const MAX_OPERATIONS = 100;

/** More than an item may have, in characters. */
const TOO_LARGE = 2_200_000;

const FAILED_DEPENDENCY = 424;
const PRECONDITION_FAILED = 412;
const TOO_LARGE_STATUS = 413;
const BAD_REQUEST = 400;

/** Time to live of an item that is to end while it is waited for, in seconds, and the wait. */
const SHORT_TTL_S = 2;
const EXPIRED_MS = 4_500;

/** Time for all questions about the service itself, in ms. */
const LIMIT_MS = 300_000;

interface Check {
  readonly name: string;
  run(): Promise<void>;
}

/**
 * Runs the part of the store's contract that can be tried on an account in use, in partitions of its own, and what costs too much for a start:
 * that a batch of a hundred operations is undone when its last one fails, limits of size, and that items end. Removes what it has made.
 *
 * @throws TurnwiseError when the account cannot be used, or does not pass the self-check
 */
export async function deepCheck(options: DeepCheckOptions): Promise<DeepCheckReport> {
  const { connection, clock, onRow, wait } = options;
  const spent = { requests: 0, units: 0 };
  const used = { transport: connection.transport ?? ('rest' as TransportName) };
  const watch = {
    request: ({ charge }: { readonly charge: number }): void => {
      spent.requests += 1;
      spent.units += charge;
    },
    answered: (headers: Readonly<Record<string, unknown>>): void => {
      watch.request({ charge: Number(headers['x-ms-request-charge'] ?? 0) || 0 });
    },
    checked: ({ transport }: { readonly transport: TransportName }): void => {
      used.transport = transport;
    },
  };
  const make = () => createCosmosStore({ ...connection, clock, timing: TIMING, watch, acceptLimitMs: 10_000 });
  const [store, other] = [make(), make()];
  const rows: DeepCheckRow[] = [];
  const conversations: ConversationKey[] = [];
  const users: UserKey[] = [];
  const bench: CheckBench = {
    store,
    other,
    wait,
    conversation: () => added(conversations, conversationKey(CHANNEL, randomUUID())),
    user: () => added(users, userKey(CHANNEL, randomUUID())),
  };
  const raw = await openRaw(options, watch);
  try {
    await store.open();
    raw.account.choose(used.transport);
    await other.open();
    const checks: readonly Check[] = [
      ...STORE_CHECKS.map(({ name, run }) => ({ name, run: () => run(bench) })),
      ...serviceChecks(raw, options, watch.answered),
    ];
    for (const { name, run } of checks) {
      const before = { ...spent };
      const outcome = await outcomeOf(run);
      const units = Math.round((spent.units - before.units) * 10) / 10;
      const row = { check: name, ...outcome, requests: spent.requests - before.requests, units };
      rows.push(row);
      onRow?.(row);
    }
    const left =
      (await raw.clean('conversations', conversations.map(partitionKey))) +
      (await raw.clean('users', [...users.map(partitionKey), ...raw.collections.map((name) => `collection:${name}`)]));
    return { rows, transport: used.transport, left };
  } finally {
    await store.close();
    await other.close();
    raw.account.close();
  }
}

async function outcomeOf(run: () => Promise<void>): Promise<Pick<DeepCheckRow, 'outcome' | 'found'>> {
  try {
    await run();
    return { outcome: 'ok', found: '' };
  } catch (error) {
    if (error instanceof CheckFailed || error instanceof TurnwiseError)
      return { outcome: 'failed', found: error.message };
    // What did not answer says nothing about what the store does.
    return { outcome: 'undecided', found: error instanceof Error ? error.message : String(error) };
  }
}

function added<T>(list: T[], one: T): T {
  list.push(one);
  return one;
}

/** The account as the store's own parts see it. */
interface Raw {
  readonly account: CosmosAccount;
  readonly requests: Readonly<Record<keyof typeof CONTAINERS, CosmosRequests>>;
  /** Names of the collections that were used. */
  readonly collections: string[];
  /** Removes all items of partitions. @returns how many could not be, with the partitions that could not be looked at */
  clean(container: keyof typeof CONTAINERS, partitions: readonly string[]): Promise<number>;
}

async function openRaw(
  { connection, clock }: DeepCheckOptions,
  watch: ConstructorParameters<typeof CosmosRequests>[4],
): Promise<Raw> {
  const time = new CosmosClock(clock);
  const account = new CosmosAccount(connection, time, clock);
  await account.open();
  const requestsOf = (name: keyof typeof CONTAINERS) => new CosmosRequests(account, name, time, clock, watch);
  const requests = { conversations: requestsOf('conversations'), users: requestsOf('users') };
  return {
    account,
    requests,
    collections: [],
    async clean(container, partitions) {
      const property = CONTAINERS[container].partitionKey.slice(1);
      let left = 0;
      for (const partition of partitions) {
        const text = `SELECT c.id FROM c WHERE c.${property} = @partition`;
        const items = await requests[container]
          .query(text, { '@partition': partition }, partition)
          .catch(() => undefined);
        // Where it is not known what is left, there may be something.
        if (items === undefined) left += 1;
        for (const { id } of items ?? []) {
          const removed = await requests[container].remove({ id, partition }).catch(() => undefined);
          if (removed === undefined || (!removed.ok && removed.refusal !== 'absent')) left += 1;
        }
      }
      return left;
    },
  };
}

/** Questions about the service itself, on scratch items. */
function serviceChecks(
  raw: Raw,
  { clock, wait }: DeepCheckOptions,
  onAnswer: (headers: Readonly<Record<string, unknown>>) => void,
): readonly Check[] {
  const scratch = (): Scratch => {
    const { current } = raw.account;
    if (current === undefined) throw new Undecided('the account is being looked at');
    const until = clock.monotonic() + LIMIT_MS;
    return new Scratch(current.transport, raw.requests.conversations.target, 'conversation', clock, until, onAnswer);
  };
  return [
    {
      name: `a batch of ${MAX_OPERATIONS} operations is undone when its last one fails`,
      run: () => isUndone(scratch()),
    },
    { name: 'an item of more than 2 MB is refused', run: () => largeIsRefused(scratch()) },
    { name: 'a batch of more than 100 operations is refused', run: () => longIsRefused(scratch()) },
    { name: 'an item with a time to live ends', run: () => ends(scratch(), wait) },
    { name: 'a collection is read in pages', run: () => pages(raw) },
  ];
}

const creates = (items: readonly Item[]): OperationInput[] =>
  items.map((item) => ({ operationType: 'Create', resourceBody: item as never }));

async function isUndone(scratch: Scratch): Promise<void> {
  const guarded = scratch.item('guarded', { n: 1 });
  const { etag: old } = await scratch.create(guarded);
  const { etag } = await scratch.replace({ ...guarded, n: 2 }, old);
  const items = Array.from({ length: MAX_OPERATIONS - 1 }, (_, index) => scratch.item(`${index}`));
  const last: OperationInput = {
    operationType: 'Replace',
    id: guarded.id,
    ifMatch: old,
    resourceBody: { ...guarded, n: 3 } as never,
  };
  const { content } = await scratch.batch([...creates(items), last]);
  const statuses = resultsIn(content).map(({ statusCode }) => statusCode);
  mustBe(statuses.length, MAX_OPERATIONS, 'the number of results');
  mustBe([...new Set(statuses.slice(0, -1))], [FAILED_DEPENDENCY], 'the status of what came before');
  mustBe(statuses.at(-1), PRECONDITION_FAILED, 'the status of the last operation');
  const there = await Promise.all(items.map(async ({ id }) => (await scratch.read(id)).status < 300));
  mustBe(there.filter(Boolean).length, 0, 'the number of items that are there all the same');
  const { content: kept } = await scratch.read(guarded.id);
  mustBe((kept as { readonly _etag?: unknown } | undefined)?._etag, etag, 'the ETag of the item');
  await scratch.removeAll([guarded.id]);
}

async function largeIsRefused(scratch: Scratch): Promise<void> {
  const { status } = await scratch.create(scratch.item('large', { text: 'x'.repeat(TOO_LARGE) }));
  mustBe(status, TOO_LARGE_STATUS, 'the status');
}

async function longIsRefused(scratch: Scratch): Promise<void> {
  const items = Array.from({ length: MAX_OPERATIONS + 1 }, (_, index) => scratch.item(`${index}`));
  const { status, content } = await scratch.batch(creates(items)).catch((error: unknown) => {
    // The SDK refuses it before anything is sent.
    if (error instanceof Undecided && /more than 100 operations/.test(String(error.cause))) {
      return { status: BAD_REQUEST, content: undefined };
    }
    throw error;
  });
  must(status >= 300 || resultsIn(content).every(({ statusCode }) => Number(statusCode) >= 300), 'it is carried out');
}

async function ends(scratch: Scratch, wait: (ms: number) => Promise<void>): Promise<void> {
  const { id } = scratch.item('ends');
  must((await scratch.create(scratch.item('ends', { ttl: SHORT_TTL_S }))).status < 300, 'it is not created');
  must((await scratch.read(id)).status < 300, 'it has ended at once');
  await wait(EXPIRED_MS);
  mustBe((await scratch.read(id)).status, 404, 'the status of a read after its end');
}

async function pages({ collections, requests }: Raw): Promise<void> {
  const name = added(collections, `${CHANNEL}-${randomUUID()}`);
  const collection = new CosmosCollections(requests.users);
  const values = ['a', 'b', 'c'];
  for (const value of values) {
    await collection.transactItem(name, value, () => ({ result: undefined, value, expiresAt: Date.UTC(2090, 0, 1) }));
  }
  const first = await collection.pageItems(name, undefined, 2);
  const second = await collection.pageItems(name, first.next, 2);
  mustBe([...first.values, ...second.values].sort(), values, 'what is found in two pages');
}

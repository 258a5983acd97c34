import { createHash } from 'node:crypto';
import type { Clock } from '../ports/clock';
import { TurnwiseError } from '../schema/errors';
import { StoreFault } from '../turn/fault';
import type { ContainerIdentity, CosmosAccount, OpenAccount } from './cosmos-account';
import { pageQuery } from './cosmos-collections';
import { CONTAINERS } from './cosmos-containers';
import { KIND_QUERY } from './cosmos-conversations';
import type { Item } from './cosmos-documents';
import { Disproved, ITEM_PROBES, PATCH_TEXTS } from './cosmos-probes';
import type { CosmosRequests } from './cosmos-requests';
import { Scratch, Undecided } from './cosmos-scratch';
import { TRANSPORTS, type TransportName } from './cosmos-transport';
import type { SelfCheckNote } from './cosmos-watch';

/** Raised when what the questions ask, or how an answer is judged, is changed. */
const REVISION = 1;

/** Time for which what was proved counts, in seconds: a week. */
const REMEMBERED_S = 7 * 24 * 3_600;

/** Time for the whole of a self-check by one transport, in ms. What was not asked by then is undecided. */
const LIMIT_MS = 8_000;

const BAD_REQUEST = 400;

export interface SelfCheckParts {
  readonly account: CosmosAccount;
  readonly conversations: CosmosRequests;
  readonly users: CosmosRequests;
  readonly timers: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly note: (note: SelfCheckNote) => void;
}

/** Answers to the questions by one transport. */
interface Findings {
  readonly disproved: readonly Disproved[];
  /** Names of the questions that had no answer. */
  readonly undecided: readonly string[];
}

/** Remembered outcome of a self-check. */
interface Remembered extends Item {
  readonly transport: TransportName;
  readonly reason?: string;
  /** Service time after which it does not count any more, in ms. */
  readonly until: number;
}

/**
 * Proves on scratch items that the account keeps what safety rests on: conditions, ETags, transactions. What was proved is remembered for a
 * week by account, containers, transport and code, so that a normal start costs one point read. Where the transport `rest` is disproved, `sdk` is
 * tried, and used unless it is disproved as well. A question without an answer changes nothing, and is asked again with the next start.
 *
 * @throws TurnwiseError `StoreUnsafe`, which names the questions
 */
export async function selfCheck(parts: SelfCheckParts, containers: readonly ContainerIdentity[]): Promise<void> {
  const { account, note } = parts;
  const opened = await account.use();
  const wanted = account.transportName;
  const id = memoryId(opened, containers, wanted);
  const known = await recall(parts.users, id);
  if (known !== undefined) {
    if (known.transport === wanted) return;
    account.choose(known.transport);
    return note({ found: 'storeTransportChanged', transport: known.transport, probe: known.reason ?? 'unknown' });
  }
  const first = await examine(parts, opened, wanted);
  const [disproof] = first.disproved;
  if (disproof === undefined) return settle(parts, id, { used: wanted, findings: first });
  const other = wanted === 'rest' ? 'sdk' : undefined;
  const second = other === undefined ? undefined : await examine(parts, opened, other);
  if (other === undefined || second === undefined || second.disproved.length > 0) {
    const all = [...first.disproved.map(sentence(wanted)), ...(second?.disproved ?? []).map(sentence(other ?? 'sdk'))];
    throw new TurnwiseError('StoreUnsafe', all.join(' '));
  }
  account.choose(other);
  note({ found: 'storeTransportChanged', transport: other, probe: disproof.probe });
  return settle(parts, id, { used: other, findings: second, reason: disproof.probe });
}

const sentence =
  (transport: TransportName) =>
  ({ probe, found }: Disproved): string =>
    `By ${transport}, ${probe}: ${found}.`;

/** Remembers what was proved, or says what had no answer. */
async function settle(
  { note, users }: SelfCheckParts,
  id: string,
  { findings, reason, used }: { used: TransportName; findings: Findings; reason?: string },
): Promise<void> {
  const [undecided] = findings.undecided;
  if (undecided !== undefined) return note({ found: 'storeCheckUndecided', transport: used, probe: undecided });
  const item: Remembered = {
    id,
    user: id,
    transport: used,
    ...(reason === undefined ? {} : { reason }),
    until: users.clock.now() + REMEMBERED_S * 1_000,
    ttl: REMEMBERED_S,
  };
  // Another instance may have been first, and what is not remembered is asked again.
  await users.create(item, id).catch(() => undefined);
}

async function recall(users: CosmosRequests, id: string): Promise<Remembered | undefined> {
  try {
    const answer = await users.read({ id, partition: id });
    if (!answer.ok) return undefined;
    const known = answer.value as Remembered;
    return TRANSPORTS.includes(known.transport) && Number(known.until) > users.clock.now() ? known : undefined;
  } catch (error) {
    if (error instanceof StoreFault) return undefined;
    throw error;
  }
}

function memoryId({ name }: OpenAccount, containers: readonly ContainerIdentity[], transport: TransportName): string {
  const rids = containers.map((each) => `${each.name} ${each.rid}`).sort();
  const asked = [REVISION, PATCH_TEXTS, pageQuery(1), KIND_QUERY];
  const text = JSON.stringify([name, rids, transport, asked]);
  return `self-check-${createHash('sha256').update(text).digest('hex')}`;
}

/** Asks all questions by one transport. */
async function examine(parts: SelfCheckParts, opened: OpenAccount, name: TransportName): Promise<Findings> {
  const { account, conversations, timers } = parts;
  const transport = account.transport(name, opened);
  const until = timers.monotonic() + LIMIT_MS;
  const scratchOf = (requests: CosmosRequests, property: string): Scratch =>
    new Scratch(transport, requests.target, property, timers, until);
  const disproved: Disproved[] = [];
  const undecided: string[] = [];
  const ask = async (probe: string, run: () => Promise<void>): Promise<void> => {
    try {
      await run();
    } catch (error) {
      if (error instanceof Disproved) disproved.push(error);
      else if (error instanceof Undecided || error instanceof StoreFault) undecided.push(probe);
      else throw error;
    }
  };
  try {
    for (const { name: probe, run } of ITEM_PROBES) {
      await ask(probe, () => run(scratchOf(conversations, propertyOf('conversations'))));
    }
    await ask('orderById', () => pagesAreInOrder(parts, scratchOf(parts.users, propertyOf('users'))));
    await ask('unindexedFilter', () => unindexedIsFound(parts, scratchOf(conversations, propertyOf('conversations'))));
  } finally {
    transport.close();
  }
  return { disproved, undecided };
}

const propertyOf = (container: keyof typeof CONTAINERS): string => CONTAINERS[container].partitionKey.slice(1);

/** Pages of a container without an index are in the order of ids. */
async function pagesAreInOrder({ users }: SelfCheckParts, scratch: Scratch): Promise<void> {
  const ids = ['1', '2', '3'].map((name) => scratch.id(name));
  await created(
    scratch,
    'orderById',
    ['3', '1', '2'].map((name) => scratch.item(name)),
  );
  const page = (from: string): Promise<string[]> =>
    found(users, 'orderById', pageQuery(2), { '@user': scratch.partition, '@from': from }, scratch);
  const pages = [await page(''), await page(ids[1] ?? '')];
  const isInOrder = JSON.stringify(pages) === JSON.stringify([ids.slice(0, 2), ids.slice(2)]);
  if (!isInOrder) throw new Disproved('orderById', 'items are not found in the order of their ids');
  await scratch.removeAll(ids);
}

/** Items are found by a property that is not indexed. */
async function unindexedIsFound({ conversations }: SelfCheckParts, scratch: Scratch): Promise<void> {
  const names = ['1', '2'];
  await created(
    scratch,
    'unindexedFilter',
    names.map((name) => scratch.item(name, { kind: `self-check-${name}` })),
  );
  const parameters = { '@conversation': scratch.partition, '@kind': 'self-check-2' };
  const ids = await found(conversations, 'unindexedFilter', KIND_QUERY, parameters, scratch);
  if (JSON.stringify(ids) !== JSON.stringify([scratch.id('2')])) {
    throw new Disproved('unindexedFilter', 'items are not found by a property that is not indexed');
  }
  await scratch.removeAll(names.map((name) => scratch.id(name)));
}

async function created(scratch: Scratch, probe: string, items: readonly Item[]): Promise<void> {
  const etags = await scratch.createAll(items);
  if (etags.length !== items.length || etags.includes('')) throw new Disproved(probe, 'items cannot be created');
}

/** Returns the ids of what a query finds. */
async function found(
  requests: CosmosRequests,
  probe: string,
  text: string,
  parameters: Readonly<Record<string, string>>,
  { partition }: Scratch,
): Promise<string[]> {
  try {
    return (await requests.query(text, parameters, partition)).map(({ id }) => id);
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code === BAD_REQUEST) throw new Disproved(probe, 'the query is refused');
    throw error;
  }
}

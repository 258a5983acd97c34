import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { CASES, PATCH_TEXTS } from '../../src/azure/cosmos-probes';
import type { CosmosStoreOptions } from '../../src/azure/cosmos-store';
import { TRANSPORTS } from '../../src/azure/cosmos-transport';
import type { SelfCheckNote } from '../../src/azure/cosmos-watch';
import type { Store } from '../../src/ports/store';
import { accept } from '../contracts/store-under-test';
import {
  type Answered,
  type Fault,
  type FaultyCosmos,
  type Passing,
  startFaultyCosmos,
} from '../support/cosmos-faulty';
import { type CosmosGateway, startCosmosGateway } from '../support/cosmos-gateway';
import { cosmosStores } from '../support/cosmos-under-test';
import { createShiftedClock } from '../support/shifted-clock';

const clock = createShiftedClock();
let gateway: CosmosGateway;
let faulty: FaultyCosmos;
const opened: Store[] = [];

beforeAll(async () => {
  gateway = await startCosmosGateway(() => clock.now());
  faulty = await startFaultyCosmos(gateway.endpoint);
});
afterAll(async () => {
  await faulty.close();
  await gateway.close();
});
afterEach(async () => {
  faulty.fault = {};
  gateway.onRequest(() => undefined);
  for (const each of opened.splice(0)) await each.close();
});

/** Starts of an app on one new database, behind the faulty proxy. */
function app(different: Partial<CosmosStoreOptions> = {}) {
  const notes: SelfCheckNote[] = [];
  const watch = { checked: (note: SelfCheckNote) => void notes.push(note) };
  const { make, database } = cosmosStores(faulty.endpoint, clock, { selfCheck: true, watch, ...different });
  return {
    database,
    notes,
    /** Starts, and returns the requests for items that this took. */
    async start() {
      const store = make();
      opened.push(store);
      const before = gateway.requests.length;
      await store.open();
      const requests = gateway.requests.slice(before).filter(({ path }) => /\/docs|pkranges/.test(path));
      return { store, requests };
    },
  };
}

/** Which transport a request came by: the SDK says more of itself. */
const isRest = ({ headers }: Passing): boolean => headers['user-agent'] === 'turnwise';

/** A fault that only requests by hand meet. */
const byRest = ({ answer, request }: Fault): Fault => ({
  request: (passing, send) => (isRest(passing) && request !== undefined ? request(passing, send) : passing),
  answer: (answered, passing) => (isRest(passing) && answer !== undefined ? answer(answered, passing) : answered),
});

const isPatch = ({ method }: Passing): boolean => method === 'PATCH';
const isBatch = ({ headers }: Passing): boolean => headers['x-ms-cosmos-is-batch-request'] !== undefined;
const isQuery = ({ headers }: Passing): boolean => headers['content-type'] === 'application/query+json';
const isCreate = (passing: Passing): boolean =>
  passing.method === 'POST' && passing.path.endsWith('/docs') && !isBatch(passing) && !isQuery(passing);

/** An operation of a batch. */
interface Written {
  readonly operationType: string;
  readonly id?: string;
  readonly resourceBody?: { readonly id: string; readonly ttl?: number };
}

type Body = Record<string, unknown>;
const change = (passing: Passing, by: (body: Body) => unknown): Passing => ({
  ...passing,
  body: JSON.stringify(by(JSON.parse(passing.body) as Body)),
});

/** The parts of a condition, without what introduces it. */
const partsOf = (condition: string): string[] =>
  condition
    .replace(/^from c where /, '')
    .replace(/\(([^()]*) or ([^()]*)\)/, (both) => both.replaceAll(' or ', ' OR '))
    .split(' and ')
    .map((part) => part.replaceAll(' OR ', ' or '));

const PATCHES = JSON.parse(PATCH_TEXTS) as Readonly<Record<string, { readonly condition: string }>>;

const CONDITIONS = Object.entries(PATCHES).flatMap(([patch, { condition }]) =>
  partsOf(condition).map((part) => ({ patch, condition, part })),
);

/** An account that takes a part of a condition for true. */
const blindTo = (condition: string, part: string): Fault => ({
  request: (passing) =>
    isPatch(passing)
      ? change(passing, (body) => ({
          ...body,
          condition: body.condition === condition ? condition.replace(part, '1 = 1') : body.condition,
        }))
      : passing,
});

const without = ({ headers, ...answer }: Answered, name: string): Answered => ({
  ...answer,
  headers: Object.fromEntries(Object.entries(headers).filter(([each]) => each !== name)),
});

const noEtag = (isMeant: (passing: Passing) => boolean): Fault => ({
  answer: (answer, passing) =>
    isMeant(passing) && passing.headers.prefer !== undefined ? without(answer, 'etag') : answer,
});

const answered = (status: number, body: unknown = {}): Answered => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const operationsOf = ({ body }: Passing): { operationType: string; ifMatch?: string }[] => JSON.parse(body);

/** An account that carries out the part of a batch that it could, and says that it was none. */
const carriesOutParts: Fault = {
  request: async (passing, send) => {
    if (!isBatch(passing) || !operationsOf(passing).some(({ ifMatch }) => ifMatch !== undefined)) return passing;
    const answer = await send(passing);
    const [first] = operationsOf(passing);
    if (answer.status === 207) await send({ ...passing, body: JSON.stringify([first]) });
    return answer;
  },
};

const appliesAndRefuses: Fault = {
  request: async (passing, send) => {
    if (!isPatch(passing)) return passing;
    const answer = await send(passing);
    if (answer.status === 412) {
      await send(
        change(passing, (body) => ({ operations: [{ op: 'set', path: '/changed', value: body.condition !== '' }] })),
      );
    }
    return answer;
  },
};

/** Faults, each with the question that finds it. */
const FAULTS: readonly (readonly [string, string, Fault])[] = [
  [
    'refuses what holds',
    'acceptAtRest.holds',
    { answer: (answer, p) => (isPatch(p) && p.body.includes('self-check') ? answered(412) : answer) },
  ],
  ['changes an item and says that it did not', 'acceptAtRest.ttl', appliesAndRefuses],
  [
    'does not know a function of a condition',
    'acceptAtRest.holds',
    { answer: (answer, p) => (p.body.includes('array_contains') && isPatch(p) ? answered(400) : answer) },
  ],
  [
    'ignores If-Match of a replace',
    'minimalAnswer.stale',
    { request: ({ headers: { 'if-match': _, ...headers }, ...p }) => ({ ...p, headers }) },
  ],
  [
    'ignores If-Match in batches',
    'batchEtag',
    {
      request: (passing) =>
        isBatch(passing)
          ? { ...passing, body: JSON.stringify(operationsOf(passing).map(({ ifMatch: _, ...operation }) => operation)) }
          : passing,
    },
  ],
  ['carries out parts of a batch', 'batchEtag', carriesOutParts],
  [
    'looks at the operations before the condition',
    'impossibleOperations',
    { request: (passing) => (isPatch(passing) && passing.body.includes('/nothing') ? answered(400) : passing) },
  ],
  [
    'takes no notice of sessions',
    'impossibleSession',
    { request: ({ headers: { 'x-ms-session-token': _, ...headers }, ...passing }) => ({ ...passing, headers }) },
  ],
  [
    'finds items in another order',
    'orderById',
    {
      answer: (answer, passing) => {
        if (!isQuery(passing) || !passing.body.includes('c.user')) return answer;
        const body = JSON.parse(answer.body) as { Documents: unknown[] };
        return { ...answer, body: JSON.stringify({ ...body, Documents: [...body.Documents].reverse() }) };
      },
    },
  ],
  [
    'does not sort without an index',
    'orderById',
    {
      request: (passing) =>
        isQuery(passing) && passing.body.includes('c.user') ? answered(400, { message: 'no index' }) : passing,
    },
  ],
  [
    'does not filter without an index',
    'unindexedFilter',
    {
      answer: (answer, passing) =>
        isQuery(passing) && passing.body.includes('c.kind')
          ? { ...answer, body: JSON.stringify({ ...JSON.parse(answer.body), Documents: [], _count: 0 }) }
          : answer,
    },
  ],
  [
    'takes half a surrogate and cannot read it back',
    'halfSurrogate',
    {
      request: (passing) =>
        isCreate(passing) && /\\ud83d"/.test(passing.body)
          ? { ...passing, body: passing.body.replace('\\ud83d', '') }
          : passing,
      answer: (answer, passing) =>
        passing.method === 'GET' && passing.path.endsWith('-surrogate')
          ? { ...answer, status: 409, body: '{"message":""}' }
          : answer,
    },
  ],
];

const TELLING: readonly (readonly [string, string, Fault])[] = [
  ['a create', 'minimalAnswer.create', noEtag((passing) => isCreate(passing))],
  ['a replace', 'minimalAnswer.replace', noEtag(({ method }) => method === 'PUT')],
  ['a patch', 'minimalAnswer.patch', noEtag(isPatch)],
  [
    'a batch',
    'minimalAnswer.batch',
    {
      answer: (answer, passing) =>
        isBatch(passing) && Array.isArray(JSON.parse(answer.body))
          ? {
              ...answer,
              body: JSON.stringify((JSON.parse(answer.body) as Body[]).map(({ eTag: _, ...result }) => result)),
            }
          : answer,
    },
  ],
];

describe('an account that keeps its promises', () => {
  test.each(TRANSPORTS)(
    '%s: is proved once, with a bounded number of requests; the next start costs one point read',
    async (transport) => {
      const { notes, start } = app({ transport });
      const first = await start();
      expect(first.requests.length).toBeGreaterThan(40);
      expect(first.requests.length).toBeLessThan(110);
      const second = await start();
      expect(second.requests.map(({ kind }) => kind)).toEqual(['read']);
      expect(notes).toEqual([]);
      expect(await accept(second.store, 'a')).toBe('accepted');
    },
  );

  test('is left as it was, for sweeps and operators', async () => {
    const { start } = app();
    const { store } = await start();
    expect(await store.mailbox.overdue(10)).toEqual([]);
    expect(await store.inspection.busy(10)).toEqual([]);
    const scratch = gateway.requests.filter(({ path, body }) => /self-check-/.test(path + body));
    expect(scratch.some(({ body }) => body.includes('"key":"turnwise'))).toBe(false);
    // Whatever wakes, wakes when nobody looks any more.
    const wakes = scratch.flatMap(({ body }) => [...body.matchAll(/"wake":(\d+)/g)].map(([, at]) => Number(at)));
    expect(Math.min(...wakes)).toBeGreaterThanOrEqual(Date.UTC(2100, 0, 1));
  });

  test('is asked again after a week, in another container, and by the other transport', async () => {
    const { database, start } = app();
    await start();
    const rest = cosmosStores(faulty.endpoint, clock, { selfCheck: true, database, transport: 'sdk' }).make();
    opened.push(rest);
    const before = gateway.requests.length;
    await rest.open();
    expect(gateway.requests.length - before).toBeGreaterThan(40);
    clock.pass(7 * 24 * 3_600_000 + 1_000);
    expect((await start()).requests.length).toBeGreaterThan(40);
    expect((await app().start()).requests.length).toBeGreaterThan(40);
  });
});

describe('every part of the conditions that keep workers apart', () => {
  test('has a record in which it alone does not hold', () => {
    const cases = CASES.filter(({ without }) => without !== undefined && without !== 'noSize');
    expect(cases).toHaveLength(CONDITIONS.length);
  });

  test.each(CONDITIONS)('$patch: $part', async ({ patch, condition, part }) => {
    const { start } = app();
    faulty.fault = blindTo(condition, part);
    const refused = start();
    await expect(refused).rejects.toMatchObject({ code: 'StoreUnsafe' });
    await expect(refused).rejects.toThrow(new RegExp(`By rest, ${patch}\\.\\w+: .*By sdk, ${patch}\\.\\w+: `));
  });
});

describe('an account that', () => {
  test.each(FAULTS)('%s is refused, and the question is named', async (_name, probe, fault) => {
    const { start } = app();
    faulty.fault = fault;
    const refused = start();
    await expect(refused).rejects.toMatchObject({ code: 'StoreUnsafe' });
    await expect(refused).rejects.toThrow(`By rest, ${probe}: `);
    await expect(refused).rejects.toThrow(`By sdk, ${probe}: `);
    faulty.fault = {};
    await start();
  });

  test('ignores If-Match in batches is called by the name of the emulator that does', async () => {
    const fault = FAULTS.find(([name]) => name === 'ignores If-Match in batches')?.[2];
    const { start } = app({ transport: 'sdk' });
    faulty.fault = fault ?? {};
    await expect(start()).rejects.toThrow(/Microsoft's Linux emulator \(azure-cosmos-emulator:vnext\)/);
  });
});

describe('where only the transport by hand is answered otherwise', () => {
  const faults = [...TELLING, ...FAULTS.filter(([, probe]) => !['orderById', 'unindexedFilter'].includes(probe))];

  test.each(faults)('%s: the SDK is used, and the reason is said and remembered', async (_name, probe, fault) => {
    const { notes, start } = app();
    faulty.fault = byRest(fault);
    await start();
    const changed = {
      found: 'storeTransportChanged',
      transport: 'sdk',
      probe: expect.stringContaining(probe.split('.')[0] ?? ''),
    };
    expect(notes).toEqual([changed]);
    const { requests, store } = await start();
    expect(requests).toHaveLength(1);
    expect(notes).toEqual([changed, changed]);
    const before = gateway.requests.length;
    await accept(store, 'a');
    const agents = gateway.requests.slice(before).map(({ headers }) => headers['user-agent'] === 'turnwise');
    expect(agents).not.toContain(true);
  });

  test('the SDK that is asked for is not left for it', async () => {
    const { notes, start } = app({ transport: 'sdk' });
    faulty.fault = byRest(TELLING[0]?.[2] ?? {});
    await start();
    expect(notes).toEqual([]);
  });
});

describe('a question without an answer', () => {
  const THROTTLED = { ...answered(429), headers: { 'x-ms-retry-after-ms': '1' } };
  const SILENT: readonly (readonly [string, Answered])[] = [
    ['throttled', THROTTLED],
    ['not answered in time', answered(408)],
    ['answered by a service that is away', answered(503)],
    ['not permitted', answered(403)],
    ['asked of a container that is still being made', { ...answered(404), headers: { 'x-ms-substatus': '1013' } }],
    ['asked of a store that is not ready', { ...answered(404), headers: { 'x-ms-substatus': '1023' } }],
  ];

  test.each(SILENT)('%s: changes nothing, and is asked again with the next start', async (_name, answer) => {
    const { notes, start } = app();
    faulty.fault = { request: (passing) => (isPatch(passing) ? answer : passing) };
    const { store } = await start();
    expect(notes).toEqual([{ found: 'storeCheckUndecided', transport: 'rest', probe: 'minimalAnswer' }]);
    faulty.fault = {};
    expect(await accept(store, 'a')).toBe('accepted');
    expect((await start()).requests.length).toBeGreaterThan(40);
    expect((await start()).requests).toHaveLength(1);
  });

  test('a container that is still being made keeps nothing from starting', async () => {
    const { notes, start } = app();
    const isBeingMade = { ...answered(404), headers: { 'x-ms-substatus': '1013' } };
    faulty.fault = { request: (passing) => (isBatch(passing) || isCreate(passing) ? isBeingMade : passing) };
    await start();
    expect(notes).toEqual([expect.objectContaining({ found: 'storeCheckUndecided', transport: 'rest' })]);
  });

  test('leaves nothing behind that would last, also when time is over', async () => {
    const { start } = app();
    const lasting = new Set<string>();
    gateway.onRequest(({ headers, body }) => {
      if (headers['x-ms-cosmos-is-batch-request'] === undefined) return undefined;
      for (const { operationType, id, resourceBody } of JSON.parse(body) as Written[]) {
        if (operationType === 'Create' && resourceBody?.ttl === undefined) lasting.add(String(resourceBody?.id));
        if (operationType === 'Delete') lasting.delete(String(id));
      }
      return undefined;
    });
    faulty.fault = {
      request: (passing) => {
        if (isPatch(passing) && passing.body.includes('array_contains')) clock.pass(9_000);
        return passing;
      },
    };
    await start();
    expect([...lasting]).toEqual([]);
  });

  test('a moment of throttling is waited out', async () => {
    const { notes, start } = app();
    let throttled = 0;
    faulty.fault = {
      request: (passing) => {
        if (!isPatch(passing) || throttled === 3) return passing;
        throttled += 1;
        return { ...answered(429), headers: { 'x-ms-retry-after-ms': '1' } };
      },
    };
    await start();
    expect(notes).toEqual([]);
    expect((await start()).requests).toHaveLength(1);
  });

  test('does not hide an answer to another', async () => {
    const { start } = app();
    const fault = FAULTS.find(([name]) => name === 'ignores If-Match in batches')?.[2];
    faulty.fault = {
      request: (passing, send) => (isPatch(passing) ? THROTTLED : (fault?.request?.(passing, send) ?? passing)),
    };
    await expect(start()).rejects.toThrow(/batchEtag/);
  });
});

test('an account that was refused is not asked again with every message', async () => {
  const { make } = cosmosStores(faulty.endpoint, clock, { selfCheck: true });
  const store = make();
  opened.push(store);
  faulty.fault = FAULTS.find(([name]) => name === 'ignores If-Match in batches')?.[2] ?? {};
  const requestsOf = async (): Promise<number> => {
    const before = gateway.requests.length;
    await expect(store.open()).rejects.toMatchObject({ code: 'StoreUnsafe' });
    return gateway.requests.slice(before).filter(({ path }) => path.includes('/docs')).length;
  };
  expect(await requestsOf()).toBeGreaterThan(40);
  expect(await requestsOf()).toBe(0);
  clock.pass(60_000);
  expect(await requestsOf()).toBeGreaterThan(40);
  faulty.fault = {};
  clock.pass(60_000);
  await store.open();
});

test('a store that only looks on asks nothing', async () => {
  const { start } = app({ selfCheck: false });
  expect((await start()).requests).toEqual([]);
});

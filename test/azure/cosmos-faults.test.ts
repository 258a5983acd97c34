import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Held, Store } from '../../src/ports/store';
import { StoreFault } from '../../src/turn/fault';
import { userKey } from '../../src/turn/keys';
import {
  accept,
  acquired,
  after,
  conversation,
  entry,
  firstOf,
  holding,
  keyOf,
  LIMIT,
  message,
  send,
  turnOf,
} from '../contracts/store-under-test';
import { type CosmosGateway, type GatewayRequest, type Mischief, startCosmosGateway } from '../support/cosmos-gateway';
import { cosmosStores, persisting } from '../support/cosmos-under-test';
import { createShiftedClock } from '../support/shifted-clock';

const clock = createShiftedClock();
let gateway: CosmosGateway;
let store: Store;
let other: Store;
/** Gives up on a request soon, for those that are never answered. */
let impatient: Store;

beforeAll(async () => {
  gateway = await startCosmosGateway(() => clock.now());
});
afterAll(() => gateway.close());
beforeEach(async () => {
  gateway.onRequest(() => undefined);
  const stores = cosmosStores(gateway.endpoint, clock);
  store = stores.make();
  other = stores.make();
  await store.open();
  const different = { requestLimitMs: 700, database: stores.database };
  impatient = cosmosStores(gateway.endpoint, clock, different).make();
});
afterEach(async () => {
  gateway.onRequest(() => undefined);
  await store.close();
  await other.close();
  await impatient.close();
});

/** What may become of one request, and what that says about a write that was the one to suffer it. */
const FAILURES: readonly (readonly [string, Mischief, 'no' | 'unknown'])[] = [
  ['429', { do: 'answer', status: 429, retryAfterMs: 7 }, 'no'],
  ['449', { do: 'answer', status: 449 }, 'no'],
  ['403 of a region that does not write', { do: 'answer', status: 403, substatus: 3 }, 'no'],
  ['401', { do: 'answer', status: 401 }, 'no'],
  ['408', { do: 'answer', status: 408 }, 'unknown'],
  ['410', { do: 'answer', status: 410 }, 'unknown'],
  ['500', { do: 'answer', status: 500 }, 'unknown'],
  ['503', { do: 'answer', status: 503 }, 'unknown'],
  ['reset before', { do: 'reset', applied: false }, 'unknown'],
  ['reset after', { do: 'reset', applied: true }, 'unknown'],
  ['silence before', { do: 'hang', applied: false }, 'unknown'],
  ['silence after', { do: 'hang', applied: true }, 'unknown'],
  ['half an answer', { do: 'truncate', applied: true }, 'unknown'],
];

/** Those that stand for the others where the path through the store is the same. */
const TYPICAL = FAILURES.filter(([name]) => /^(429|503|reset|silence after|half)/.test(name));

const WRITES = new Set(['patch', 'replace', 'create', 'batch', 'delete']);

/** Lets the next request of a kind suffer. */
function nextOf(isMeant: (request: GatewayRequest) => boolean, mischief: Mischief): void {
  let done = false;
  gateway.onRequest((request) => {
    if (done || !isMeant(request)) return undefined;
    done = true;
    return mischief;
  });
}

const USER = userKey('test', 'user-1');
/** Age at which a sweep counts as missed. */
const LATE_MS = 300_000;
const large = { ref: 'large', activity: message('large') };

/** State that does not fit into the head, so that its commit is a batch. */
const LARGE = { n: 1, text: 'x'.repeat(6_000) };

/** Each kind of write that the store makes, what it needs, and how it is told that it took effect exactly once. */
const CALLS: readonly {
  readonly name: string;
  prepare(): Promise<Held | undefined>;
  call(held: Held): Promise<unknown>;
  readonly answer: unknown;
  /** Stands for all of its kind: suffers everything. */
  readonly thorough?: true;
  readonly batched?: true;
  /** The answer's body is needed; otherwise its status and its ETag say all. Batches need theirs. */
  readonly reads?: true;
  once(): Promise<void>;
}[] = [
  {
    name: 'the first accept of a conversation',
    prepare: async () => undefined,
    call: () => accept(store, 'a'),
    answer: expect.stringMatching(/^(accepted|duplicate)$/),
    once: async () => expect(await pending()).toEqual(['a']),
  },
  {
    name: 'an accept into a conversation at rest',
    prepare: async () => {
      const held = await holding(store, ['z']);
      await store.turns.commit(held, turnOf(held));
      return undefined;
    },
    call: () => accept(store, 'a'),
    answer: expect.stringMatching(/^(accepted|duplicate)$/),
    once: async () => expect(await pending()).toEqual(['a']),
  },
  {
    name: 'an accept with a large body',
    batched: true,
    prepare: () => holding(store, ['z']),
    call: () =>
      store.mailbox.accept(conversation(), { ...entry('a'), body: { ref: 'large', bytes: 1 } }, [large], LIMIT),
    answer: expect.stringMatching(/^(accepted|duplicate)$/),
    once: async () => {
      expect(await pending()).toEqual(['z', 'large']);
      expect(await store.turns.readBody(conversation(), 'large')).toEqual(large.activity);
    },
  },
  {
    name: 'an acquire',
    thorough: true,
    prepare: async () => void (await accept(store, 'a')),
    call: () => store.turns.acquire(conversation(), 'worker-1'),
    reads: true,
    answer: expect.objectContaining({ outcome: 'acquired' }),
    once: async () => expect(await head()).toMatchObject({ epoch: 1, att: 1, lease: { owner: 'worker-1' } }),
  },
  {
    name: 'a commit with state',
    thorough: true,
    batched: true,
    prepare: () => holding(store, ['a', 'b']),
    call: (held) => {
      const effects = [send(firstOf(held), 0)];
      return store.turns.commit(
        held,
        turnOf(held, {
          effects,
          writes: [{ id: 'conversation', data: LARGE }],
          reads: [{ id: 'conversation', version: 0 }],
        }),
      );
    },
    answer: expect.objectContaining({ outcome: 'held' }),
    once: async () => {
      expect(await head()).toMatchObject({ n: 1, sv: 1, out: [{}], pend: [{ key: keyOf('b') }] });
      expect(await store.turns.readState(conversation(), 'conversation')).toEqual({ version: 1, data: LARGE });
    },
  },
  {
    name: 'a commit with small state',
    prepare: () => holding(store, ['a', 'b']),
    call: (held) => store.turns.commit(held, turnOf(held, { writes: [{ id: 'conversation', data: { n: 2 } }] })),
    answer: expect.objectContaining({ outcome: 'held' }),
    once: async () => {
      expect(await head()).toMatchObject({ n: 1, sv: 1, att: 1 });
      expect(await store.turns.readState(conversation(), 'conversation')).toEqual({ version: 1, data: { n: 2 } });
    },
  },
  {
    name: 'a commit of a dead letter that frees the conversation',
    batched: true,
    prepare: () => holding(store, ['a']),
    call: (held) => store.turns.commit(held, turnOf(held, { dead: { code: 'Failed', message: '' } })),
    answer: expect.objectContaining({ outcome: 'released' }),
    once: async () => {
      expect(await head()).toMatchObject({ n: 1, pend: [], lease: null });
      expect(await store.deadLetters.list(10)).toHaveLength(1);
    },
  },
  {
    name: 'a flush',
    prepare: () => holding(store, ['a']),
    call: (held) =>
      store.turns.flush(held, { turn: turnOf(held).turn, effects: [send(firstOf(held), 0)], from: 0 }, []),
    answer: expect.objectContaining({ outcome: 'held' }),
    once: async () => expect(await head()).toMatchObject({ flushed: 1, out: [{}] }),
  },
  {
    name: 'the mark of the last effect',
    prepare: async () => {
      const held = await holding(store, ['a', 'b']);
      return after(held, await store.turns.commit(held, turnOf(held, { effects: [send(firstOf(held), 0)] })));
    },
    call: (held) => store.turns.markDelivered(held, { effect: held.head.out[0]?.id ?? '' }, false),
    answer: expect.objectContaining({ outcome: 'held' }),
    once: async () => expect(await head()).toMatchObject({ out: [], att: 1 }),
  },
  {
    name: 'a hand-back',
    prepare: () => holding(store, ['a']),
    call: (held) => store.turns.handBack(held, { delayMs: 0, uncountAttempt: true }),
    answer: expect.objectContaining({ outcome: 'released' }),
    once: async () => expect(await head()).toMatchObject({ att: 0, lease: null }),
  },
  {
    name: 'a step',
    batched: true,
    prepare: () => holding(store, ['a']),
    call: (held) => store.turns.recordStep(held, turnOf(held).turn, 'step', 1),
    answer: { outcome: 'recorded', value: 1 },
    once: async () => expect(await store.turns.readSteps(conversation(), keyOf('a'))).toEqual(new Map([['step', 1]])),
  },
  {
    name: 'a proposal',
    prepare: async () => undefined,
    call: () =>
      store.users.propose(USER, 0, {
        id: 'i1',
        conversation: conversation(),
        epoch: 1,
        changes: { set: { a: 1 }, remove: [] },
      }),
    answer: 'proposed',
    once: async () => expect(await store.users.read(USER)).toMatchObject({ version: 1, intents: [{ id: 'i1' }] }),
  },
  {
    name: 'a fold',
    thorough: true,
    prepare: async () => {
      const changes = { set: { a: 1 }, remove: [] };
      await store.users.propose(USER, 0, { id: 'i1', conversation: conversation(), epoch: 1, changes });
      return undefined;
    },
    call: () => store.users.settle(USER, 'i1', true),
    answer: undefined,
    once: async () => expect(await store.users.read(USER)).toEqual({ version: 2, data: { a: 1 }, intents: [] }),
  },
  {
    name: 'a claim on a missed sweep',
    prepare: async () => {
      await store.sweeps.ended('timer');
      clock.pass(LATE_MS + 2_000);
      return undefined;
    },
    call: () => store.sweeps.claim('worker-1', LATE_MS, 60_000),
    answer: { outcome: 'claimed' },
    once: async () => {
      expect(await other.sweeps.claim('worker-2', LATE_MS, 60_000)).toMatchObject({ outcome: 'notDue' });
      expect(await other.sweeps.claim('worker-1', LATE_MS, 60_000)).toEqual({ outcome: 'claimed' });
    },
  },
  {
    name: 'the record of a sweep',
    prepare: async () => undefined,
    call: () => store.sweeps.ended('timer'),
    answer: undefined,
    once: async () => expect(await other.sweeps.last()).toMatchObject({ by: 'timer' }),
  },
];

async function head() {
  const found = await store.inspection.conversation(conversation());
  if (found === undefined) throw new Error('There is no record.');
  return found.head;
}

async function pending(): Promise<(string | undefined)[]> {
  return (await head()).pend.map(({ body }) => ('inline' in body ? body.inline.text : body.ref));
}

describe.each(CALLS)('$name', ({ prepare, call, answer, batched, reads, thorough, once }) => {
  test.each(thorough ? FAILURES : TYPICAL)(
    '%s: the fault says what is known, and the repetition finds out',
    async (_name, mischief, applied) => {
      const held = (await prepare()) as Held;
      if (mischief.do === 'hang') await impatient.open();
      if (mischief.do === 'hang') [store, impatient] = [impatient, store];
      nextOf(({ kind }) => WRITES.has(kind), mischief);
      const outcome = await persisting(() => call(held));
      expect(outcome.answer).toEqual(answer);
      const saysAll = mischief.do === 'truncate' && !batched && !reads;
      expect(outcome.faults.map((fault) => fault.applied)).toEqual(saysAll ? [] : [applied]);
      if (mischief.do === 'answer' && mischief.retryAfterMs !== undefined) {
        expect(outcome.faults[0]?.retryAfterMs).toBe(mischief.retryAfterMs);
      }
      await once();
    },
  );

  test('a precondition that failed although nothing changed: it is done all the same', async () => {
    const held = (await prepare()) as Held;
    const body = [{ statusCode: 412 }, { statusCode: 424 }];
    const refused = { do: 'answer', ...(batched ? { status: 207, body } : { status: 412 }) } as const;
    nextOf(({ kind }) => WRITES.has(kind), refused);
    expect(await call(held)).toEqual(answer);
    await once();
  });
});

describe('reads', () => {
  test.each(FAILURES)('%s: nothing was changed, and the repetition reads', async (_name, mischief) => {
    await holding(store, ['a']);
    await impatient.open();
    gateway.onRequest(({ kind }) => (kind === 'read' ? mischief : undefined));
    const fault = await impatient.turns.readState(conversation(), 'conversation').catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(StoreFault);
    expect(fault).toMatchObject({ applied: 'no' });
    gateway.onRequest(() => undefined);
    expect(await impatient.turns.readState(conversation(), 'conversation')).toEqual({ version: 0, data: {} });
  });

  test('a session that the replica has not caught up with (404/1002) is not an item that is missing', async () => {
    await holding(store, ['a']);
    await impatient.open();
    gateway.onRequest(({ kind }) => (kind === 'read' ? { do: 'answer', status: 404, substatus: 1002 } : undefined));
    await expect(impatient.turns.readState(conversation(), 'conversation')).rejects.toMatchObject({ applied: 'no' });
  });
});

/** Sub-statuses that make of a 404 something that is not about the item: 1002 session, 1003 container, and what the service says of itself. */
const NOT_ABOUT_THE_ITEM = [1002, 1003, 1013, 1023, 1024, 1030, 9_999];

describe.each(NOT_ABOUT_THE_ITEM)('a 404 with sub-status %i is not about the item', (substatus) => {
  const refused = { do: 'answer', status: 404, substatus } as const;
  const isFault = { name: 'StoreFault', applied: 'no' };

  test('an acquire does not say that there is nothing to do', async () => {
    await accept(store, 'a');
    gateway.onRequest(({ kind }) => (kind === 'patch' || kind === 'read' ? refused : undefined));
    await expect(store.turns.acquire(conversation(), 'worker-1')).rejects.toMatchObject(isFault);
    gateway.onRequest(() => undefined);
    expect((await store.turns.acquire(conversation(), 'worker-1')).outcome).toBe('acquired');
  });

  test('state and users do not read as empty, and nothing is written over them', async () => {
    const held = await holding(store, ['a', 'b']);
    await store.turns.commit(held, turnOf(held, { writes: [{ id: 'conversation', data: LARGE }] }));
    gateway.onRequest(({ kind }) => (WRITES.has(kind) || kind === 'read' ? refused : undefined));
    for (const call of [
      () => other.turns.readState(conversation(), 'conversation'),
      () => other.users.read(USER),
      () => other.inspection.conversation(conversation()),
      () => accept(other, 'c'),
      () => accept(other, 'c', conversation('new')),
      () => other.sweeps.last(),
    ]) {
      await expect(call()).rejects.toMatchObject(isFault);
    }
  });

  test('an operation of a batch that is turned down so is not taken for an item that is gone', async () => {
    const held = await holding(store, ['a', 'b']);
    const turn = turnOf(held, { writes: [{ id: 'conversation', data: LARGE }] });
    const body = [{ statusCode: 404, subStatusCode: substatus }, { statusCode: 424 }];
    nextOf(({ kind }) => kind === 'batch', { do: 'answer', status: 207, body });
    const { answer, faults } = await persisting(() => store.turns.commit(held, turn));
    expect(faults.map(({ applied }) => applied)).toEqual(['no']);
    expect(answer).toMatchObject({ outcome: 'held', head: { n: 1 } });
  });
});

test('a plain 404 is about the item, with a sub-status of 0 too', async () => {
  await accept(store, 'a');
  gateway.onRequest(({ kind }) => (kind === 'patch' ? { do: 'answer', status: 404, substatus: 0 } : undefined));
  expect((await store.turns.acquire(conversation(), 'worker-1')).outcome).toBe('idle');
});

describe('batches', () => {
  test('a batch that is turned down as a whole is told apart from one that is not answered', async () => {
    const held = await holding(store, ['a', 'b']);
    const turn = turnOf(held, { writes: [{ id: 'conversation', data: LARGE }] });
    nextOf(({ kind }) => kind === 'batch', { do: 'reset', applied: true });
    const { answer, faults } = await persisting(() => store.turns.commit(held, turn));
    expect(faults).toHaveLength(1);
    expect(answer).toMatchObject({ outcome: 'held', head: { n: 1, sv: 1 } });
  });

  test('more than fits into a record is refused before anything is sent, and the old state stays', async () => {
    const held = await holding(store, ['a', 'b']);
    const next = after(
      held,
      await store.turns.commit(held, turnOf(held, { writes: [{ id: 'conversation', data: LARGE }] })),
    );
    const writes = [{ id: 'conversation' as const, data: { text: 'x'.repeat(2_100_000) } }];
    const before = gateway.requests.length;
    expect(await store.turns.commit(next, turnOf(next, { writes }))).toEqual({ outcome: 'tooLarge' });
    expect(gateway.requests.length).toBe(before);
    expect(await store.turns.readState(conversation(), 'conversation')).toEqual({ version: 1, data: LARGE });
    expect((await store.turns.renew(next)).outcome).toBe('held');
  });

  test('a mailbox that has filled up with large activities is one that its holder can write', async () => {
    const bytes = 15_000;
    const filler = 'x'.repeat(bytes);
    for (let index = 0; index < 120; index += 1) {
      const body = { inline: { ...message(`n${index}`), filler }, bytes };
      const outcome = await store.mailbox.accept(conversation(), { key: keyOf(`n${index}`), body }, [], 200);
      expect(outcome).toBe('accepted');
    }
    const held = acquired(await store.turns.acquire(conversation(), 'worker-1'));
    expect((await store.turns.renew(held)).outcome).toBe('held');
    expect((await store.turns.commit(held, turnOf(held))).outcome).toBe('held');
  }, 60_000);

  test('an append that the service refuses for the size of the item is done by writing the record', async () => {
    await accept(store, 'a');
    gateway.onRequest(({ kind }) => (kind === 'patch' ? { do: 'answer', status: 413 } : undefined));
    expect(await accept(store, 'b')).toBe('accepted');
    gateway.onRequest(() => undefined);
    expect((await holding(other, [])).head.pend).toHaveLength(2);
  });
});

describe('an accept answers in its time', () => {
  test.each([
    ['nothing answers', { do: 'hang', applied: false } as const],
    ['everything takes long', { do: 'delay', ms: 5_000 } as const],
  ])('when %s', async (_name, mischief) => {
    const { make } = cosmosStores(gateway.endpoint, clock, { acceptLimitMs: 500 });
    const patient = make();
    gateway.onRequest(() => mischief);
    const started = performance.now();
    await expect(accept(patient, 'a')).rejects.toMatchObject({ applied: expect.stringMatching(/^(no|unknown)$/) });
    expect(performance.now() - started).toBeLessThan(2_000);
    await patient.close();
  });

  test('and when nobody listens, it is known that nothing was done', async () => {
    const { make } = cosmosStores('http://127.0.0.1:9', clock);
    const alone = make();
    await expect(accept(alone, 'a')).rejects.toMatchObject({ applied: 'no' });
    await alone.close();
  });
});

test('a lost acquire that was applied is found again, and its attempt is counted once', async () => {
  await accept(store, 'a');
  nextOf(({ kind }) => kind === 'patch', { do: 'reset', applied: true });
  const { answer } = await persisting(() => store.turns.acquire(conversation(), 'worker-1'));
  expect(acquired(answer).head).toMatchObject({ epoch: 1, att: 1 });
  expect((await other.turns.acquire(conversation(), 'worker-2')).outcome).toBe('busy');
});

describe('what became of one operation of a batch', () => {
  test.each([
    [429, 'no'],
    [449, 'no'],
    [408, 'unknown'],
    [503, 'unknown'],
  ])('%i', async (statusCode, applied) => {
    const held = await holding(store, ['a', 'b']);
    const turn = turnOf(held, { writes: [{ id: 'conversation', data: LARGE }] });
    const body = [{ statusCode }, { statusCode: 424 }];
    nextOf(({ kind }) => kind === 'batch', { do: 'answer', status: 207, body });
    const { answer, faults } = await persisting(() => store.turns.commit(held, turn));
    expect(faults.map((fault) => fault.applied)).toEqual([applied]);
    expect(answer).toMatchObject({ outcome: 'held', head: { n: 1 } });
  });

  test('with the time to wait that the throttled one names', async () => {
    const held = await holding(store, ['a', 'b']);
    const turn = turnOf(held, { writes: [{ id: 'conversation', data: LARGE }] });
    const body = [{ statusCode: 424 }, { statusCode: 429, subStatusCode: 3200, retryAfterMilliseconds: 23 }];
    nextOf(({ kind }) => kind === 'batch', { do: 'answer', status: 207, body });
    const { faults } = await persisting(() => store.turns.commit(held, turn));
    expect(faults).toMatchObject([{ applied: 'no', retryAfterMs: 23 }]);
  });

  test.each([[[]], [{}], ['a page of a proxy']])(
    'an answer that says nothing of its operations (%j) is an unknown outcome',
    async (body) => {
      const held = await holding(store, ['a', 'b']);
      const turn = turnOf(held, { writes: [{ id: 'conversation', data: LARGE }] });
      nextOf(({ kind }) => kind === 'batch', { do: 'answer', status: 200, body });
      const { faults } = await persisting(() => store.turns.commit(held, turn));
      expect(faults.map((fault) => fault.applied)).toEqual(['unknown']);
    },
  );

  test('an operation that is malformed is a defect, and an error like others', async () => {
    const held = await holding(store, ['a', 'b']);
    const turn = turnOf(held, { writes: [{ id: 'conversation', data: LARGE }] });
    nextOf(({ kind }) => kind === 'batch', { do: 'answer', status: 207, body: [{ statusCode: 400 }] });
    const failed = await store.turns.commit(held, turn).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Error);
    expect(failed).not.toBeInstanceOf(StoreFault);
  });
});

test.each(['create', 'replace'])(
  'a %s that is answered, but not by the service, is an unknown outcome',
  async (kind) => {
    const write = async () => {
      if (kind === 'create') return accept(store, 'a');
      const held = await holding(store, ['a']);
      return store.turns.renew(held);
    };
    // Answers of the service to writes have an ETag.
    nextOf((request) => request.kind === kind, { do: 'answer', status: 200, body: 'a page of a proxy' });
    await expect(write()).rejects.toMatchObject({ name: 'StoreFault', applied: 'unknown' });
  },
);

test('what is searched for is searched no further behind than what was written', async () => {
  let session: string | undefined;
  gateway.onRequest(({ kind, headers }) => {
    if (kind === 'query') session = String(headers['x-ms-session-token']);
    return undefined;
  });
  await accept(store, 'a');
  await store.mailbox.overdue(10);
  const [first] = session?.split('#') ?? [];
  expect(first).toBe('0:-1');
  await accept(store, 'b', conversation('b'));
  const before = session;
  await store.mailbox.overdue(10);
  expect(session).not.toBe(before);
});

import { randomUUID } from 'node:crypto';
import type { OperationInput } from '@azure/cosmos';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { SessionTokens } from '../../src/azure/cosmos-session';
import {
  type BatchContent,
  type CosmosTransport,
  type ItemAddress,
  type ItemContent,
  partitionName,
  type Target,
  type TransportAnswer,
} from '../../src/azure/cosmos-transport';
import type { GatewayRequest, Mischief } from '../support/cosmos-gateway';

/** A transport on a database whose containers are there, and the gateway in front of it. */
export interface TransportUnderTest {
  readonly transport: CosmosTransport;
  /** Every request that reached the gateway, in order. */
  readonly requests: readonly GatewayRequest[];
  onRequest(script: (request: GatewayRequest) => Mischief | undefined): void;
}

interface Stored {
  readonly _etag: string;
  readonly [property: string]: unknown;
}

/** A false condition, and what would be done. */
const FALSE = { condition: 'from c where c.n = 2', operations: [{ op: 'incr' as const, path: '/n', value: 1 }] };
const TRUE = { ...FALSE, condition: 'from c where c.n = 1' };

const WRITES = ['create', 'replace', 'patch', 'delete', 'batch'] as const;

/** Answers that say that a request was not carried out, or not how it fared. */
const FAILURES: readonly Extract<Mischief, { do: 'answer' }>[] = [
  { do: 'answer', status: 401 },
  { do: 'answer', status: 403, substatus: 3 },
  { do: 'answer', status: 408 },
  { do: 'answer', status: 410, substatus: 1002 },
  { do: 'answer', status: 413 },
  { do: 'answer', status: 429, substatus: 3200, retryAfterMs: 17 },
  { do: 'answer', status: 449 },
  { do: 'answer', status: 500 },
  { do: 'answer', status: 503 },
  { do: 'answer', status: 404, substatus: 1002 },
  { do: 'answer', status: 404, substatus: 1013 },
];

/** What every way to the items of an account does. `open` is called once. */
export function cosmosTransportContract(open: () => TransportUnderTest): void {
  let transport: CosmosTransport;
  let target: Target;
  let partition: string;
  /** End of all ids of a test: servers for tests may look for an item by its id alone. */
  let end: string;

  beforeEach(() => {
    ({ transport } = open());
    open().onRequest(() => undefined);
    target = { container: 'conversations', session: new SessionTokens() };
    end = randomUUID();
    partition = `p ü"\u{1f600}/${end}`;
  });

  const content = (id: string, more: object = {}): ItemContent => {
    const item = { id: `${id}-${end}`, conversation: partition, n: 1, ...more };
    return { item, text: JSON.stringify(item) };
  };
  const batchOf = (operations: readonly OperationInput[]): BatchContent => ({
    operations,
    text: JSON.stringify(operations.map((each) => ({ ...each, partitionKey: partitionName(partition) }))),
  });
  const at = (id: string): ItemAddress => ({ id: `${id}-${end}`, partition });
  const create = async (id: string): Promise<string> => etagOf(await transport.create(target, partition, content(id)));
  const stored = async (id: string): Promise<Stored> =>
    JSON.parse((await transport.read(target, at(id))).body.text) as Stored;
  const made = (id: string): OperationInput => ({
    operationType: 'Create',
    resourceBody: content(id).item as never,
  });
  const replaced = (id: string, ifMatch: string): OperationInput => ({
    operationType: 'Replace',
    id: at(id).id,
    ifMatch,
    resourceBody: content(id, { n: 5 }).item as never,
  });

  /** One call of each kind, on an item `a` with this ETag. */
  const calls = (etag: string): Readonly<Record<'read' | (typeof WRITES)[number], () => Promise<TransportAnswer>>> => ({
    read: () => transport.read(target, at('a')),
    create: () => transport.create(target, partition, content('b')),
    replace: () => transport.replace(target, partition, content('a', { n: 5 }), etag),
    patch: () => transport.patch(target, at('a'), TRUE, 'nothing'),
    delete: () => transport.delete(target, at('a'), etag),
    batch: () => transport.batch(target, partition, batchOf([made('b')])),
  });

  describe('an item', () => {
    test('is created once, with an ETag, and read back as it was', async () => {
      const etag = await create('a');
      expect(await stored('a')).toMatchObject({ id: at('a').id, conversation: partition, n: 1, _etag: etag });
      await expect(create('a')).rejects.toMatchObject({ code: 409 });
    });

    test('that is not there is a plain 404, to whatever needs it', async () => {
      for (const call of [
        () => transport.read(target, at('a')),
        () => transport.replace(target, partition, content('a'), '"0"'),
        () => transport.patch(target, at('a'), TRUE, 'item'),
        () => transport.delete(target, at('a')),
      ]) {
        const failed = await call().catch((error: unknown) => error);
        expect(failed).toMatchObject({ code: 404 });
        expect([undefined, 0]).toContain((failed as { substatus?: number }).substatus);
      }
    });

    test('is replaced while its ETag stands, and gets another', async () => {
      const first = await create('a');
      const second = etagOf(await transport.replace(target, partition, content('a', { n: 2 }), first));
      expect(second).not.toBe(first);
      expect(await stored('a')).toMatchObject({ n: 2, _etag: second });
      const late = transport.replace(target, partition, content('a', { n: 3 }), first);
      await expect(late).rejects.toMatchObject({ code: 412 });
      expect(await stored('a')).toMatchObject({ n: 2, _etag: second });
    });

    test('is changed if the condition holds, and comes back if it is wanted', async () => {
      await create('a');
      const answer = await transport.patch(target, at('a'), TRUE, 'item');
      expect(JSON.parse(answer.body.text)).toMatchObject({ n: 2, _etag: etagOf(answer) });
      const etag = etagOf(await transport.patch(target, at('a'), FALSE, 'nothing'));
      expect(await stored('a')).toMatchObject({ n: 3, _etag: etag });
      await expect(transport.patch(target, at('a'), TRUE, 'item')).rejects.toMatchObject({ code: 412 });
      expect(await stored('a')).toMatchObject({ n: 3, _etag: etag });
    });

    test('is deleted: while its ETag stands, or as it is', async () => {
      const first = await create('a');
      const second = etagOf(await transport.replace(target, partition, content('a', { n: 2 }), first));
      await expect(transport.delete(target, at('a'), first)).rejects.toMatchObject({ code: 412 });
      await transport.delete(target, at('a'), second);
      await create('b');
      await transport.delete(target, at('b'));
      for (const id of ['a', 'b']) await expect(stored(id)).rejects.toMatchObject({ code: 404 });
    });
  });

  describe('a batch', () => {
    test('is carried out whole, with an ETag for each', async () => {
      const etag = await create('a');
      const results = resultsOf(await transport.batch(target, partition, batchOf([replaced('a', etag), made('b')])));
      expect(results.map(({ statusCode }) => statusCode)).toEqual([200, 201]);
      for (const [index, id] of ['a', 'b'].entries()) expect((await stored(id))._etag).toBe(results[index]?.eTag);
    });

    test('is not carried out at all when one of its conditions fails, and says which', async () => {
      const etag = await create('a');
      await transport.replace(target, partition, content('a', { n: 2 }), etag);
      const results = resultsOf(await transport.batch(target, partition, batchOf([made('b'), replaced('a', etag)])));
      expect(results.map(({ statusCode }) => statusCode)).toEqual([424, 412]);
      expect(await stored('a')).toMatchObject({ n: 2 });
      await expect(stored('b')).rejects.toMatchObject({ code: 404 });
    });
  });

  describe('a failure', () => {
    test.each(FAILURES)(
      '$status/$substatus is told as it came, whatever was asked, and asked once',
      async (failure) => {
        const etag = await create('a');
        // What a transport wants to know first is not what is meant.
        await transport.create(target, partition, content('z'));
        for (const [kind, call] of Object.entries(calls(etag))) {
          const before = open().requests.length;
          open().onRequest((request) => (request.kind === kind ? failure : undefined));
          const failed = await call().catch((error: unknown) => error);
          expect(failed).toMatchObject({ code: failure.status });
          if (failure.substatus !== undefined) expect(failed).toMatchObject({ substatus: failure.substatus });
          if (failure.retryAfterMs !== undefined)
            expect(failed).toMatchObject({ retryAfterInMs: failure.retryAfterMs });
          expect(
            open()
              .requests.slice(before)
              .filter((request) => request.kind === kind),
          ).toHaveLength(1);
        }
      },
    );

    test.each(WRITES)('without an answer is none that says that a %s was not done', async (kind) => {
      const etag = await create('a');
      await transport.create(target, partition, content('z'));
      open().onRequest((request) => (request.kind === kind ? { do: 'reset', applied: true } : undefined));
      const failed = await calls(etag)
        [kind]()
        .catch((error: unknown) => error);
      const { code, notSent } = failed as { code?: unknown; notSent?: boolean };
      expect([typeof code, notSent === true]).not.toEqual(['number', false]);
      expect(notSent === true).toBe(false);
      expect(['ECONNREFUSED', 'ENOTFOUND']).not.toContain(code);
    });

    test('a read whose connection breaks is not repeated', async () => {
      await create('a');
      const before = open().requests.length;
      open().onRequest(({ kind }) => (kind === 'read' ? { do: 'reset', applied: false } : undefined));
      const failed = await stored('a').catch((error: unknown) => error);
      expect((failed as { code?: unknown }).code).toBe('ECONNRESET');
      expect(open().requests.slice(before)).toHaveLength(1);
    });

    test('a request that hangs ends in its time', async () => {
      await create('a');
      open().onRequest(({ kind }) => (kind === 'read' ? { do: 'hang', applied: false } : undefined));
      const failed = await stored('a').catch((error: unknown) => error);
      expect(typeof (failed as { code?: unknown }).code).not.toBe('number');
    });
  });

  describe('the session', () => {
    const sent = (): unknown => open().requests.at(-1)?.headers['x-ms-session-token'];

    test('that writes report goes with the reads that follow', async () => {
      await create('a');
      const { header } = target.session;
      expect(header).toMatch(/^\d+:/);
      await stored('a');
      expect(sent()).toBe(header);
    });

    test('is the one of the target and no other, and none where the target has none', async () => {
      await create('a');
      target = { ...target, session: new SessionTokens() };
      await stored('a');
      expect(sent()).toBeUndefined();
    });

    test('stays as it is when no replica is as far, and each refusal is counted', async () => {
      const refused: string[] = [];
      target = { ...target, session: new SessionTokens((each) => refused.push(each)) };
      await create('a');
      const { header } = target.session;
      open().onRequest(({ kind }) => (kind === 'read' ? { do: 'answer', status: 404, substatus: 1002 } : undefined));
      for (let count = 0; count < 2; count += 1) {
        await expect(stored('a')).rejects.toMatchObject({ code: 404, substatus: 1002 });
      }
      expect(sent()).toBe(header);
      expect(refused).toHaveLength(2);
    });
  });
}

function etagOf({ headers }: TransportAnswer): string {
  expect(headers.etag).toEqual(expect.stringMatching(/./));
  return String(headers.etag);
}

const resultsOf = ({ body }: TransportAnswer): { statusCode: number; eTag?: string }[] => JSON.parse(body.text);

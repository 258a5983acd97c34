import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type AppTelemetry, appTelemetry } from '../../src/app-telemetry';
import type { SpanStart } from '../../src/ports/telemetry';
import { attend } from '../../src/runtime/processor';
import { METRICS } from '../../src/runtime/telemetry';
import { Secret } from '../../src/schema/secret';
import { CONVERSATION, createPipeline } from '../runtime/pipeline';
import { postTo } from '../runtime/posting';
import { selfSigned } from '../support/self-signed';

/* The exporters for Azure Monitor, against a server that takes what its ingestion takes. */

interface Envelope {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly data: { readonly baseData: Readonly<Record<string, unknown>> };
}

const EXPORTER = '@azure/monitor-opentelemetry-exporter';
const envelopes: Envelope[] = [];
const loaded: string[] = [];
const atTheEnd: (() => Promise<void>)[] = [];
const authorities = tls.getCACertificates();
let server: Server;
let refuses = false;
let watching: AppTelemetry;

beforeAll(async () => {
  process.env.APPLICATION_INSIGHTS_NO_STATSBEAT = '1';
  jest.doMock(EXPORTER, () => {
    loaded.push(EXPORTER);
    return jest.requireActual(EXPORTER);
  });
  tls.setDefaultCACertificates([...authorities, selfSigned.cert]);
  server = createServer(selfSigned, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
    const got = (
      text.startsWith('[') ? JSON.parse(text) : text.split('\n').map((line) => JSON.parse(line))
    ) as Envelope[];
    if (refuses) return void response.writeHead(403).end();
    envelopes.push(...got);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ itemsReceived: got.length, itemsAccepted: got.length, errors: [] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  watching = start();
});

function start(sampling = 1): AppTelemetry {
  const endpoint = `https://localhost:${(server.address() as AddressInfo).port}/`;
  const key = '00000000-0000-4000-8000-000000000000';
  const connectionString = new Secret(`InstrumentationKey=${key};IngestionEndpoint=${endpoint}`);
  const role = { name: 'my-bot', instance: 'i-1' };
  return appTelemetry({}, { connectionString, sampling, role }, undefined, (flush) => void atTheEnd.push(flush));
}

afterAll(async () => {
  await watching.close();
  tls.setDefaultCACertificates(authorities);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('traces, metrics and logs arrive, as one operation, under the name of the app', async () => {
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const { log, telemetry } = watching;
  await telemetry.span(
    'turnwise.turn',
    { kind: 'server', parent, attributes: { 'turnwise.attempt': 1 } },
    async (span) => {
      span.set({ 'turnwise.outcome': 'committed' });
      log.event('info', 'committed', { conversation: 'test/c-1', turn: 1 });
    },
  );
  telemetry.measure(METRICS.overdue, 3);
  expect(loaded).toEqual([]);
  expect(atTheEnd).toHaveLength(1);
  await atTheEnd[0]?.();
  expect(loaded).toEqual([EXPORTER]);
  const ofKind = (kind: string): Envelope[] => envelopes.filter(({ name }) => name.endsWith(kind));
  const [request] = ofKind('Request');
  expect(request?.data.baseData).toMatchObject({
    name: 'turnwise.turn',
    properties: { 'turnwise.attempt': '1', 'turnwise.outcome': 'committed' },
  });
  const [line] = ofKind('Message');
  expect(line?.data.baseData).toMatchObject({
    message: 'turnwise committed conversation=test/c-1 turn=1',
    properties: { conversation: 'test/c-1' },
  });
  for (const envelope of [request, line]) {
    expect(envelope?.tags).toMatchObject({
      'ai.operation.id': '0af7651916cd43dd8448eb211c80319c',
      'ai.cloud.role': 'my-bot',
    });
  }
  const metrics = ofKind('Metric').flatMap(({ data }) => data.baseData.metrics as { name: string; value: number }[]);
  expect(metrics).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: 'turnwise.overdue', value: 3 }),
      expect.objectContaining({ name: 'turnwise.turns', value: 1 }),
    ]),
  );
});

async function unregister(): Promise<void> {
  const { context, metrics, trace } = await import('@opentelemetry/api');
  for (const api of [context, metrics, trace]) api.disable();
}

describe('what is sampled', () => {
  const CHOSEN = '00000000000000000000000000000001';
  const parent = (flags: string): string => `00-${CHOSEN}-b7ad6b7169203331-${flags}`;

  /** The number of spans that are sent of so many that begin alike. */
  async function sent(sampling: number, begin: SpanStart, spans: number): Promise<number> {
    await unregister();
    const from = envelopes.length;
    const { close, telemetry } = start(sampling);
    for (let each = 0; each < spans; each += 1) {
      // What goes on inside belongs to it.
      await telemetry.span('outer', begin, () => telemetry.span('inner', {}, async () => undefined));
    }
    await close();
    const names = envelopes.slice(from).flatMap(({ data: { baseData } }) => (baseData.name ? [baseData.name] : []));
    const [outer, inner] = ['outer', 'inner'].map((name) => names.filter((each) => each === name).length);
    expect(inner).toBe(outer);
    return outer ?? 0;
  }

  test.each([
    ['a caller does not have its trace sent', 0, { parent: parent('01'), parentOfCaller: true }, 0],
    ['nor keep it from being sent', 1, { parent: parent('00'), parentOfCaller: true }, 3],
    ['what this app has begun to send goes on', 0, { parent: parent('01') }, 3],
    ['and what it has left out stays out', 1, { parent: parent('00') }, 0],
    ['without a parent the setting decides', 0, {}, 0],
  ] as const)('%s', async (_what, sampling, begin, expected) => {
    expect(await sent(sampling, begin, 3)).toBe(expected);
  });

  test.each([
    [0, '01', 0],
    [1, '00', 8],
  ])('of a message, at %s, when its caller says %s: everything or nothing', async (sampling, flags, expected) => {
    await unregister();
    const from = envelopes.length;
    const { close, telemetry } = start(sampling);
    const pipeline = createPipeline({ holdRepliesMs: 0 });
    const runtime = { ...pipeline.worker(async (turn) => void (await turn.sendActivity('hi'))), telemetry };
    expect(await postTo(runtime, { type: 'message' }, parent(flags))).toEqual({ status: 200 });
    await attend(runtime, CONVERSATION);
    await close();
    const spans = envelopes.slice(from).filter(({ name }) => /Request$|RemoteDependency$/.test(name));
    expect(pipeline.sent).toEqual(['hi']);
    expect(spans).toHaveLength(expected);
  });

  test('a caller does not decide by the id that it chooses', async () => {
    const of64 = await sent(0.5, { parent: parent('01'), parentOfCaller: true }, 64);
    expect(of64).toBeGreaterThan(0);
    expect(of64).toBeLessThan(64);
  });
});

test('what is refused is said on the console, once', async () => {
  await unregister();
  refuses = true;
  const warned = jest.spyOn(console, 'error').mockReturnValue(undefined);
  try {
    const other = start();
    await other.telemetry.span('turnwise.turn', {}, async () => undefined);
    other.telemetry.measure(METRICS.overdue, 1);
    await other.close();
    expect(warned.mock.calls).toEqual([['turnwise telemetryLost']]);
  } finally {
    warned.mockRestore();
  }
});

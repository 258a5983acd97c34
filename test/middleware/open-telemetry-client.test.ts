import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { TurnAdapter } from '../../src/bot/turn-adapter';
import { Severity } from '../../src/middleware/bot-telemetry-client';
import { OpenTelemetryClient } from '../../src/middleware/open-telemetry-client';
import { TelemetryLoggerMiddleware } from '../../src/middleware/telemetry-logger-middleware';
import { MemoryTurn } from '../support/memory-turn';
import { runBot } from '../support/run-bot';

const exporter = new InMemorySpanExporter();
const client = new OpenTelemetryClient();

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
});
beforeEach(() => exporter.reset());
afterAll(() => {
  trace.disable();
  context.disable();
});

/** Runs it inside a span, and answers what that span has of it. */
async function insideSpan(run: () => unknown) {
  const tracer = trace.getTracer('test');
  await tracer.startActiveSpan('turn', async (span) => {
    await run();
    span.end();
  });
  const [span] = exporter.getFinishedSpans();
  return { events: span?.events.map(({ name, attributes = {} }) => [name, attributes]), status: span?.status.code };
}

const finished = () => exporter.getFinishedSpans().map(({ name, attributes }) => [name, attributes]);

describe('what happens', () => {
  test('is an event of the active span', async () => {
    const { events } = await insideSpan(() => {
      client.trackEvent({ name: 'e', properties: { a: 'b', n: 1, list: [1], none: undefined }, metrics: { m: 2 } });
      client.trackPageView({ name: 'dialog', properties: { id: 'x' } });
      client.trackTrace({ message: 'line', severityLevel: Severity.Warning });
    });
    expect(events).toEqual([
      ['e', { a: 'b', n: 1, list: '[1]', m: 2 }],
      ['dialog', { id: 'x' }],
      ['line', { severity: 'Warning' }],
    ]);
  });

  test('is a span where none is active', () => {
    client.trackEvent({ name: 'e', properties: { a: 'b' } });
    client.trackTrace({ message: 'line' });
    expect(finished()).toEqual([
      ['e', { a: 'b' }],
      ['line', {}],
    ]);
  });
});

describe('an error', () => {
  const exception = { exception: new RangeError('wrong'), properties: { p: 'q' }, severityLevel: Severity.Error };

  test('marks the active span', async () => {
    const { events, status } = await insideSpan(() => client.trackException({ ...exception, handledAt: 'here' }));
    expect(events).toMatchObject([
      ['exception', { 'exception.type': 'RangeError', 'exception.message': 'wrong' }],
      ['exception.details', { p: 'q', handledAt: 'here', severity: 'Error' }],
    ]);
    expect(status).toBe(SpanStatusCode.ERROR);
  });

  test('has a span of its own otherwise', () => {
    client.trackException({ exception: new RangeError('wrong') });
    const [span] = exporter.getFinishedSpans();
    expect([span?.name, span?.status.code, span?.events.length]).toEqual(['RangeError', SpanStatusCode.ERROR, 1]);
  });
});

test('a call to something else is a span as long as it took', () => {
  const call = { dependencyTypeName: 'HTTP', target: 't', name: 'n', data: 'd', duration: 250, resultCode: 500 };
  client.trackDependency({ ...call, success: false });
  client.trackDependency({ ...call, success: true });
  const [failed, passed] = exporter.getFinishedSpans();
  expect(failed?.kind).toBe(SpanKind.CLIENT);
  expect(failed?.attributes).toEqual({
    ...{ 'dependency.type': 'HTTP', target: 't', data: 'd' },
    ...{ resultCode: 500, success: false },
  });
  expect([failed?.status.code, passed?.status.code]).toEqual([SpanStatusCode.ERROR, SpanStatusCode.UNSET]);
  expect((failed?.duration[0] ?? 0) * 1000 + (failed?.duration[1] ?? 0) / 1e6).toBeCloseTo(250, 0);
});

test('a tracer can be given', () => {
  const own = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(own)] });
  new OpenTelemetryClient(provider.getTracer('mine')).trackEvent({ name: 'e' });
  expect(own.getFinishedSpans().map(({ instrumentationScope }) => instrumentationScope.name)).toEqual(['mine']);
  expect(finished()).toEqual([]);
});

test('the activities of a turn are events of its span, without what people write', async () => {
  const adapter = new TurnAdapter().use(new TelemetryLoggerMiddleware(client));
  const { events } = await insideSpan(() =>
    runBot((turn) => turn.sendActivity('secret'), { text: 'secret' }, new MemoryTurn(), adapter),
  );
  expect(events?.map(([name]) => name)).toEqual(['BotMessageReceived', 'BotMessageSend']);
  expect(events?.[0]?.[1]).toMatchObject({ conversationId: 'c-1', fromId: 'user-1', type: 'message' });
  expect(JSON.stringify(events)).not.toContain('secret');
});

test('without anything registered nothing happens', () => {
  trace.disable();
  client.trackEvent({ name: 'e' });
  client.trackException({ exception: new Error('x') });
  client.flush();
  expect(finished()).toEqual([]);
});

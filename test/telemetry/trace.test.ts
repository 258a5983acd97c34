import { beforeEach, describe, expect, test } from '@jest/globals';
import { context, SpanKind, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { EndpointResponse } from '../../src/ports/endpoint';
import type { InboundAuth } from '../../src/ports/inbound-auth';
import { receive } from '../../src/runtime/ingress';
import { attend } from '../../src/runtime/processor';
import type { Runtime } from '../../src/runtime/runtime';
import { openTelemetry } from '../../src/telemetry/open-telemetry';
import { CONVERSATION, createPipeline, type Pipeline } from '../runtime/pipeline';
import { collectTelemetry, outcomeOf } from './collected';

/* What a trace shows of turns, with the SDK of OpenTelemetry and two workers that share nothing but a store. */

const collected = collectTelemetry();
const INCOMING = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const TRACE_ID = INCOMING.slice(3, 35);

const everybody: InboundAuth = {
  mode: 'test',
  authenticate: async () => ({ ok: true, admit: ({ serviceUrl }) => ({ ok: true, pinned: { serviceUrl } }) }),
};

let pipeline: Pipeline;
beforeEach(() => {
  collected.reset();
  pipeline = createPipeline({ holdRepliesMs: 0 });
});

const watched = (runtime: Runtime): Runtime => ({ ...runtime, telemetry: openTelemetry() });

function post(runtime: Runtime, different: object = {}, traceparent?: string): Promise<EndpointResponse> {
  const activity = {
    type: 'message',
    id: 'a',
    channelId: 'test',
    serviceUrl: 'https://channel.example/',
    from: { id: 'user-1' },
    recipient: { id: 'bot-1' },
    conversation: { id: 'c-1' },
    text: 'hello',
    ...different,
  };
  return receive(runtime, everybody, {
    headers: { 'content-type': 'application/json' },
    traceparent,
    body: async () => Buffer.from(JSON.stringify(activity)),
  });
}

const named = (name: string): ReadableSpan[] => collected.spans().filter((span) => span.name === `turnwise.${name}`);
const one = (name: string): ReadableSpan => {
  const [span, ...more] = named(name);
  if (span === undefined || more.length > 0) throw new Error(`${more.length + (span ? 1 : 0)} spans ${name}`);
  return span;
};
const parentOf = (name: string): string | undefined =>
  collected.spans().find((span) => span.spanContext().spanId === one(name).parentSpanContext?.spanId)?.name;

describe('a message', () => {
  test('is one trace from the request to the reply, across workers', async () => {
    const front = watched(pipeline.worker(() => Promise.reject(new Error('Not here.'))));
    const back = watched(pipeline.worker(async (turn) => void (await turn.sendActivity('hi'))));
    expect((await post(front, {}, INCOMING)).status).toBe(200);
    await attend(back, CONVERSATION);
    expect(pipeline.sent).toEqual(['hi']);
    const spans = collected.spans();
    expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([TRACE_ID]));
    expect(spans.map(({ name }) => name).sort()).toEqual([
      'turnwise.accept',
      'turnwise.acquire',
      'turnwise.commit',
      'turnwise.deliver',
      'turnwise.handler',
      'turnwise.receive',
      'turnwise.turn',
      'turnwise.wait',
    ]);
    expect(one('receive').parentSpanContext?.spanId).toBe(INCOMING.slice(36, 52));
    expect(['accept', 'wait', 'acquire', 'turn', 'handler', 'commit', 'deliver'].map(parentOf)).toEqual([
      'turnwise.receive',
      'turnwise.accept',
      'turnwise.accept',
      'turnwise.accept',
      'turnwise.turn',
      'turnwise.turn',
      'turnwise.commit',
    ]);
    expect(['accept', 'acquire', 'turn', 'commit', 'deliver'].map((name) => outcomeOf(one(name)))).toEqual([
      'accepted',
      'acquired',
      'committed',
      'held',
      'delivered',
    ]);
    expect(one('receive').kind).toBe(SpanKind.SERVER);
    expect(one('receive').attributes['turnwise.status']).toBe(200);
  });

  test('has the time it waited, and each stage is a part of it', async () => {
    const runtime = watched(pipeline.worker(async () => undefined));
    await post(runtime);
    await pipeline.pass(3_000);
    await attend(runtime, CONVERSATION);
    const [seconds] = one('wait').duration;
    expect(seconds).toBe(3);
  });

  test("carries its author's own spans, inside the handler", async () => {
    const runtime = watched(
      pipeline.worker(async () => {
        trace.getTracer('author').startSpan('look something up').end();
      }),
    );
    await post(runtime, {}, INCOMING);
    await attend(runtime, CONVERSATION);
    const span = collected.spans().find(({ name }) => name === 'look something up');
    expect(span?.parentSpanContext?.spanId).toBe(one('handler').spanContext().spanId);
    expect(span?.spanContext().traceId).toBe(TRACE_ID);
  });

  test('goes on in its trace when an attempt fails, and the failed handler is marked, without its message', async () => {
    const runtime = watched(
      pipeline.worker(async ({ attempt }) => {
        if (attempt === 1) throw new RangeError('what the user said');
      }),
    );
    await post(runtime, {}, INCOMING);
    await attend(runtime, CONVERSATION);
    await pipeline.pass(2_000);
    await attend(runtime, CONVERSATION);
    expect(named('turn').map((span) => [outcomeOf(span), span.attributes['turnwise.attempt']])).toEqual([
      ['failed', 1],
      ['committed', 2],
    ]);
    const [failed] = named('handler');
    expect(failed?.attributes['turnwise.code']).toBe('RangeError');
    expect(failed?.status).toEqual({ code: 2 });
    expect(failed?.events).toEqual([]);
    expect(named('wait')).toHaveLength(1);
    expect(new Set(collected.spans().map((span) => span.spanContext().traceId))).toEqual(new Set([TRACE_ID]));
  });

  test('that is replayed from the dead letters goes on in its trace', async () => {
    const fatal = Object.assign(new Error('no'), { retry: false });
    await post(watched(pipeline.worker(async () => undefined)), {}, INCOMING);
    await attend(watched(pipeline.worker(() => Promise.reject(fatal))), CONVERSATION);
    expect(outcomeOf(one('turn'))).toBe('dead');
    const [letter] = await pipeline.store.deadLetters.list(1);
    await pipeline.store.deadLetters.requeue(CONVERSATION, letter?.id ?? '');
    collected.reset();
    await attend(watched(pipeline.worker(async () => undefined)), CONVERSATION);
    expect(one('turn').spanContext().traceId).toBe(TRACE_ID);
  });
});

test('a reply that another worker delivers later is delivered in the trace of its turn', async () => {
  const runtime = watched(pipeline.worker(async (turn) => void (await turn.sendActivity('hi'))));
  pipeline.answers.push({ outcome: 'notSent', reason: '429', status: 429 });
  await post(runtime, {}, INCOMING);
  await attend(runtime, CONVERSATION);
  await pipeline.pass(2_000);
  await attend(watched(pipeline.worker(async () => undefined)), CONVERSATION);
  expect(named('deliver').map((span) => [outcomeOf(span), span.attributes['turnwise.status']])).toEqual([
    ['notSent', 429],
    ['delivered', undefined],
  ]);
  expect(named('deliver').map((span) => span.spanContext().traceId)).toEqual([TRACE_ID, TRACE_ID]);
});

test('a reply that is flushed is delivered in the trace of its turn', async () => {
  const runtime = watched(
    pipeline.worker(async (turn) => {
      await turn.sendActivity('one moment');
      await turn.flush();
    }),
  );
  await post(runtime, {}, INCOMING);
  await attend(runtime, CONVERSATION);
  expect(named('commit').map(outcomeOf)).toEqual(['flushed', 'released']);
  expect(one('deliver').spanContext().traceId).toBe(TRACE_ID);
});

test('an invoke is one trace, with its handler and its commit inside the request', async () => {
  const runtime = watched(pipeline.worker(async () => undefined));
  expect((await post(runtime, { type: 'invoke', name: 'x' }, INCOMING)).status).toBe(501);
  expect(['handler', 'commit'].map(parentOf)).toEqual(['turnwise.receive', 'turnwise.receive']);
});

test('the invocation that a bell started is linked to', async () => {
  const runtime = watched(pipeline.worker(async () => undefined));
  await post(runtime, {}, INCOMING);
  await trace.getTracer('host').startActiveSpan('turns', async (invocation) => {
    await attend(runtime, CONVERSATION);
    invocation.end();
  });
  const invocation = collected.spans().find(({ name }) => name === 'turns');
  expect(one('turn').links.map(({ context: linked }) => linked.spanId)).toEqual([invocation?.spanContext().spanId]);
  expect(one('turn').spanContext().traceId).toBe(TRACE_ID);
});

test.each([
  'nonsense',
  '00-00000000000000000000000000000000-b7ad6b7169203331-01',
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more',
  `${INCOMING}\r\nx: y`,
])('a traceparent that is none begins a trace of its own: %j', async (traceparent) => {
  await post(watched(pipeline.worker(async () => undefined)), {}, traceparent);
  expect(one('receive').parentSpanContext).toBeUndefined();
  expect((await pipeline.head()).pend[0]?.trace).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-01$/);
});

test('without telemetry nothing of it is in the record', async () => {
  const runtime = pipeline.worker(async (turn) => void (await turn.sendActivity('hi')));
  await post(runtime, {}, INCOMING);
  const before = await pipeline.head();
  pipeline.answers.push({ outcome: 'notSent', reason: '429' });
  await attend(runtime, CONVERSATION);
  const after = await pipeline.head();
  expect(JSON.stringify([before, after])).not.toContain('trace');
  expect(after.out).toHaveLength(1);
});

test('an SDK that throws costs its span, and no turn', async () => {
  const broken = {
    getTracer: () => ({
      startSpan() {
        throw new Error('broken');
      },
    }),
  };
  const provider = trace.getTracerProvider();
  trace.disable();
  trace.setGlobalTracerProvider(broken as unknown as typeof provider);
  try {
    const runtime = watched(pipeline.worker(async (turn) => void (await turn.sendActivity('hi'))));
    expect((await post(runtime)).status).toBe(200);
    await attend(runtime, CONVERSATION);
    expect(pipeline.sent).toEqual(['hi']);
    expect(trace.getSpan(context.active())).toBeUndefined();
  } finally {
    trace.disable();
    trace.setGlobalTracerProvider(provider);
  }
});

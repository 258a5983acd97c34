import {
  type Context,
  context,
  type Link,
  type Meter,
  type MeterProvider,
  metrics,
  type Span as OtelSpan,
  ProxyTracerProvider,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Attributes, Metric, Span, SpanStart, Telemetry } from '../ports/telemetry';
import { parseTraceparent, traceparentOf, withOwnParent } from './traceparent';

/** Under which traces, metrics and logs of this library are known. */
export const SCOPE = 'turnwise';

const KINDS = {
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  client: SpanKind.CLIENT,
} as const satisfies Record<NonNullable<SpanStart['kind']>, SpanKind>;

const UNTRACED: Span = { traceparent: undefined, set: () => undefined };

/**
 * Telemetry through the OpenTelemetry API: it goes to whatever SDK the process has registered, and nowhere when it has none, at next to no
 * cost. What an SDK throws costs its span or its value, and nothing else.
 */
export function openTelemetry(): Telemetry {
  const instruments = new Instruments();
  return {
    span(name, start, run) {
      const begun = attempt(() => {
        const tracer = registeredTracer();
        return tracer === undefined ? undefined : begin(tracer, name, start);
      });
      return begun === undefined ? run(UNTRACED) : context.with(begun.within, () => runWithin(begun.span, run));
    },
    passed(name, start, ms) {
      attempt(() => {
        const tracer = registeredTracer();
        if (tracer === undefined) return;
        const now = Date.now();
        begin(tracer, name, start, { startTime: now - ms }).span.end(now);
      });
    },
    measure(metric, value, attributes = {}) {
      attempt(() => instruments.of(metric)(value, attributes));
    },
  };
}

async function runWithin<T>(span: OtelSpan, run: (span: Span) => Promise<T>): Promise<T> {
  try {
    return await run({
      traceparent: traceparentOf(span.spanContext()),
      set: (attributes) => void attempt(() => span.setAttributes(attributes)),
    });
  } catch (error) {
    // Without a message: that of an error may quote a user.
    attempt(() => span.setStatus({ code: SpanStatusCode.ERROR }));
    throw error;
  } finally {
    attempt(() => span.end());
  }
}

/** The tracer of whatever SDK is registered by now; without one there is nothing to begin. */
function registeredTracer(): Tracer | undefined {
  const provider = trace.getTracerProvider();
  return provider instanceof ProxyTracerProvider ? provider.getDelegateTracer(SCOPE) : provider.getTracer(SCOPE);
}

function begin(
  tracer: Tracer,
  name: string,
  { attributes, kind, parent, parentOfCaller }: SpanStart,
  more: SpanOptions = {},
): { readonly span: OtelSpan; readonly within: Context } {
  const active = context.active();
  const remote = parent === undefined ? undefined : parseTraceparent(parent);
  const around = remote === undefined ? active : trace.setSpanContext(active, remote);
  const options: SpanOptions = {
    ...more,
    ...(kind === undefined ? {} : { kind: KINDS[kind] }),
    ...(attributes === undefined ? {} : { attributes }),
    links: remote === undefined ? [] : linksTo(active, remote.traceId),
  };
  const isOwn = remote !== undefined && parentOfCaller === undefined;
  const span = tracer.startSpan(name, options, isOwn ? withOwnParent(around) : around);
  return { span, within: trace.setSpan(around, span) };
}

/** What runs in a trace of its own, such as the invocation that a queue message started, is linked to and not left. */
function linksTo(active: Context, traceId: string): Link[] {
  const other = trace.getSpanContext(active);
  return other === undefined || other.traceId === traceId ? [] : [{ context: other }];
}

type Recorder = (value: number, attributes: Attributes) => void;

/** Made once for each provider: one that is registered later takes over from the one that drops everything. */
class Instruments {
  private provider: MeterProvider | undefined;
  private readonly known = new Map<string, Recorder>();

  of(metric: Metric): Recorder {
    const provider = metrics.getMeterProvider();
    if (provider !== this.provider) {
      this.provider = provider;
      this.known.clear();
    }
    const known = this.known.get(metric.name);
    if (known !== undefined) return known;
    const made = instrument(provider.getMeter(SCOPE), metric);
    this.known.set(metric.name, made);
    return made;
  }
}

/** Seconds, from the quickest write to the longest run of a handler. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

function instrument(meter: Meter, { description, kind, name, unit }: Metric): Recorder {
  switch (kind) {
    case 'counter': {
      const counter = meter.createCounter(name, { description, unit });
      return (value, attributes) => counter.add(value, attributes);
    }
    case 'gauge': {
      const gauge = meter.createGauge(name, { description, unit });
      return (value, attributes) => gauge.record(value, attributes);
    }
    case 'histogram': {
      const advice = { explicitBucketBoundaries: SECONDS };
      const histogram = meter.createHistogram(name, { description, unit, advice });
      return (value, attributes) => histogram.record(value, attributes);
    }
  }
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined; // Whoever is watched must not be told.
  }
}

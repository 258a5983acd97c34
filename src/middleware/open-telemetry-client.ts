import { type Attributes, context, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import {
  type BotPageViewTelemetryClient,
  type BotTelemetryClient,
  Severity,
  type TelemetryDependency,
  type TelemetryEvent,
  type TelemetryException,
  type TelemetryPageView,
  type TelemetryTrace,
} from './bot-telemetry-client';

/**
 * Sends a bot's telemetry to OpenTelemetry: what happens becomes an event of the span that is active, so that it is found with the turn that it
 * belongs to; a span of its own, without duration, where none is. A call to something else becomes a span. Where it all goes is decided by
 * whatever the process has registered with `@opentelemetry/api`; without that it goes nowhere.
 *
 * ```ts
 * adapter.use(new TelemetryLoggerMiddleware(new OpenTelemetryClient()));
 * ```
 */
export class OpenTelemetryClient implements BotTelemetryClient, BotPageViewTelemetryClient {
  /** @param given for spans of a name or version of one's own; that of `turnwise.bot` otherwise */
  constructor(private readonly given?: Tracer) {}

  trackEvent({ name, properties, metrics }: TelemetryEvent): void {
    this.note(name, { ...attributesOf(properties), ...metrics });
  }

  trackPageView({ name, properties, metrics }: TelemetryPageView): void {
    this.note(name, { ...properties, ...metrics });
  }

  trackTrace({ message, properties, severityLevel }: TelemetryTrace): void {
    this.note(message, { ...properties, ...severity(severityLevel) });
  }

  trackException({ exception, handledAt, properties, measurements, severityLevel }: TelemetryException): void {
    const handled = handledAt === undefined ? {} : { handledAt };
    const attributes = { ...properties, ...measurements, ...handled, ...severity(severityLevel) };
    this.within(exception.name, (span) => {
      // The attributes are those of one exception, and an active span may see several: they belong to an event.
      span.recordException(exception);
      if (Object.keys(attributes).length > 0) span.addEvent('exception.details', attributes);
      span.setStatus({ code: SpanStatusCode.ERROR });
    });
  }

  /** As a span that ends now. */
  trackDependency(dependency: TelemetryDependency): void {
    const { data, dependencyTypeName, duration, name, resultCode, success, target } = dependency;
    const end = Date.now();
    const span = this.tracer.startSpan(name, {
      kind: SpanKind.CLIENT,
      startTime: end - duration,
      attributes: { 'dependency.type': dependencyTypeName, target, data, resultCode, success },
    });
    if (!success) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(end);
  }

  /** Nothing waits here: what has been registered sends in its own time. */
  flush(): void {}

  private get tracer(): Tracer {
    // Asked for at each use: a provider may be registered after the bot was made.
    return this.given ?? trace.getTracer('turnwise.bot');
  }

  private note(name: string, attributes: Attributes): void {
    const active = activeSpan();
    if (active !== undefined) active.addEvent(name, attributes);
    else this.tracer.startSpan(name, { attributes }).end();
  }

  private within(name: string, record: (span: Span) => void): void {
    const active = activeSpan();
    const span = active ?? this.tracer.startSpan(name);
    record(span);
    if (active === undefined) span.end();
  }
}

function activeSpan(): Span | undefined {
  const active = trace.getSpan(context.active());
  return active?.isRecording() ? active : undefined;
}

function severity(level: Severity | undefined): Attributes {
  const name = Object.entries(Severity).find(([, value]) => value === level)?.[0];
  return name === undefined ? {} : { severity: name };
}

/** Attributes are texts, numbers and truth values; anything else is shown as JSON. */
function attributesOf(properties: Readonly<Record<string, unknown>> = {}): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    attributes[name] = isPlain ? value : JSON.stringify(value);
  }
  return attributes;
}

/**
 * What may be said of a span, or of a measured value: ids, counts, durations and codes, under the names of `src/runtime/telemetry.ts`.
 * Never message text, names, tokens or state.
 */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/**
 * Where a trace goes on, as the W3C's `traceparent` header says it: 55 characters. It is what the record keeps beside an activity and an
 * effect, so that whoever goes on with them, on any machine and at any time, goes on in the same trace.
 */
export type Traceparent = string;

/** Something that is going on, as one span of a trace. */
export interface Span {
  /** For whoever goes on from here; `undefined` when nothing is traced. */
  readonly traceparent: Traceparent | undefined;
  set(attributes: Attributes): void;
}

/** How a span begins. */
export interface SpanStart {
  readonly kind?: 'server' | 'producer' | 'client';
  /** What it belongs to, when that is not what is going on in this process. */
  readonly parent?: Traceparent | undefined;
  /** Present when a caller named the parent, which nothing has authenticated. It decides the trace, and not whether the trace is sampled. */
  readonly parentOfCaller?: true;
  readonly attributes?: Attributes;
}

/** A value that is watched. */
export interface Metric {
  readonly name: string;
  /** A `histogram` is for durations and sizes, a `counter` is added to, a `gauge` is what it is until it is said again. */
  readonly kind: 'histogram' | 'counter' | 'gauge';
  /** As UCUM writes it: `s`, `{turn}`. */
  readonly unit: string;
  readonly description: string;
}

/**
 * Where traces and metrics go. Watching changes nothing: no method throws by itself, waits for anything, or fails what it watches.
 */
export interface Telemetry {
  /** Runs something within a span. What `run` begins meanwhile belongs to it. @throws what `run` throws, which the span says of itself */
  span<T>(name: string, start: SpanStart, run: (span: Span) => Promise<T>): Promise<T>;
  /** A span of something that is over, and took so many ms until now. */
  passed(name: string, start: SpanStart, ms: number): void;
  measure(metric: Metric, value: number, attributes?: Attributes): void;
}

import { type Context, createContextKey, isSpanContextValid, type SpanContext, TraceFlags } from '@opentelemetry/api';
import type { Traceparent } from '../ports/telemetry';

const PATTERN = /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/;

/** Reads a `traceparent` of the W3C's version 00; `undefined` for anything else. */
export function parseTraceparent(text: string): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = ''] = PATTERN.exec(text) ?? [];
  const parsed = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
  return isSpanContextValid(parsed) ? parsed : undefined;
}

/** Writes one; `undefined` for the context of a span that nobody records. */
export function traceparentOf(span: SpanContext): Traceparent | undefined {
  if (!isSpanContextValid(span)) return undefined;
  const sampled = (span.traceFlags & TraceFlags.SAMPLED) === TraceFlags.SAMPLED;
  return `00-${span.traceId}-${span.spanId}-${sampled ? '01' : '00'}`;
}

const OWN_PARENT = createContextKey('turnwise.ownParent');

/** Returns the context in which a span begins whose parent this app recorded itself. */
export function withOwnParent(context: Context): Context {
  return context.setValue(OWN_PARENT, true);
}

/** Returns whether the parent in a span's context was recorded by this app, and so sampled or left out by its own decision. */
export function hasOwnParent(context: Context): boolean {
  return context.getValue(OWN_PARENT) === true;
}

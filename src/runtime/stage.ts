import type { Span, SpanStart } from '../ports/telemetry';
import { errorName, type Runtime } from './runtime';
import { durationOf, type OwnAttributes, own, type Stage } from './telemetry';

/** What a stage belongs to, and what is known of it when it begins. */
export interface StageStart extends Omit<SpanStart, 'attributes'> {
  readonly attributes?: OwnAttributes;
}

/** A stage that is going on. */
export interface StageSpan extends Pick<Span, 'traceparent'> {
  set(attributes: OwnAttributes): void;
}

const UNWATCHED: StageSpan = { traceparent: undefined, set: () => undefined };

/** What the metric of a stage may tell apart: few values each, so that a metric stays one. */
const OF_METRICS = ['turnwise.outcome', 'turnwise.code', 'turnwise.status'] as const;

/**
 * Runs a stage of a turn within a span, and measures how long it takes. Without telemetry it runs it, and nothing else.
 * @throws what `run` throws
 */
export function stage<T>(
  { clock, telemetry }: Pick<Runtime, 'clock' | 'telemetry'>,
  name: Stage,
  start: StageStart,
  run: (span: StageSpan) => Promise<T>,
): Promise<T> {
  if (telemetry === undefined) return run(UNWATCHED);
  const from = clock.monotonic();
  const { attributes, ...how } = start;
  const begin: SpanStart = { ...how, ...(attributes === undefined ? {} : { attributes: own(attributes) }) };
  return telemetry.span(spanName(name), begin, async (span) => {
    let told: OwnAttributes = {};
    const set = (more: OwnAttributes): void => {
      told = { ...told, ...more };
      span.set(own(more));
    };
    try {
      return await run({ traceparent: span.traceparent, set });
    } catch (error) {
      set({ 'turnwise.outcome': 'failed', 'turnwise.code': errorName(error) });
      throw error;
    } finally {
      telemetry.measure(durationOf(name), (clock.monotonic() - from) / 1000, forMetric(told));
    }
  });
}

/** As {@link stage}, for one that is over and took so many ms; it has a span where it is known what it belongs to. */
export function stagePassed(
  { telemetry }: Pick<Runtime, 'telemetry'>,
  name: Stage,
  { attributes = {}, ...how }: StageStart,
  ms: number,
): void {
  if (telemetry === undefined) return;
  telemetry.measure(durationOf(name), ms / 1000, forMetric(attributes));
  if (how.parent !== undefined) telemetry.passed(spanName(name), { ...how, attributes: own(attributes) }, ms);
}

/** What is recorded (an activity, an effect), with the trace that whoever goes on with it goes on in. */
export function traced<T extends object>(recorded: T, { traceparent }: Pick<Span, 'traceparent'>): T {
  return traceparent === undefined ? recorded : { ...recorded, trace: traceparent };
}

/** The name of a stage's span. */
export const spanName = (name: Stage): string => `turnwise.${name}`;

function forMetric(attributes: OwnAttributes): ReturnType<typeof own> {
  const kept: { -readonly [Name in keyof OwnAttributes]: OwnAttributes[Name] } = {};
  for (const name of OF_METRICS) {
    const value = attributes[name];
    if (value !== undefined) kept[name] = value;
  }
  return own(kept);
}

import { context, metrics, trace } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

export interface Measured {
  readonly metric: string;
  readonly unit: string;
  readonly kind: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The sum of a counter, the last value of a gauge, the number of values of a histogram. */
  readonly value: number;
}

/** Everything that was traced, measured and logged in this process, by the SDK of OpenTelemetry. */
export interface Collected {
  spans(): readonly ReadableSpan[];
  metrics(): Promise<readonly Measured[]>;
  logs(): readonly ReadableLogRecord[];
  reset(): void;
}

/** Registers the SDK with exporters that keep what they are given. */
export function collectTelemetry(): Collected {
  const spanExporter = new InMemorySpanExporter();
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  const logExporter = new InMemoryLogRecordExporter();
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 3_600_000 });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spanExporter)] }));
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  logs.setGlobalLoggerProvider(
    new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: logExporter })] }),
  );
  return {
    spans: () => spanExporter.getFinishedSpans(),
    async metrics() {
      await reader.forceFlush();
      return metricExporter
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics)
        .flatMap((scope) => scope.metrics)
        .flatMap(({ dataPoints, dataPointType, descriptor }) =>
          (dataPoints as DataPoint<number | Histogram>[]).map(({ attributes, value }) => ({
            metric: descriptor.name,
            unit: descriptor.unit,
            kind: String(dataPointType),
            attributes,
            value: typeof value === 'number' ? value : value.count,
          })),
        );
    },
    logs: () => logExporter.getFinishedLogRecords(),
    reset() {
      spanExporter.reset();
      metricExporter.reset();
      logExporter.reset();
    },
  };
}

/** The attribute that says what a span came to. */
export const outcomeOf = ({ attributes }: ReadableSpan): unknown => attributes['turnwise.outcome'];

import type { AzureMonitorExporterOptions } from '@azure/monitor-opentelemetry-exporter';
import { type Context, context, metrics, trace } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import type { Sampler } from '@opentelemetry/sdk-trace-base';
import type { Secret } from '../schema/secret';
import { azureIdentity } from './identity';
import { lazyExporter } from './lazy-exporter';

/** Where traces, metrics and logs go in Azure. */
export interface AzureMonitorOptions {
  readonly connectionString: Secret;
  /** Proves who sends; without it, the connection string is enough for a resource that takes it. */
  readonly identity?: { readonly clientId?: string; readonly managed: boolean };
  /** Part of the traces that is sent, from 0 to 1. Metrics and logs are not sampled. */
  readonly sampling: number;
  /** As what the app is shown, and which of its instances this is. */
  readonly role: { readonly name: string; readonly instance?: string };
  /** Says of the context in which a span begins whether its parent was recorded by this app, on any machine. */
  readonly hasOwnParent: (context: Context) => boolean;
  /** Told of everything that could not be sent, and is lost. */
  readonly onFailure?: () => void;
}

/** What has been started. */
export interface AzureMonitor {
  /** Sends what has not been sent; recording goes on. Never rejects. */
  flush(): Promise<void>;
  /** Sends what has not been sent. For the end of the process: nothing is recorded afterwards. */
  close(): Promise<void>;
}

type PipelinePolicy = NonNullable<AzureMonitorExporterOptions['additionalPolicies']>[number]['policy'];

/** How often metrics are sent, in ms. */
const METRICS_MS = 60_000;

/**
 * Registers OpenTelemetry for this process, with exporters for Azure Monitor. An SDK that the author has registered before stays: then this
 * one hears nothing.
 *
 * The SDK is loaded here, because the first request is to be traced too. The exporters, their HTTP client and their identity, which are most of
 * it, are loaded when there is something to send, seconds later.
 */
export function startAzureMonitor(options: AzureMonitorOptions): AzureMonitor {
  const { AsyncLocalStorageContextManager } =
    require('@opentelemetry/context-async-hooks') as typeof import('@opentelemetry/context-async-hooks');
  const { resourceFromAttributes } = require('@opentelemetry/resources') as typeof import('@opentelemetry/resources');
  const tracing = require('@opentelemetry/sdk-trace-base') as typeof import('@opentelemetry/sdk-trace-base');
  const measuring = require('@opentelemetry/sdk-metrics') as typeof import('@opentelemetry/sdk-metrics');
  const logging = require('@opentelemetry/sdk-logs') as typeof import('@opentelemetry/sdk-logs');

  const { connectionString, hasOwnParent, identity, onFailure, role, sampling } = options;
  const exporters = exportersOf(connectionString, identity, onFailure);
  const resource = resourceFromAttributes({
    'service.name': role.name,
    ...(role.instance === undefined ? {} : { 'service.instance.id': role.instance }),
  });
  const root: Sampler = new tracing.TraceIdRatioBasedSampler(sampling);
  const ids = new tracing.RandomIdGenerator();
  // Callers are not authenticated yet when their trace begins here. Neither their flag nor an id that they chose may decide what is sent.
  const drawn: Sampler = {
    shouldSample: (around, _traceId, ...span) => root.shouldSample(around, ids.generateTraceId(), ...span),
    toString: () => root.toString(),
  };
  const ofOthers = new tracing.ParentBasedSampler({ root, remoteParentSampled: drawn, remoteParentNotSampled: drawn });
  // What this app recorded goes on as it was begun, also after the setting has changed.
  const ofThisApp = new tracing.ParentBasedSampler({ root });
  const sampler: Sampler = {
    shouldSample: (around, ...span) => (hasOwnParent(around) ? ofThisApp : ofOthers).shouldSample(around, ...span),
    toString: () => ofOthers.toString(),
  };
  const tracerProvider = new tracing.BasicTracerProvider({
    resource,
    sampler,
    spanProcessors: [new tracing.BatchSpanProcessor(lazyExporter(exporters.traces, onFailure))],
  });
  const { AggregationTemporality, InstrumentType } = measuring;
  const meterProvider = new measuring.MeterProvider({
    resource,
    readers: [
      new measuring.PeriodicExportingMetricReader({
        exportIntervalMillis: METRICS_MS,
        exporter: {
          ...lazyExporter(exporters.metrics, onFailure),
          // What Azure Monitor adds up itself; as its exporter says, which is not loaded yet when this is asked.
          selectAggregationTemporality: (instrument) =>
            instrument === InstrumentType.UP_DOWN_COUNTER || instrument === InstrumentType.OBSERVABLE_UP_DOWN_COUNTER
              ? AggregationTemporality.CUMULATIVE
              : AggregationTemporality.DELTA,
        },
      }),
    ],
  });
  const loggerProvider = new logging.LoggerProvider({
    resource,
    processors: [new logging.BatchLogRecordProcessor({ exporter: lazyExporter(exporters.logs, onFailure) })],
  });

  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(tracerProvider);
  metrics.setGlobalMeterProvider(meterProvider);
  logs.setGlobalLoggerProvider(loggerProvider);
  return {
    async flush() {
      const providers = [tracerProvider, meterProvider, loggerProvider];
      await Promise.allSettled(providers.map((provider) => provider.forceFlush()));
    },
    async close() {
      await Promise.allSettled([tracerProvider.shutdown(), meterProvider.shutdown(), loggerProvider.shutdown()]);
    },
  };
}

function exportersOf(
  connectionString: Secret,
  identity: AzureMonitorOptions['identity'],
  onFailure: () => void = () => undefined,
) {
  // The exporter calls it a success when what it may not send is not kept for later either.
  const watch: PipelinePolicy = {
    name: 'turnwise-watch',
    async sendRequest(request, next) {
      try {
        const response = await next(request);
        if (response.status >= 400) onFailure();
        return response;
      } catch (error) {
        onFailure();
        throw error;
      }
    },
  };
  const sdk = () =>
    require('@azure/monitor-opentelemetry-exporter') as typeof import('@azure/monitor-opentelemetry-exporter');
  const options = () => ({
    connectionString: connectionString.reveal(),
    // Telemetry does not lie about on the disk of an instance.
    disableOfflineStorage: true,
    additionalPolicies: [{ policy: watch, position: 'perCall' as const }],
    ...(identity === undefined ? {} : { credential: azureIdentity(identity) }),
  });
  return {
    traces: () => new (sdk().AzureMonitorTraceExporter)(options()),
    metrics: () => new (sdk().AzureMonitorMetricExporter)(options()),
    logs: () => new (sdk().AzureMonitorLogExporter)(options()),
  };
}

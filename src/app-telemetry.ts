import type { CosmosWatch } from './azure/cosmos-watch';
import { startAzureMonitor } from './azure/monitor';
import type { Log } from './ports/log';
import type { Telemetry } from './ports/telemetry';
import { consoleLog, eventLine } from './runtime/console-log';
import { logEvent } from './runtime/events';
import { meteredLog } from './runtime/metered-log';
import { systemClock } from './runtime/system';
import { METRICS, own } from './runtime/telemetry';
import { defined } from './schema/defined';
import type { TelemetrySettings } from './settings-telemetry';
import { type FiguresFile, figuresFile } from './telemetry/figures-file';
import { openTelemetry } from './telemetry/open-telemetry';
import { everyLog, openTelemetryLog } from './telemetry/open-telemetry-log';
import { hasOwnParent } from './telemetry/traceparent';

/** What an app watches itself with. */
export interface AppTelemetry {
  readonly telemetry: Telemetry;
  /** Events, counted on their way. */
  readonly log: Log;
  /** Sends what has not been sent. For the end of the process. */
  close(): Promise<void>;
}

/**
 * Puts together where traces, metrics and events go: to the OpenTelemetry SDK that the process has registered, if any, and to Azure Monitor
 * where the settings name it. Events go to the console as well, unless the author has a log of their own; with Azure Monitor, which has all of them,
 * only errors do: a sender that is not permitted to send must not be the only one who knows.
 *
 * @param figuresFolder where this process keeps its figures for `turnwise status`; nowhere without it
 * @param atTheEnd has what Azure Monitor has not been sent yet sent before the process ends
 */
export function appTelemetry(
  given: { readonly telemetry?: Telemetry | undefined; readonly log?: Log | undefined },
  settings: TelemetrySettings | undefined,
  figuresFolder?: string,
  atTheEnd: (flush: () => Promise<void>) => void = whenTheHostSaysGoodbye,
): AppTelemetry {
  const toConsole = consoleLog(settings === undefined ? 'info' : 'error');
  const onFailure = seldom(() => logEvent(toConsole, 'telemetryLost', {}));
  const monitor = settings === undefined ? undefined : startAzureMonitor({ ...settings, hasOwnParent, onFailure });
  if (monitor !== undefined) atTheEnd(() => monitor.flush());
  const figures = figuresFolder === undefined ? undefined : figuresFile(figuresFolder);
  const telemetry = withFigures(given.telemetry ?? openTelemetry(), figures);
  const log = given.log ?? everyLog(toConsole, openTelemetryLog(eventLine));
  return {
    telemetry,
    log: meteredLog(log, telemetry),
    async close() {
      figures?.close();
      await monitor?.close();
    },
  };
}

/** The Functions host gives an app five seconds. What is recorded meanwhile, by turns that are being finished, is sent as well if it is quick. */
function whenTheHostSaysGoodbye(flush: () => Promise<void>): void {
  const { app } = require('@azure/functions') as typeof import('@azure/functions');
  app.hook.appTerminate(flush);
}

function withFigures(telemetry: Telemetry, figures: FiguresFile | undefined): Telemetry {
  if (figures === undefined) return telemetry;
  return {
    ...telemetry,
    measure(metric, value, attributes) {
      telemetry.measure(metric, value, attributes);
      figures.measure(metric, value, attributes);
    },
  };
}

/** What cannot be sent once cannot be sent a thousand times: it is said at most this often, in ms. */
const SELDOM_MS = 600_000;

function seldom(say: () => void): () => void {
  let said = Number.NEGATIVE_INFINITY;
  return () => {
    const now = systemClock.monotonic();
    if (now - said < SELDOM_MS) return;
    said = now;
    say();
  };
}

/** Measures what is asked of Cosmos DB and what it costs, and logs what fails: never with more than codes and the service's own ids. */
export function watchCosmos({ log, telemetry }: Pick<AppTelemetry, 'log' | 'telemetry'>): CosmosWatch {
  return {
    request({ activityId, charge, container, ms, operation, outcome, status, substatus, transport }) {
      const what = { 'turnwise.operation': operation, 'turnwise.container': container };
      telemetry.measure(METRICS.storeDuration, ms / 1000, own({ ...what, 'turnwise.outcome': outcome }));
      if (charge > 0) telemetry.measure(METRICS.requestUnits, charge, own(what));
      if (outcome !== 'fault') return;
      const answer = defined({ status, substatus, activityId });
      logEvent(log, 'storeRequestFailed', { operation, container, transport, ...answer });
    },
    sessionRefused: ({ container, partition }) => logEvent(log, 'sessionRefused', { container, partition }),
    checked: ({ found, probe, transport }) => logEvent(log, found, { transport, reason: probe }),
  };
}

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

/*
 * What telemetry costs: processor time per turn, from the HTTP request to the delivered reply, on the embedded store (in memory files) and with the
 * network left out, so that what is added shows at its largest. `npm run bench:telemetry`; its own process for each round, in turns.
 */

const require = createRequire(import.meta.url);

const MODES = {
  off: 'nothing is watched',
  api: 'the API, and no SDK: what an app without settings does',
  figures: 'the same, and the figures of a development machine',
  sdk: 'the SDK: every trace, all metrics and logs, exporters that drop them',
  tenth: 'the same, a tenth of the traces',
} as const;
type Mode = keyof typeof MODES;

const ROUNDS = Number(process.env.ROUNDS ?? 7);
const TURNS = Number(process.env.TURNS ?? 3_000);
const WARM_UP = TURNS / 3;

if (process.argv[2] === undefined) compare();
else process.stdout.write(`${await measure(process.argv[2] as Mode)}\n`);

function compare(): void {
  const all = new Map<Mode, number[]>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const mode of Object.keys(MODES) as Mode[]) {
      const micros = Number(execFileSync(process.execPath, [import.meta.filename, mode], { encoding: 'utf8' }));
      all.set(mode, [...(all.get(mode) ?? []), micros]);
    }
  }
  const base = median(all.get('off') ?? []);
  for (const [mode, micros] of all) {
    const more = `${(100 * (median(micros) / base - 1)).toFixed(1)} %`;
    const line = [mode.padEnd(8), `${median(micros).toFixed(0)} µs/turn`.padStart(14), `+${more}`.padStart(9)];
    process.stdout.write(`${line.join('  ')}  ${MODES[mode]} (${micros.map(Math.round).join(', ')})\n`);
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

async function measure(mode: Mode): Promise<number> {
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = mkdtempSync(path.join(parent, 'turnwise-telemetry-'));
  try {
    if (mode === 'sdk' || mode === 'tenth') register(mode === 'sdk' ? 1 : 0.1);
    const app = start(mode, folder);
    for (let turn = 0; turn < WARM_UP; turn += 1) await oneTurn(app, turn);
    const before = process.cpuUsage();
    for (let turn = 0; turn < TURNS; turn += 1) await oneTurn(app, Math.ceil(WARM_UP) + turn);
    const { system, user } = process.cpuUsage(before);
    await app.close();
    return (system + user) / TURNS;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface App {
  messages(request: unknown): Promise<{ readonly status?: number }>;
  turns(message: unknown): Promise<void>;
  close(): Promise<void>;
}

function start(mode: Mode, folder: string): App {
  const { createBotApp } = require('../dist/src/index.js');
  let sent = 0;
  const silent = {
    span: <T>(_name: string, _start: object, run: (span: object) => T): T => run({ traceparent: undefined, set() {} }),
    passed() {},
    measure() {},
  };
  return createBotApp({
    bot: async (turn: { sendActivity(text: string): Promise<unknown> }) => void (await turn.sendActivity('reply')),
    doorbell: { ring: async () => undefined },
    connector: { deliver: async () => ({ outcome: 'delivered', id: `id-${sent++}` }) },
    auth: {
      mode: 'bench',
      authenticate: async () => ({
        ok: true,
        admit: ({ serviceUrl }: { serviceUrl: string }) => ({ ok: true, pinned: { serviceUrl } }),
      }),
    },
    // A console costs what it costs with and without telemetry.
    log: mode === 'sdk' || mode === 'tenth' ? recordedLog() : { event() {} },
    ...(mode === 'off' ? { telemetry: silent } : {}),
    environment: {
      AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
      TURNWISE_STORE: 'sqlite',
      TURNWISE_DATA: folder,
      AzureWebJobsStorage: 'UseDevelopmentStorage=true',
    },
    ...(mode === 'figures' ? {} : withoutFigures(folder)),
  });
}

function recordedLog(): object {
  const { openTelemetryLog } = require('../dist/src/telemetry/open-telemetry-log.js');
  const { eventLine } = require('../dist/src/runtime/console-log.js');
  return openTelemetryLog(eventLine);
}

/** Figures are kept where the settings name the embedded store; given by hand, the same store keeps none. */
function withoutFigures(folder: string): object {
  const { createSqliteStore } = require('../dist/src/sqlite/sqlite-store.js');
  const { systemClock } = require('../dist/src/runtime/system.js');
  return {
    store: createSqliteStore({ file: path.join(folder, 'turnwise.db'), clock: systemClock }),
    environment: {
      AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
      TURNWISE_STORE: 'memory',
      AzureWebJobsStorage: 'UseDevelopmentStorage=true',
    },
  };
}

/** Twenty conversations, one message each in turn. */
async function oneTurn(app: App, turn: number): Promise<void> {
  const conversation = `c-${turn % 20}`;
  const activity = {
    type: 'message',
    id: `a-${turn}`,
    channelId: 'test',
    serviceUrl: 'http://localhost/',
    from: { id: 'user', name: 'User' },
    recipient: { id: 'bot', name: 'Bot' },
    conversation: { id: conversation },
    timestamp: new Date().toISOString(),
    text: 'A message of ordinary length, as a person would write it.',
  };
  const headers = new Map([['content-type', 'application/json']]);
  const answer = await app.messages({ headers, body: [Buffer.from(JSON.stringify(activity))] });
  if (answer.status !== 200) throw new Error(`The endpoint answered ${answer.status}.`);
  await app.turns({ conversation: `test/${conversation}` });
}

/** The SDK as `src/azure/monitor.ts` registers it, with exporters that drop everything. */
function register(sampling: number): void {
  const { context, metrics, trace } = require('@opentelemetry/api');
  const { logs } = require('@opentelemetry/api-logs');
  const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
  const tracing = require('@opentelemetry/sdk-trace-base');
  const measuring = require('@opentelemetry/sdk-metrics');
  const logging = require('@opentelemetry/sdk-logs');
  const exporter = {
    export: (_batch: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
  const sampler = new tracing.ParentBasedSampler({ root: new tracing.TraceIdRatioBasedSampler(sampling) });
  const spanProcessors = [new tracing.BatchSpanProcessor(exporter)];
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new tracing.BasicTracerProvider({ sampler, spanProcessors }));
  const reader = new measuring.PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
  metrics.setGlobalMeterProvider(new measuring.MeterProvider({ readers: [reader] }));
  const processors = [new logging.BatchLogRecordProcessor({ exporter })];
  logs.setGlobalLoggerProvider(new logging.LoggerProvider({ processors }));
}

import { setTimeout as sleep } from 'node:timers/promises';
import { listenForFailure } from './app-failure';
import { findAppFiles } from './app-files';
import { startAzurite } from './azurite';
import { captureConsole, consoleLog } from './console-log';
import { takeDataFolder } from './data-folder';
import { deferred } from './deferred';
import { loadFunctionsApp } from './functions-app';
import { readHostJson } from './host-json';
import { HttpTriggerServer } from './http-server';
import { Invocations } from './invocations';
import { applyLocalSettings, readLocalSettings } from './local-settings';
import { type ChatPage, chooseChatPort, findPlayground, startPlayground } from './playground';
import { type RunnerSettings, readSettings } from './settings';
import { oneLine, StartupError } from './startup-error';
import { connectTriggers, type Triggers } from './triggers';

export interface RunnerOptions {
  /** Folder of the function app, absolute: where `package.json` and `host.json` are. */
  readonly appRoot: string;
  /** Whether to bring up the chat page. */
  readonly chat: boolean;
  /** Whether to run an app that says it cannot work, as the Functions host does. A developer is told at once instead. */
  readonly runsFailedApp?: boolean;
  /** Where log lines go; standard output by default. */
  readonly out?: NodeJS.WritableStream;
}

/** A running runner. */
export interface Runner {
  readonly url: string;
  /** Address of the chat page, or undefined if there is none. */
  readonly chatUrl: string | undefined;
  /** Address of the queue that the runner started, or undefined if it uses a storage account. */
  readonly queueAddress: string | undefined;
  readonly dataDir: string;
  readonly functions: Triggers['summary'];
  /** Resolves with a sentence when the runner can no longer work. */
  readonly failed: Promise<string>;
  /** What is running at the moment, for people; empty if nothing. */
  running(): string;
  /**
   * Takes no further work, waits for what is running (30 s unless told otherwise), lets the app say goodbye and stops everything
   * it started.
   */
  stop(options?: { readonly drainMs?: number }): Promise<void>;
}

const DRAIN_MS = 30_000;
/** As long as the host gives `appTerminate` hooks. */
const TERMINATE_MS = 5_000;

/**
 * Runs a compiled function app: its HTTP, queue and timer triggers, a queue server if none is configured, and the chat page. Sets
 * what the app needs in `process.env`, and loads the app into this process, so there is one runner per process.
 */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const undo: (() => unknown)[] = [];
  try {
    return await start(options, undo);
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

async function start(options: RunnerOptions, undo: (() => unknown)[]): Promise<Runner> {
  const { appRoot } = options;
  const env = process.env;
  const host = readHostJson(appRoot);
  const log = consoleLog(host.logLevels, options.out);
  const settings = prepareEnvironment(appRoot, env);
  const files = findAppFiles(appRoot);

  const folder = takeDataFolder(settings.dataDir, settings.ownsDataDir);
  undo.push(() => folder.release());
  const http = await HttpTriggerServer.listen(settings.port, settings.bodyLimit);
  undo.push(() => http.close());
  const url = `http://127.0.0.1:${http.port}`;
  folder.announce(url);
  const chatPort = options.chat ? await chooseChatPort(settings.chatPort) : 0;

  const queue = settings.hasStorage ? undefined : await startAzurite(appRoot, settings.dataDir);
  if (queue) {
    undo.push(() => queue.stop());
    env.AzureWebJobsStorage = queue.connectionString;
  }

  undo.push(captureConsole(log));
  const failures: string[] = [];
  const listen = options.runsFailedApp !== true;
  const stopListening = listen ? listenForFailure((message) => failures.push(message)) : undefined;
  const app = await loadFunctionsApp(appRoot, files, log).finally(stopListening);
  if (failures.length > 0) throw new StartupError(`The app does not start: ${failures.join(' ')}`);
  const invocations = new Invocations(app, appRoot, host.functionTimeoutMs, log);
  const triggers = connectTriggers(app, { host, dataDir: settings.dataDir, env, invocations, log });
  undo.push(() => stopTriggers(triggers));
  // Queues before HTTP: a request may need the queue to exist.
  await Promise.all(triggers.queues.map((listener) => listener.start()));
  http.serve(triggers.http, host.routePrefix);
  for (const timer of triggers.timers) timer.start();
  const chat = options.chat ? await startChat() : undefined;

  const failed = deferred<string>();
  let stopping: Promise<void> | undefined;
  void queue?.ended.then((reason) => {
    if (!stopping) failed.resolve(`the queue server (Azurite) has ended: ${reason}`);
  });
  void chat?.ended.then((reason) => {
    if (!stopping) log.write('warning', 'host', `the chat page has ended: ${reason}`);
  });
  return {
    url,
    chatUrl: chat?.address,
    queueAddress: queue?.address,
    dataDir: settings.dataDir,
    functions: triggers.summary,
    failed: failed.promise,
    running: () => invocations.describe(),
    stop: ({ drainMs = DRAIN_MS } = {}) => {
      stopping ??= stop(drainMs);
      return stopping;
    },
  };

  async function startChat(): Promise<ChatPage | undefined> {
    const script = findPlayground(appRoot);
    if (script === undefined) {
      log.write('warning', 'host', 'there is no chat page: install @microsoft/m365agentsplayground to have one');
      return undefined;
    }
    const endpoint = `${url}/api/messages`;
    try {
      const page = await startPlayground({ script, appRoot, dataDir: settings.dataDir, endpoint, port: chatPort });
      undo.push(() => page.stop());
      return page;
    } catch (error) {
      // The bot works without it.
      log.write('warning', 'host', oneLine(error));
      return undefined;
    }
  }

  async function stop(drainMs: number): Promise<void> {
    const answered = http.drain();
    const drained = Promise.all([answered, stopTriggers(triggers)]).then(() => true);
    if (!(await Promise.race([drained, sleep(drainMs, false, { ref: false })]))) {
      log.write('warning', 'host', `still running, and ended now: ${invocations.describe() || 'a request'}`);
      // Taken up again at the next start, instead of after the ten minutes for which they are hidden.
      await Promise.all(triggers.queues.map((listener) => listener.releaseAll()));
    }
    const goodbye = app.terminate().catch((error: unknown) => {
      log.write('error', 'host', `an appTerminate hook failed: ${oneLine(error)}`);
    });
    await Promise.race([goodbye, sleep(TERMINATE_MS, undefined, { ref: false })]);
    http.close();
    await Promise.all([chat?.stop(), queue?.stop()]);
    folder.release();
  }
}

async function stopTriggers({ queues, timers }: Triggers): Promise<void> {
  for (const timer of timers) timer.stop();
  await Promise.all([
    ...queues.map(async (listener) => {
      await listener.stop();
      await listener.idle();
    }),
    ...timers.map((timer) => timer.idle()),
  ]);
}

/** Puts into the environment what an app finds there under Core Tools, and reads the runner's own settings out of it. */
function prepareEnvironment(appRoot: string, env: NodeJS.ProcessEnv): RunnerSettings {
  applyLocalSettings(readLocalSettings(appRoot), env);
  env.AZURE_FUNCTIONS_ENVIRONMENT ??= 'Development';
  env.FUNCTIONS_WORKER_RUNTIME ??= 'node';
  const settings = readSettings(env, appRoot);
  // Absolute, so that the app and the runner mean the same folder wherever they look from.
  env.TURNWISE_DATA = settings.dataDir;
  return settings;
}

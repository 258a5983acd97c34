import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { banner } from './banner';
import { deferred } from './deferred';
import { type Runner, startRunner } from './runner';
import { oneLine, StartupError } from './startup-error';

const HELP = `Runs the compiled function app in this folder: HTTP, queue and timer triggers.

Usage: npm start [-- options]

  --no-chat   without the chat page
  --version   print the version
  --help      print this

Settings, from the environment or the Values of local.settings.json:

  TURNWISE_PORT        port of the endpoint (7071)
  TURNWISE_CHAT_PORT   port of the chat page (56150)
  TURNWISE_DATA        folder of the embedded store and queue (.local)
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT  largest request body, in bytes (1100000)
  AzureWebJobsStorage  a storage account's connection string; without one, a queue server is started
`;

/** Ctrl-C reaches the runner twice when npm passes it on as well; that is one key press, not two. */
const SAME_KEY_PRESS_MS = 500;

/** The program behind `npm start`. */
export async function main(args: readonly string[]): Promise<void> {
  const appRoot = process.cwd();
  let runner: Runner | undefined;
  const ending = new Ending();
  try {
    const options = readOptions(args);
    if (options.help) return void process.stdout.write(HELP);
    if (options.version) return void process.stdout.write(`${readVersion()}\n`);
    ending.listen();
    runner = await startRunner({ appRoot, chat: options.chat });
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    process.stderr.write(`turnwise: ${oneLine(error)}\n`);
    process.exitCode = 1;
    // Whatever a half-loaded app has opened must not keep the process alive.
    return process.exit();
  }
  process.stdout.write(banner(runner, { version: readVersion(), store: process.env.TURNWISE_STORE || 'sqlite' }));

  const reason = await Promise.race([ending.requested, runner.failed]);
  if (reason !== undefined) process.stderr.write(`turnwise: ${reason}. Nothing is lost; start again.\n`);
  const running = runner.running();
  if (running !== '') process.stdout.write(`\nStopping when done: ${running}. Ctrl-C again ends at once.\n`);
  await runner.stop(reason === undefined ? {} : { drainMs: 0 });
  process.stdout.write('Stopped.\n');
  process.exit(reason === undefined ? 0 : 1);
}

/** Listens for what ends a process. */
class Ending {
  readonly #asked = deferred<string | undefined>();
  #firstAt: number | undefined;

  /** Resolves with a sentence if the app broke, or with undefined if somebody asked. */
  get requested(): Promise<string | undefined> {
    return this.#asked.promise;
  }

  listen(): void {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => this.#onSignal());
    if (process.env.npm_lifecycle_event !== undefined) this.#watchParent();
    // Whoever was reading along has gone; that is no reason to end.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
    // An error that nobody catches ends a Functions worker, so it ends this too. It is the app's bug: the stack is what helps.
    process.on('uncaughtException', (error) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      this.#asked.resolve('an error was not caught by the app');
    });
  }

  /** npm passes a signal on to its shell, which dies without a word: having lost the parent is all that is to be seen of it here. */
  #watchParent(): void {
    const parent = process.ppid;
    const timer = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      this.#asked.resolve(undefined);
    }, 250);
    timer.unref();
  }

  #onSignal(): void {
    const now = performance.now();
    if (this.#firstAt !== undefined && now - this.#firstAt > SAME_KEY_PRESS_MS) process.exit(130);
    this.#firstAt ??= now;
    this.#asked.resolve(undefined);
  }
}

function readOptions(args: readonly string[]): { chat: boolean; help: boolean; version: boolean } {
  for (const arg of args) {
    if (!['--no-chat', '--help', '--version'].includes(arg)) {
      throw new StartupError(`There is no option "${arg}". The options are --no-chat, --help and --version.`);
    }
  }
  const { values } = parseArgs({
    args: [...args],
    options: { chat: { type: 'boolean' }, help: { type: 'boolean' }, version: { type: 'boolean' } },
    allowNegative: true,
  });
  return { chat: values.chat ?? true, help: values.help ?? false, version: values.version ?? false };
}

/** The version of Turnwise, which is not always the app's own: the package may be a dependency. */
function readVersion(): string {
  for (const folder of ['../..', '../../..']) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(__dirname, folder, 'package.json'), 'utf8')) as {
        name?: unknown;
        version?: unknown;
      };
      if (name === 'turnwise') return String(version);
    } catch {
      // Not there: compiled and uncompiled files lie at different depths.
    }
  }
  return '';
}

import { isAbsolute, join } from 'node:path';
import { StartupError } from './startup-error';

/** The settings that the runner itself goes by. Everything else in the environment is the app's business. */
export interface RunnerSettings {
  /** Port of the HTTP triggers; 0 lets the system choose. */
  readonly port: number;
  /** Port of the chat page; 0 lets the system choose. */
  readonly chatPort: number;
  /** Folder of the embedded store and queue, absolute. */
  readonly dataDir: string;
  /** A storage account's connection string, or undefined when the runner is to start a queue of its own. */
  readonly storage: string | undefined;
  /** Largest request body, in bytes: the host's own setting and default. */
  readonly bodyLimit: number;
}

/** Every environment name that begins with `TURNWISE_` and means something. A name that is not here is a typing mistake. */
const KNOWN = new Set(['TURNWISE_PORT', 'TURNWISE_CHAT_PORT', 'TURNWISE_DATA', 'TURNWISE_STORE']);

/** Reads the runner's settings from an environment, the values of `local.settings.json` already in it. */
export function readSettings(env: NodeJS.ProcessEnv, appRoot: string): RunnerSettings {
  for (const name of Object.keys(env)) {
    if (name.startsWith('TURNWISE_') && !KNOWN.has(name)) {
      throw new StartupError(`${name} is not a setting. The settings are ${[...KNOWN].join(', ')}.`);
    }
  }
  const data = env.TURNWISE_DATA || '.local';
  return {
    port: readPort(env, 'TURNWISE_PORT', 7071),
    chatPort: readPort(env, 'TURNWISE_CHAT_PORT', 56150),
    dataDir: isAbsolute(data) ? data : join(appRoot, data),
    storage: realStorage(env),
    bodyLimit: readBodyLimit(env),
  };
}

/** `UseDevelopmentStorage=true` asks for an emulator, and the runner brings its own; it is what `func start` needs in that place. */
function realStorage(env: NodeJS.ProcessEnv): string | undefined {
  const storage = env.AzureWebJobsStorage?.trim();
  return storage && !/^UseDevelopmentStorage\s*=\s*true;?$/i.test(storage) ? storage : undefined;
}

function readPort(env: NodeJS.ProcessEnv, name: string, otherwise: number): number {
  const text = env[name];
  if (!text) return otherwise;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new StartupError(`${name} is "${text}", which is not a port; use a number from 1 to 65535.`);
  }
  return port;
}

function readBodyLimit(env: NodeJS.ProcessEnv): number {
  const text = env.FUNCTIONS_REQUEST_BODY_SIZE_LIMIT;
  if (!text) return 104_857_600;
  if (!/^[1-9]\d*$/.test(text)) {
    throw new StartupError(`FUNCTIONS_REQUEST_BODY_SIZE_LIMIT is "${text}"; use a number of bytes.`);
  }
  return Number(text);
}

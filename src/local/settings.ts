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
  /** Whether that is the runner's own folder, and not one that a setting names. */
  readonly ownsDataDir: boolean;
  /** Whether a storage account is configured; without one, the runner starts a queue server of its own. */
  readonly hasStorage: boolean;
  /** Largest request body, in bytes. The setting is the host's own. */
  readonly bodyLimit: number;
}

/** Folder of the embedded store and queue unless a setting names another, in the folder of the app. */
const OWN_DATA_DIR = '.local';

/** Reads the runner's settings from an environment, the values of `local.settings.json` already in it. */
export function readSettings(env: NodeJS.ProcessEnv, appRoot: string): RunnerSettings {
  const data = env.TURNWISE_DATA || OWN_DATA_DIR;
  return {
    port: readPort(env, 'TURNWISE_PORT', 7071),
    chatPort: readPort(env, 'TURNWISE_CHAT_PORT', 56150),
    dataDir: isAbsolute(data) ? data : join(appRoot, data),
    ownsDataDir: data === OWN_DATA_DIR,
    hasStorage: hasStorage(env),
    bodyLimit: readBodyLimit(env),
  };
}

/** `UseDevelopmentStorage=true` asks for an emulator, and the runner brings its own; it is what `func start` needs in that place. */
function hasStorage(env: NodeJS.ProcessEnv): boolean {
  const text = env.AzureWebJobsStorage?.trim();
  if (text) return !/^UseDevelopmentStorage\s*=\s*true;?$/i.test(text);
  return Boolean(env.AzureWebJobsStorage__accountName || env.AzureWebJobsStorage__queueServiceUri);
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

/**
 * Largest request body unless the setting says otherwise, in bytes: a little more than the largest activity, so that the app refuses an activity
 * that is too large by a little, in its own words. The deployment template sets the same. The host's own default is 100 MB.
 */
const DEFAULT_BODY_LIMIT = 1_100_000;

function readBodyLimit(env: NodeJS.ProcessEnv): number {
  const text = env.FUNCTIONS_REQUEST_BODY_SIZE_LIMIT;
  if (!text) return DEFAULT_BODY_LIMIT;
  if (!/^[1-9]\d*$/.test(text)) {
    throw new StartupError(`FUNCTIONS_REQUEST_BODY_SIZE_LIMIT is "${text}"; use a number of bytes.`);
  }
  return Number(text);
}

import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Companion, startCompanion } from './companion';
import { freePort } from './ports';
import { oneLine, StartupError } from './startup-error';

/** A queue server of our own. */
export interface LocalQueue {
  readonly connectionString: string;
  readonly address: string;
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** The account that every storage emulator has; its key is published and protects nothing. */
const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** Starts Azurite's queue service on a free port of the loopback address, its files in the data folder. */
export async function startAzurite(appRoot: string, dataDir: string): Promise<LocalQueue> {
  const location = join(dataDir, 'azurite');
  mkdirSync(location, { recursive: true, mode: 0o700 });
  const script = resolveScript(appRoot);
  const start = async (): Promise<Companion> =>
    startCompanion({
      script,
      args: [
        ...['--queueHost', '127.0.0.1', '--queuePort', String(await freePort())],
        ...['--location', location, '--skipApiVersionCheck', '--disableTelemetry', '--silent', '--loose'],
      ],
      lockFile: join(dataDir, 'azurite.lock'),
      cwd: location,
      ready: /listens on http:\/\/([\d.]+:\d+)/,
      readyWithinMs: 25_000,
    });
  let companion: Companion;
  try {
    companion = await start().catch((error: unknown) => {
      // Somebody may have taken the port between its being found free and its use.
      if (/EADDRINUSE/.test(oneLine(error))) return start();
      throw error;
    });
  } catch (error) {
    const reason = oneLine(error);
    const advice = /has not let go/.test(reason)
      ? 'An Azurite of an earlier run may still be there: end it, or set TURNWISE_DATA to another folder.'
      : `If its files are damaged, delete ${location}: it holds only signals.`;
    throw new StartupError(`The queue (Azurite) did not start: ${reason}. ${advice}`);
  }
  const address = companion.ready[1] ?? '';
  return {
    connectionString: `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${KEY};QueueEndpoint=http://${address}/${ACCOUNT};`,
    address,
    ended: companion.ended,
    stop: companion.stop,
  };
}

function resolveScript(appRoot: string): string {
  try {
    return createRequire(join(appRoot, 'package.json')).resolve('azurite/dist/src/queue/main.js');
  } catch {
    throw new StartupError(
      'The package azurite is not installed. Run "npm install", or set AzureWebJobsStorage to a storage connection string.',
    );
  }
}

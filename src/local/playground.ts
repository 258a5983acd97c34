import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Companion, startCompanion } from './companion';
import { freePort, isPortTaken } from './ports';
import { oneLine, StartupError } from './startup-error';

/** The chat page in a browser's reach. */
export interface ChatPage {
  readonly address: string;
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/**
 * The personal chat's conversation. Left to itself, the page makes up a new one at each start, and after a restart the bot would not
 * know the conversation any more.
 */
const CONVERSATION = 'local-personal-chat';

/** A taken chat port is found out here, because the page itself would silently move to another. */
export async function chooseChatPort(port: number): Promise<number> {
  if (port === 0) return freePort();
  if (await isPortTaken(port)) {
    throw new StartupError(
      `Port ${port} (the chat page) is taken. Stop what uses it, set TURNWISE_CHAT_PORT to another port, or leave the page out with --no-chat.`,
    );
  }
  return port;
}

/** The chat page's script, or undefined if its package is not installed. */
export function findPlayground(appRoot: string): string | undefined {
  try {
    const require = createRequire(join(appRoot, 'package.json'));
    return join(dirname(require.resolve('@microsoft/m365agentsplayground/package.json')), 'cli.js');
  } catch {
    return undefined;
  }
}

/** Starts Microsoft's Agents Playground against the bot's endpoint. */
export async function startPlayground(options: {
  readonly script: string;
  readonly appRoot: string;
  readonly dataDir: string;
  readonly endpoint: string;
  readonly port: number;
}): Promise<ChatPage> {
  const { script, appRoot, dataDir, endpoint, port } = options;
  let companion: Companion;
  try {
    companion = await startCompanion({
      script,
      args: [
        ...['start', '-e', endpoint, '-c', 'msteams', '-p', String(port), '--disable-telemetry'],
        ...['--conversation-id', CONVERSATION],
      ],
      // In the app's folder, where the playground looks for its settings file; its log belongs with the other local data.
      cwd: appRoot,
      settings: {
        TEAMSAPPTESTER_BROWSER: 'none',
        M365_AGENTS_PLAYGROUND_LOGFILE: join(dataDir, 'playground.log'),
      },
      ready: /Listening on (\d+)/,
      readyWithinMs: 25_000,
    });
  } catch (error) {
    throw new StartupError(`The chat page did not start: ${oneLine(error)}. Leave it out with --no-chat.`);
  }
  const actual = companion.ready[1];
  if (actual !== String(port)) {
    await companion.stop();
    throw new StartupError(`Port ${port} (the chat page) was taken meanwhile. Set TURNWISE_CHAT_PORT to another port.`);
  }
  return { address: `http://localhost:${port}`, ended: companion.ended, stop: companion.stop };
}

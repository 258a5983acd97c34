import { Command, InvalidArgumentError } from 'commander';
import { TurnwiseError } from '../schema/errors';
import { StoreFault } from '../turn/fault';
import { broadcastCancel, broadcastStatus } from './broadcast';
import { conversationShow } from './conversation';
import { type Chosen, deadDiscard, deadList, deadReplay, deadShow } from './dead';
import { type Desk, openDesk } from './desk';
import { doctor } from './doctor';
import { forget } from './forget';
import { importState } from './import';
import { printable } from './render';
import type { Report } from './report';
import { status } from './status';

interface Common {
  readonly json?: true;
}

/** The program behind `npx turnwise`. Sets the exit code: 0, or 1 when the command could not be done. */
export async function runCommand(argv: readonly string[], folder: string): Promise<void> {
  // A reader that has seen enough (`turnwise dead list | head`) is no error.
  process.stdout.on('error', () => process.exit());
  try {
    await program(folder).parseAsync(argv);
  } catch (error) {
    process.stderr.write(`turnwise: ${printable(sentenceOf(error))}\n`);
    process.exitCode = 1;
  }
}

function program(folder: string): Command {
  const root = new Command('turnwise')
    .description(
      'Looks into the store of a Turnwise app, replays or discards what it gave up, erases what is to be forgotten; starts and packages apps.',
    )
    .showHelpAfterError('("turnwise --help" says more)')
    .addHelpText('after', SETTINGS_HELP);

  /** Runs a command on the open store, prints its report, and closes the store. */
  const onDesk =
    <A extends unknown[]>(command: (desk: Desk, ...parameters: A) => Promise<Report>) =>
    async (options: Common, ...parameters: A): Promise<void> => {
      const desk = await openDesk(folder, process.env, (line) => void process.stderr.write(`${line}\n`));
      try {
        print(await command(desk, ...parameters), options.json === true);
      } finally {
        await desk.close();
      }
    };

  root
    .command('status')
    .description('What waits, what runs, and what was given up.')
    .option('--limit <n>', 'most conversations to look at', count, 1_000)
    .option('--json', 'one JSON object')
    .action((options: Common & { limit: number }) => onDesk(status)(options, options.limit));

  root
    .command('doctor')
    .description(
      'Whether the app can work with its settings: configuration, host.json, store, queue, clock, credentials.',
    )
    .option('--deep', "also tries the store's contract on the Cosmos DB account, in partitions of its own")
    .option('--json', 'one JSON object')
    .action(async ({ deep, json }: Common & { deep?: true }) => {
      const progress = (line: string): void => void process.stderr.write(`${printable(line)}\n`);
      const report = await doctor(folder, process.env, deep === true ? progress : undefined);
      print(report, json === true);
      if (!report.healthy) process.exitCode = 1;
    });

  addApp(root, folder);
  addDead(root.command('dead').description('What was given up: activities and replies.'), onDesk);

  addBroadcast(root.command('broadcast').description('Messages to many.'), onDesk);

  root
    .command('conversation')
    .description('One conversation.')
    .command('show')
    .argument('<key>', 'channelId/conversationId, as "status" and "dead list" show it')
    .description('Its record: what waits, what is to be delivered, who holds it, its state.')
    .option('--bodies', 'with the content of messages and state, which may be personal')
    .option('--json', 'one JSON object')
    .action((key: string, options: Common & { bodies?: true }) =>
      onDesk(conversationShow)(options, key, options.bodies === true),
    );

  root
    .command('forget')
    .description('Erases all that is kept about a conversation or a user, for good.')
    .option('--conversation <key>', 'channelId/conversationId; may be repeated', several, [])
    .option('--user <key>', 'channelId/userId; may be repeated', several, [])
    .option('--json', 'one JSON object')
    .action((options: Common & { conversation: string[]; user: string[] }) =>
      onDesk(forget)(options, { conversations: options.conversation, users: options.user }),
    );

  root
    .command('import')
    .description("Takes over the state that the bot's earlier SDK has stored; what is here already stays.")
    .option('--dry-run', 'only count')
    .option('--json', 'one JSON object')
    .action((options: Common & { dryRun?: true }) => {
      return onDesk(importState)(options, options.dryRun === true);
    });
  return root;
}

/** What is done with the app in a folder, and not with a store. Loaded when asked for: neither is light. */
function addApp(root: Command, folder: string): void {
  root
    .command('start')
    .argument('[options...]', 'see "turnwise start --help"')
    .description('Runs the compiled app in this folder: HTTP, queue and timer triggers, with a chat page.')
    .helpOption(false)
    .allowUnknownOption()
    .action((options: string[]) => {
      const { main } = require('../local/command') as typeof import('../local/command');
      process.setSourceMapsEnabled(true);
      return main(options);
    });
  root
    .command('package')
    .description('Bundles the compiled app in this folder for deployment, as a folder and as a zip file.')
    .option('--out <folder>', 'where to', 'dist/package')
    .option('--json', 'one JSON object')
    .action(async ({ json, out }: Common & { out: string }) => {
      const { packageCommand } = require('./package') as typeof import('./package');
      print(await packageCommand(folder, out), json === true);
    });
}

const several = (value: string, before: string[]): string[] => [...before, value];

type OnDesk = <A extends unknown[]>(
  command: (desk: Desk, ...parameters: A) => Promise<Report>,
) => (options: Common, ...parameters: A) => Promise<void>;

interface Choice extends Common {
  readonly all?: true;
  readonly code?: string;
}

function addDead(dead: Command, onDesk: OnDesk): void {
  const one = '[conversation]';
  const oneHelp = 'its conversation, as "dead list" shows it';
  dead
    .command('list')
    .description('The dead letters, the newest first.')
    .option('--limit <n>', 'most to show', count, 100)
    .option('--json', 'one JSON object')
    .action((options: Common & { limit: number }) => onDesk(deadList)(options, options.limit));
  dead
    .command('show')
    .argument('<conversation>', oneHelp)
    .argument('<id>', 'its id')
    .description('One dead letter, with its error.')
    .option('--bodies', 'with the content of the message, which may be personal')
    .option('--json', 'one JSON object')
    .action((conversation: string, id: string, options: Common & { bodies?: true }) =>
      onDesk(deadShow)(options, conversation, id, options.bodies === true),
    );
  dead
    .command('replay')
    .argument(one, oneHelp)
    .argument('[id]', 'its id')
    .description('Puts it back at the end of its conversation, and rings for it.')
    .option('--all', 'every dead letter, the oldest first')
    .option('--code <code>', 'with --all: only those with this code')
    .option('--json', 'one JSON object')
    .action((conversation: string | undefined, id: string | undefined, options: Choice, command: Command) =>
      onDesk(deadReplay)(options, chosen(command, conversation, id, options)),
    );
  dead
    .command('discard')
    .argument(one, oneHelp)
    .argument('[id]', 'its id')
    .description('Removes it for good.')
    .option('--all', 'every dead letter')
    .option('--code <code>', 'with --all: only those with this code')
    .option('--json', 'one JSON object')
    .action((conversation: string | undefined, id: string | undefined, options: Choice, command: Command) =>
      onDesk(deadDiscard)(options, chosen(command, conversation, id, options)),
    );
}

function addBroadcast(broadcast: Command, onDesk: OnDesk): void {
  broadcast
    .command('status')
    .argument('[id]', 'as "proactive.broadcast" has returned it; without it, those that run')
    .description('How far a broadcast has come.')
    .option('--limit <n>', 'most conversations to look at', count, 1_000)
    .option('--json', 'one JSON object')
    .action((id: string | undefined, options: Common & { limit: number }) =>
      onDesk(broadcastStatus)(options, id, options.limit),
    );
  broadcast
    .command('cancel')
    .argument('<id>', 'as "broadcast status" shows it')
    .description('Ends it: who has the message keeps it, and nobody else gets it.')
    .option('--json', 'one JSON object')
    .action((id: string, options: Common) => onDesk(broadcastCancel)(options, id));
}

function chosen(
  command: Command,
  conversation: string | undefined,
  id: string | undefined,
  { all, code }: Choice,
): Chosen {
  if (all === true && conversation === undefined) return { all, code };
  if (all !== true && conversation !== undefined && id !== undefined && code === undefined) return { conversation, id };
  return command.error('error: name one dead letter by its conversation and its id, or say --all');
}

const SETTINGS_HELP = `
The store is the one that the app's settings name, read from the environment and the Values of local.settings.json:
  TURNWISE_STORE   sqlite (the default on a development machine) or cosmos
  TURNWISE_DATA    folder of the SQLite file (.local)
  COSMOS_ENDPOINT, COSMOS_DATABASE, COSMOS_KEY (of an emulator; an account is reached with your own sign-in)
  AzureWebJobsStorage…   the queue, to ring for what is replayed; without it the app's sweep does, within a minute`;

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It has to be a whole number from 1.');
  return value;
}

function print({ data, text }: Report, json: boolean): void {
  process.stdout.write(json ? `${printable(JSON.stringify(data))}\n` : `${text.trimEnd()}\n`);
}

function sentenceOf(error: unknown): string {
  if (error instanceof TurnwiseError) return `${error.message} (${error.code})`;
  if (error instanceof StoreFault) return `The store does not answer: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

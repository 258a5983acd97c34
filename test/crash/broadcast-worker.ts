import { BotConnector } from '../../src/azure/bot-connector';
import { botLogic } from '../../src/runtime/bot-logic';
import { InProcess } from '../../src/runtime/in-process';
import { DEFAULT_OPTIONS } from '../../src/runtime/options';
import { immediately, proactiveOver } from '../../src/runtime/proactive';
import { attend } from '../../src/runtime/processor';
import { ReferenceKeeper } from '../../src/runtime/reference-keeper';
import type { Runtime } from '../../src/runtime/runtime';
import { sweep } from '../../src/runtime/sweep';
import { systemClock, systemIds } from '../../src/runtime/system';
import { createSqliteStore } from '../../src/sqlite/sqlite-store';
import type { ConversationKey } from '../../src/turn/keys';

/*
 * One worker of the broadcast test: the engine on a store that it shares with the others, a queue in memory, and the real connector. What it
 * had in its queue when it is killed is left to the sweep of the others.
 */

/** What the queue trigger of one instance has under way. */
const AT_ONCE = 16;
const SWEEP_MS = 2_000;
const MEMORY_MS = 250;

const waiting: ConversationKey[] = [];
let working = 0;

// A harness that is gone, however it went, takes its workers along.
process.on('disconnect', () => process.exit(1));

const log = { event: () => undefined };
const store = createSqliteStore({ file: process.argv[2] ?? '', clock: systemClock });

const runtime: Runtime = {
  store,
  log,
  clock: systemClock,
  // Whose lease it is, is what the harness asks the store when a worker is gone.
  ids: { next: () => `${process.pid}-${systemIds.next()}` },
  bot: botLogic(async () => undefined, [], undefined),
  connector: new BotConnector({ tokens: undefined, trust: { development: true }, clock: systemClock }),
  doorbell: { ring: async (key, delayMs) => void setTimeout(() => enqueue(key), delayMs) },
  keeper: new ReferenceKeeper({ references: store.references, clock: systemClock, log, ttlMs: 1e12 }),
  inProcess: new InProcess(),
  options: DEFAULT_OPTIONS,
};

function enqueue(key: ConversationKey): void {
  waiting.push(key);
  work();
}

function work(): void {
  while (working < AT_ONCE && waiting.length > 0) {
    const key = waiting.shift();
    if (key === undefined) return;
    working += 1;
    attend(runtime, key)
      .catch(() => undefined)
      .finally(() => {
        working -= 1;
        work();
      });
  }
}

const proactive = proactiveOver(
  runtime,
  immediately(runtime, () => store.open()),
);

process.on('message', async (message: { readonly broadcast?: true; readonly progress?: string }) => {
  if (message.broadcast) process.send?.(await proactive.broadcast({ channelId: 'msteams' }, 'To all of you.'));
  if (message.progress !== undefined) process.send?.({ progress: await proactive.progress(message.progress) });
});

store.open().then(() => {
  setInterval(() => void sweep(runtime).catch(() => undefined), SWEEP_MS);
  setInterval(() => process.send?.({ rss: process.memoryUsage().rss }), MEMORY_MS);
  process.send?.({ up: true });
});

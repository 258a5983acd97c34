import { setTimeout as sleep } from 'node:timers/promises';
import { configuredStore } from '../../src/configured';
import type { InspectedConversation, Store } from '../../src/ports/store';
import { linkedSignal } from '../../src/runtime/linked-signal';
import { readStoreAccess } from '../../src/settings';
import { conversationKey } from '../../src/turn/keys';
import { Random } from '../sim/random';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { Channel } from './channel';
import { QueueServer, wreakHavoc } from './chaos';
import { Diary } from './diary';
import { duplicatesOf, replyName } from './duplicates';
import { InterruptedErasing } from './erasing';
import { type PlannedActivity, planLoad } from './plan';
import { RecoveryWatch } from './recovery';
import { ReplyLog } from './replies';
import type { RunResult } from './report';
import { startSharedStore } from './store-server';
import { judge, readGroundTruth } from './verdict';
import { CHANNEL } from './wire';
import { type Worker, WorkerPool } from './workers';

export interface RunOptions {
  /** An empty folder for everything that the run writes. */
  readonly folder: string;
  readonly store: 'sqlite' | 'cosmos';
  /** How long load and faults last. */
  readonly seconds: number;
  readonly turns: number;
  readonly conversations: number;
  readonly workers: number;
  readonly seed: number;
  /** Ends the run early. */
  readonly stop: AbortSignal;
  readonly say: (line: string) => void;
}

/** Back-offs of failing activities, several leases, and sweeps fit into this. */
const SETTLE_LIMIT_MS = 240_000;

/** Runs the load against real processes while they are being killed, waits for rest, and judges what is left. */
export async function runCrashTest(options: RunOptions): Promise<RunResult> {
  const undo: (() => unknown)[] = [];
  const over = linkedSignal(options.stop);
  try {
    return await run({ ...options, stop: over.signal }, undo);
  } finally {
    over.abort();
    for (const step of undo.reverse()) await step();
  }
}

async function run(options: RunOptions, undo: (() => unknown)[]): Promise<RunResult> {
  const { folder, say, seed, stop } = options;
  say(`Seed ${seed}; ${options.turns} turns in ${options.conversations} conversations, ${options.workers} workers.`);
  const shared = await startSharedStore(options.store, folder);
  undo.push(() => shared.stop());
  const access = readStoreAccess(shared.settings);
  const store = configuredStore(access.store, access.environment);
  await store.open();
  undo.push(() => store.close());
  const queue = await QueueServer.start();
  undo.push(() => queue.stop());
  const connector = await startFakeConnector();
  undo.push(() => connector.close());

  const recovery = new RecoveryWatch();
  const diary = new Diary();
  const { pool, replies } = system(options, connector, recovery, diary, {
    AzureWebJobsStorage: queue.connectionString,
    CRASH_STORE: JSON.stringify(shared.settings),
  });
  undo.push(() => pool.stop());
  await pool.start();
  const channel = new Channel(pool, connector.url, new Random(seed + 2));
  undo.push(() => channel.close());

  const watch = {
    isBusy: (worker: Worker) => recovery.isBusy(worker),
    onStall: (worker: Worker) => recovery.onStall(worker),
    storeIsBlocked: shared.blocked,
  };

  const started = Date.now();
  const load = planLoad(new Random(seed), options.turns, options.conversations, options.seconds * 1_000);
  const erasing = new InterruptedErasing({
    kind: options.store,
    settings: shared.settings,
    store,
    random: new Random(seed + 6),
  });
  const [chaos] = await Promise.all([
    wreakHavoc(pool, queue, new Random(seed + 3), watch, options.seconds * 1_000, stop),
    postAll(channel, load, stop, say),
    erasing.run(options.seconds * 1_000, stop),
  ]);
  const calm = Date.now();
  const rested = await atRest(store, channel, stop, say);
  const settled = Date.now();
  if (recovery.slowest !== undefined) {
    const { conversation, from, to } = recovery.slowest;
    say(
      `The slowest recovery, of ${conversation}:\n${diary.timeline(conversation, from - 1_000, to + 1_000).join('\n')}`,
    );
  }
  const unfinished = await erasing.judge(stop, say);
  say('Reading what is left.');
  const truth = await readGroundTruth(store, channel.posted);
  const seen = replies.seen();
  const duplicates = duplicatesOf(seen, diary, (name) => pool.named(name)?.killedAt !== undefined);
  for (const { first, second } of duplicates.filter(({ why }) => why === 'none')) {
    const conversation = conversationKey(CHANNEL, first.conversation);
    const lines = diary.timeline(conversation, first.call.at - BEFORE_DUPLICATE_MS, second.call.at + 1_000);
    say(`${replyName(first)} came twice, at ${first.call.at} and ${second.call.at}:\n${lines.join('\n')}`);
  }
  return {
    verdict: judge(channel.posted, seen, truth, duplicates),
    chaos,
    recovery,
    unknownSends: replies.unknownSends,
    throttledSends: replies.throttledSends,
    posts: channel.posted.reduce((sum, { posts }) => sum + posts, 0),
    refusals: channel.refusals,
    takeovers: diary.count('fenced'),
    erasing: erasing.log,
    loadSeconds: Math.round((calm - started) / 1_000),
    settleSeconds: Math.round((settled - calm) / 1_000),
    troubles: [
      ...(rested ? [] : [`The store was not at rest ${SETTLE_LIMIT_MS / 1_000} s after the last fault.`]),
      ...(pool.failure === undefined ? [] : [pool.failure]),
      ...unfinished,
      ...recovery.open.map((conversation) => `${conversation} has not moved since its worker was killed.`),
    ],
  };
}

/** The workers and what watches them. */
function system(
  { folder, seed, workers }: RunOptions,
  connector: FakeConnector,
  recovery: RecoveryWatch,
  diary: Diary,
  env: Readonly<Record<string, string>>,
): { readonly pool: WorkerPool; readonly replies: ReplyLog } {
  const keyOf = (conversation: string): string => conversationKey(CHANNEL, conversation);
  const replies = new ReplyLog(connector, new Random(seed + 4), (conversation, sender) => {
    if (pool.named(sender)?.killedAt === undefined) recovery.replied(keyOf(conversation));
  });
  const pool: WorkerPool = new WorkerPool({
    size: workers,
    folder,
    env,
    random: new Random(seed + 5),
    onEvent: (worker, event) => {
      diary.record(worker.name, event);
      recovery.event(worker, event);
    },
    onKill: (worker) => recovery.killed(worker, Date.now(), replies.sending(worker.name).map(keyOf)),
  });
  return { pool, replies };
}

const PROGRESS_EVERY_MS = 10_000;

/** What is shown of the time before a reply that came twice for no known reason. */
const BEFORE_DUPLICATE_MS = 40_000;

async function postAll(
  channel: Channel,
  load: readonly PlannedActivity[],
  stop: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  const started = Date.now();
  let said = started;
  for (const planned of load) {
    const wait = started + planned.at - Date.now();
    if (wait > 0) await sleep(wait, undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) return;
    channel.post(planned);
    if (Date.now() - said < PROGRESS_EVERY_MS) continue;
    said = Date.now();
    say(`${Math.round((said - started) / 1_000)} s: ${channel.posted.length} posted, ${channel.outstanding} open.`);
  }
}

/** Waits until every post has its answer and no conversation has anything left to do. */
async function atRest(
  store: Store,
  channel: Channel,
  stop: AbortSignal,
  say: (line: string) => void,
): Promise<boolean> {
  const deadline = Date.now() + SETTLE_LIMIT_MS;
  for (let round = 0; Date.now() < deadline && !stop.aborted; round += 1) {
    const busy = await store.inspection.busy(1_000);
    if (busy.length === 0 && channel.outstanding === 0) return true;
    if (round % 20 === 0) say(`Settling: ${describeBacklog(busy)}; ${channel.outstanding} posts open.`);
    await sleep(500);
  }
  return false;
}

function describeBacklog(busy: readonly InspectedConversation[]): string {
  const waiting = busy.reduce((sum, { head }) => sum + head.pend.length, 0);
  const last = busy.at(-1);
  const whom = last === undefined ? '' : ` (${last.key}: ${last.head.pend.length} wait, attempt ${last.head.att})`;
  return `${busy.length} conversations busy, ${waiting} activities wait${whom}`;
}

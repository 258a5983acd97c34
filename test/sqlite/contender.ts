import { systemClock } from '../../src/runtime/system';
import { createSqliteStore } from '../../src/sqlite/sqlite-store';
import { StoreFault } from '../../src/turn/fault';
import { activityKey, type ConversationKey, conversationKey, userKey } from '../../src/turn/keys';
import { turnPrefix } from '../../src/turn/record';

/** What one of several processes on one file has to tell at its end. */
export interface Account {
  readonly accepted: number;
  readonly committed: number;
  readonly faults: number;
  /** The longest time in which the process could do nothing else, in ms. */
  readonly blockedMs: number;
}

const [file = '', name = '', conversations = '0', activities = '0'] = process.argv.slice(2);
const keys = Array.from({ length: Number(conversations) }, (_, index) => conversationKey('test', `c${index}`));
const store = createSqliteStore({ file, clock: systemClock });
let faults = 0;

/** Repeats through faults, as the runtime does. */
async function persist<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof StoreFault)) throw error;
      faults += 1;
    }
  }
}

async function post(key: ConversationKey, index: number): Promise<void> {
  const activity = {
    type: 'message',
    channelId: 'test',
    serviceUrl: 'https://channel.example/',
    from: { id: 'user' },
    recipient: { id: 'bot' },
    conversation: { id: key },
    text: `${name}-${index}`,
  };
  const hex = Buffer.from(`${name}-${index}`).toString('hex').padEnd(32, '0');
  const entry = { key: activityKey(hex), body: { inline: activity, bytes: 200 } };
  const outcome = await persist(() => store.mailbox.accept(key, entry, [], 10_000));
  if (outcome !== 'accepted') throw new Error(`Not accepted: ${outcome}`);
}

/** Works off one conversation: every turn raises the conversation's counter, and by an intent the user's. */
async function attend(key: ConversationKey): Promise<number> {
  const acquired = await persist(() => store.turns.acquire(key, `${name}-${Math.random()}`));
  if (acquired.outcome !== 'acquired') return 0;
  let { held } = acquired;
  for (let committed = 0; ; ) {
    const [pending] = held.head.pend;
    if (pending === undefined) return committed;
    const { version, data } = await persist(() => store.turns.readState(key, 'conversation'));
    const outcome = await persist(() =>
      store.turns.commit(held, {
        turn: turnPrefix(pending),
        effects: [],
        bodies: [],
        reads: [{ id: 'conversation', version }],
        writes: [{ id: 'conversation', data: { count: ((data.count as number | undefined) ?? 0) + 1 } }],
      }),
    );
    if (outcome.outcome !== 'held' && outcome.outcome !== 'released') throw new Error(`Refused: ${outcome.outcome}`);
    committed += 1;
    await raiseUser(key, held.fence.epoch, `${turnPrefix(pending)}`);
    if (outcome.outcome === 'released') return committed;
    held = { ...held, head: outcome.head };
  }
}

async function raiseUser(conversation: ConversationKey, epoch: number, id: string): Promise<void> {
  const user = userKey('test', 'user');
  for (let attempt = 0; ; attempt += 1) {
    const { version, data, intents } = await persist(() => store.users.read(user));
    for (const each of intents) await persist(() => store.users.settle(user, each.id, true));
    if (intents.length > 0) continue;
    const set = { count: ((data.count as number | undefined) ?? 0) + 1 };
    const intent = {
      id: `${conversation}-${id}-${attempt}-${name}`,
      conversation,
      epoch,
      changes: { set, remove: [] },
    };
    if ((await persist(() => store.users.propose(user, version, intent))) === 'conflict') continue;
    return persist(() => store.users.settle(user, intent.id, true));
  }
}

async function main(): Promise<void> {
  await store.open();
  let blockedMs = 0;
  let last = performance.now();
  const pulse = setInterval(() => {
    blockedMs = Math.max(blockedMs, performance.now() - last - 5);
    last = performance.now();
  }, 5);
  let accepted = 0;
  let committed = 0;
  await Promise.all([
    ...keys.map(async (key) => {
      for (let index = 0; index < Number(activities); index += 1) {
        await post(key, index);
        accepted += 1;
      }
    }),
    ...keys.map(async (key) => {
      for (let idle = 0; idle < 20; ) {
        const done = await attend(key);
        committed += done;
        idle = done === 0 ? idle + 1 : 0;
        await systemClock.sleep(10);
      }
    }),
  ]);
  clearInterval(pulse);
  await store.close();
  const account: Account = { accepted, committed, faults, blockedMs };
  process.stdout.write(JSON.stringify(account));
}

main().catch((error: unknown) => {
  process.stderr.write(String(error instanceof Error ? error.stack : error));
  process.exitCode = 1;
});

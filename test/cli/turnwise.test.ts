import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Store } from '../../src/ports/store';
import { systemClock } from '../../src/runtime/system';
import type { Activity } from '../../src/schema/activity';
import { createSqliteStore } from '../../src/sqlite/sqlite-store';
import { activityKey, type ConversationKey, conversationKey, userKey } from '../../src/turn/keys';
import { freePort, startAzurite } from '../support/azurite';
import { startFaultyCosmos } from '../support/cosmos-faulty';
import { startCosmosGateway } from '../support/cosmos-gateway';
import { TEST_KEY } from '../support/cosmos-under-test';

const ROOT = resolve(__dirname, '../..');

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'turnwise-cli-'));
  store = createSqliteStore({ file: join(folder, 'data', 'turnwise.db'), clock: systemClock });
  await store.open();
});

afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('broadcast', () => {
  test('status shows those that run, and one of them; cancel has it end', async () => {
    expect((await turnwise('broadcast', 'status')).out).toBe('No broadcast is running.\n');
    const key = conversationKey('turnwise', 'broadcast-1');
    const activity = { type: 'event', value: { start: {} } } as unknown as Activity;
    const task = { key: activityKey('a'.repeat(32)), proactive: 'task' as const, body: { inline: activity, bytes: 9 } };
    await store.mailbox.accept(key, task, [], 9);
    expect((await turnwise('broadcast', 'status')).out).toContain('turnwise/broadcast-1');
    const { out } = await turnwise('broadcast', 'status', key, '--json');
    expect(JSON.parse(out)).toEqual({ id: key, state: 'running', posted: 0, refused: 0 });
    expect((await turnwise('broadcast', 'cancel', key)).out).toContain('within a minute');
    expect((await store.inspection.conversation(key))?.head.pend).toHaveLength(2);
    for (const command of ['status', 'cancel']) {
      const { code, err } = await turnwise('broadcast', command, 'turnwise/broadcast-none');
      expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('names nothing that was posted') });
    }
  });
});

describe('status', () => {
  test('counts what waits and what was given up, as text and as one JSON object', async () => {
    await accept('a', 1);
    await accept('a', 2);
    await bury('b', 3);
    const text = await turnwise('status');
    expect(text).toMatchObject({ code: 0, err: '' });
    expect(text.out).toMatch(/^Activities waiting\s+2$/m);
    expect(text.out).toMatch(/^Dead letters\s+1$/m);
    expect(text.out).toContain('test/a');
    const json = await turnwise('status', '--json');
    expect(JSON.parse(json.out)).toMatchObject({
      conversations: 1,
      waiting: 2,
      toDeliver: 0,
      deadLetters: 1,
      more: false,
      busy: [{ conversation: 'test/a', waiting: 2, condition: 'ready' }],
    });
    expect(JSON.parse(json.out).oldestMs).toBeGreaterThanOrEqual(0);
  });

  test('an empty store is no error', async () => {
    const { code, out } = await turnwise('status');
    expect(code).toBe(0);
    expect(out).toMatch(/^Conversations with work\s+0$/m);
  });

  test('says that there is more than it looked at', async () => {
    for (const name of ['a', 'b', 'c']) await accept(name, 1);
    const { out } = await turnwise('status', '--limit', '2');
    expect(out).toMatch(/^Conversations with work\s+2 or more$/m);
  });
});

describe('dead letters', () => {
  test('are listed the newest first, without what was said', async () => {
    await bury('a', 1);
    await bury('b', 2);
    const { out } = await turnwise('dead', 'list', '--json');
    const { deadLetters } = JSON.parse(out);
    expect(deadLetters).toMatchObject([
      { conversation: 'test/b', kind: 'activity', attempts: 1, code: 'TypeError' },
      { conversation: 'test/a' },
    ]);
    const text = await turnwise('dead', 'list');
    expect(text.out.split('\n')[0]).toBe(text.out.split('\n')[0]?.trimEnd());
    expect(text.out).toContain(idOf(1));
    for (const shown of [out, text.out]) expect(shown).not.toContain('secret');
  });

  test('are shown with their error, and with what was said only when asked for', async () => {
    await bury('a', 1);
    const without = await turnwise('dead', 'show', 'test/a', idOf(1));
    expect(without.out).toContain('TypeError');
    expect(without.out).toContain('the handler said so');
    expect(without.out).not.toContain('secret');
    const withBody = await turnwise('dead', 'show', 'test/a', idOf(1), '--bodies', '--json');
    expect(JSON.parse(withBody.out).body.text).toBe('secret 1');
  });

  test('cannot write to the terminal what it would obey', async () => {
    await bury('a', 1, '\u001b[2J\u009b0m\u202eevil');
    const { out } = await turnwise('dead', 'show', 'test/a', idOf(1));
    expect(out).toContain('\\u001b[2J\\u009b0m\\u202eevil');
    const json = await turnwise('dead', 'show', 'test/a', idOf(1), '--json');
    expect(json.out).not.toContain('\u009b');
    expect(JSON.parse(json.out).message).toBe('\u001b[2J\u009b0m\u202eevil');
  });

  test('go back to the end of their conversation, and the sweep is named when there is no queue', async () => {
    await bury('a', 1);
    await accept('a', 2);
    const { code, out } = await turnwise('dead', 'replay', 'test/a', idOf(1));
    expect(code).toBe(0);
    expect(out).toMatch(/^Replayed: 1\. No queue is configured here/);
    const shown = await store.inspection.conversation(key('a'));
    expect(shown?.head.pend.map(({ key: each }) => each)).toEqual([idOf(2), idOf(1)]);
    expect(await store.deadLetters.list(10)).toEqual([]);
    const again = await turnwise('dead', 'replay', 'test/a', idOf(1));
    expect(again.code).toBe(1);
    expect(again.err).toMatch(/^turnwise: There is no such dead letter.*\(DeadLetterUnknown\)\n$/);
  });

  test('go back all at once in the order in which they died, or those of one code', async () => {
    await bury('a', 1);
    await bury('a', 2);
    await bury('a', 3, 'x', 'RangeError');
    const { out } = await turnwise('dead', 'replay', '--all', '--code', 'TypeError', '--json');
    expect(JSON.parse(out).replayed.map(({ id }: { id: string }) => id)).toEqual([idOf(1), idOf(2)]);
    expect(await store.deadLetters.list(10)).toHaveLength(1);
  });

  test('are discarded for good', async () => {
    await bury('a', 1);
    await bury('a', 2);
    expect((await turnwise('dead', 'discard', 'test/a', idOf(1))).out).toBe('Discarded: 1.\n');
    expect(JSON.parse((await turnwise('dead', 'discard', '--all', '--json')).out).discarded).toHaveLength(1);
    expect(await store.deadLetters.list(10)).toEqual([]);
  });

  test('are all meant only when that is said', async () => {
    await bury('a', 1);
    for (const verb of ['replay', 'discard']) {
      const { code, err } = await turnwise('dead', verb);
      expect(code).toBe(1);
      expect(err).toContain('or say --all');
    }
    expect(await store.deadLetters.list(10)).toHaveLength(1);
  });
});

describe('the ring after a replay', () => {
  test('goes to the queue that the settings name', async () => {
    const azurite = await startAzurite();
    try {
      await bury('a', 1);
      const env = { AzureWebJobsStorage: azurite.connectionString, AZURE_FUNCTIONS_ENVIRONMENT: 'Development' };
      const { out } = await run(['dead', 'replay', '--all'], env);
      expect(out).toContain('The app was rung for');
    } finally {
      await azurite.stop();
    }
  });

  test('that cannot be made is left to the sweep', async () => {
    await bury('a', 1);
    const port = await freePort();
    const connection = `DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;QueueEndpoint=http://127.0.0.1:${port}/a;`;
    const { code, out } = await run(['dead', 'replay', '--all'], { AzureWebJobsStorage: connection });
    expect(code).toBe(0);
    expect(out).toContain('The queue could not be reached');
  });
});

describe('conversation show', () => {
  test('shows what waits and the state, with contents only when asked for', async () => {
    await accept('a b', 1);
    const encoded = await turnwise('conversation', 'show', 'test/a%20b');
    const typed = await turnwise('conversation', 'show', 'test/a b');
    for (const { out } of [encoded, typed]) {
      expect(out).toMatch(/^Conversation\s+test\/a%20b$/m);
      expect(out).toMatch(/^Activities waiting\s+1$/m);
      expect(out).not.toContain('secret');
    }
    const { out } = await turnwise('conversation', 'show', 'test/a b', '--bodies', '--json');
    expect(JSON.parse(out)).toMatchObject({ waiting: [{ id: idOf(1), body: { text: 'secret 1' } }], states: [] });
  });

  test('says so when there is none', async () => {
    const { code, err } = await turnwise('conversation', 'show', 'test/nobody');
    expect(code).toBe(1);
    expect(err).toMatch(/\(ConversationUnknown\)\n$/);
    expect((await turnwise('conversation', 'show', 'nobody')).err).toMatch(/\(ConversationKeyRefused\)\n$/);
  });
});

describe('the command line', () => {
  test('explains itself', async () => {
    const { code, out } = await turnwise('--help');
    expect(code).toBe(0);
    for (const word of ['status', 'dead', 'conversation', 'TURNWISE_STORE']) expect(out).toContain(word);
    expect((await turnwise('dead', 'replay', '--help')).out).toContain('--all');
  });

  test('answers a mistake with a sentence and no stack', async () => {
    for (const args of [['nonsense'], ['status', '--limit', 'many'], ['dead', 'show', 'test/a']]) {
      const { code, err } = await turnwise(...args);
      expect(code).toBe(1);
      expect(err).toMatch(/^error: /);
      expect(err).not.toMatch(/^\s+at /m);
    }
  });

  test.each([
    ['there is no file', { TURNWISE_DATA: 'elsewhere' }, 'StoreUnusable'],
    ['the store is in another process', { TURNWISE_STORE: 'memory' }, 'StoreNotShared'],
    ['a setting is unknown', { TURNWISE_STROE: 'sqlite' }, 'SettingUnknown'],
    ['a setting is missing', { TURNWISE_STORE: 'cosmos' }, 'SettingMissing'],
  ])('fails in one line when %s', async (_, env, code) => {
    const failed = await run(['status'], env);
    expect(failed.code).toBe(1);
    expect(failed.out).toBe('');
    expect(failed.err).toMatch(new RegExp(`^turnwise: .*\\(${code}\\)\n$`));
  });

  test('fails in one line when the file is none of ours', async () => {
    mkdirSync(join(folder, 'broken'));
    writeFileSync(join(folder, 'broken', 'turnwise.db'), 'This is a letter and not a database.'.repeat(100));
    const { code, err } = await run(['status'], { TURNWISE_DATA: 'broken' });
    expect(code).toBe(1);
    expect(err).toMatch(/^turnwise: The store cannot be used\..*\(StoreUnusable\)\n$/);
  });

  test('finds the store where local.settings.json puts it', async () => {
    await accept('a', 1);
    writeFileSync(join(folder, 'local.settings.json'), JSON.stringify({ Values: { TURNWISE_DATA: 'data' } }));
    expect(JSON.parse((await run(['status', '--json'], { TURNWISE_DATA: undefined })).out).waiting).toBe(1);
    writeFileSync(join(folder, 'local.settings.json'), '{ "Values": "AccountKey=abc"');
    const { err } = await turnwise('status');
    expect(err).toContain('local.settings.json');
    expect(err).not.toContain('abc');
  });

  test('is what the package installs', () => {
    const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { bin: Record<string, string> };
    expect(bin).toEqual({ turnwise: 'dist/src/cli/main.js' });
    expect(readFileSync(join(ROOT, 'src/cli/main.ts'), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });
});

describe('forget', () => {
  test('erases a conversation, whatever is in it, and says so', async () => {
    await accept('a', 1);
    await bury('b', 2);
    const { code, out } = await turnwise('forget', '--conversation', 'test/a', '--conversation', 'test/b', '--json');
    expect(code).toBe(0);
    const conversations = ['test/a', 'test/b'].map((conversation) => ({ conversation, found: true, ring: 'noQueue' }));
    expect(JSON.parse(out)).toEqual({ conversations, users: [] });
    expect(await store.inspection.conversation(key('a'))).toBeUndefined();
    expect(await store.deadLetters.list(10)).toEqual([]);
    expect((await turnwise('conversation', 'show', 'test/a')).err).toContain('(ConversationUnknown)');
  });

  test('erases a user, also in conversations with others, and names these', async () => {
    const user = userKey('test', 'a b');
    const changes = { set: { name: 'secret' }, remove: [] };
    await store.users.propose(user, 0, { id: 'i', conversation: key('c'), epoch: 1, changes });
    const from = { id: 'a b' };
    const activity = { key: activityKey(idOf(7)), body: { inline: { ...ACTIVITY, from }, bytes: 100 } };
    await store.mailbox.accept(key('c'), activity, [], 10);
    await accept('d', 1);
    await accept('e', 1);
    const reference = {
      channelId: 'test',
      serviceUrl: 'https://channel.example/',
      bot: { id: 'bot' },
      conversation: { id: 'e' },
      user: { id: 'a b' },
    };
    await store.references.keep(
      { id: key('e'), reference, scope: 'personal', vouched: true, state: 'active' },
      1_000_000,
    );
    const { code, out } = await turnwise('forget', '--user', 'test/a b');
    expect(code).toBe(0);
    expect(out).toContain('with the conversation test/e');
    expect(await store.inspection.conversation(key('e'))).toBeUndefined();
    expect(await store.references.get(key('e'))).toBeUndefined();
    expect(out).toContain('User test/a%20b: erased.');
    expect(out).toContain('also in test/c');
    expect(out).not.toContain('test/d');
    expect((await store.users.read(user)).data).toEqual({});
    expect((await store.inspection.conversation(key('c')))?.head.pend).toEqual([]);
  });

  test('says that there was nothing, and that nobody was named', async () => {
    const { code, out } = await turnwise('forget', '--user', 'test/nobody', '--conversation', 'test/nowhere');
    expect(code).toBe(0);
    expect(out.match(/there was nothing/g)).toHaveLength(2);
    expect((await turnwise('forget')).err).toContain('(NobodyToForget)');
  });
});

const ACTIVITY = { type: 'message', channelId: 'test', id: '7', text: 'hello' } as Activity;

const key = (name: string): ConversationKey => conversationKey('test', name);

const idOf = (number: number): string => String(number).padStart(32, '0');

async function accept(conversation: string, number: number): Promise<void> {
  const inline = { type: 'message', channelId: 'test', id: String(number), text: `secret ${number}` } as Activity;
  const activity = { key: activityKey(idOf(number)), body: { inline, bytes: 100 } };
  await store.mailbox.accept(key(conversation), activity, [], 100);
}

describe('doctor', () => {
  const copyHostJson = (): void => copyFileSync(join(ROOT, 'host.json'), join(folder, 'host.json'));

  test('finds nothing wrong with an app on a development machine, and its queue', async () => {
    copyHostJson();
    const azurite = await startAzurite();
    try {
      const { code, out } = await run(['doctor', '--json'], { AzureWebJobsStorage: azurite.connectionString });
      const { findings, healthy } = JSON.parse(out);
      expect([code, healthy]).toEqual([0, true]);
      expect(findings.map(({ check, level }: { check: string; level: string }) => `${check} ${level}`)).toEqual([
        'configuration ok',
        'host.json ok',
        'store ok',
        'sweep ok',
        'queue ok',
        'clock ok',
        'credentials ok',
        'keys ok',
      ]);
    } finally {
      await azurite.stop();
    }
  });

  test('changes nothing of what it looks at: neither a file of another format, nor an empty one, nor what is no database', async () => {
    copyHostJson();
    const file = join(folder, 'other', 'turnwise.db');
    const doctor = () => run(['doctor'], { TURNWISE_DATA: join(folder, 'other') });
    const formatOf = (): unknown => {
      const db = new DatabaseSync(file, { readOnly: true });
      const version = db.prepare('PRAGMA user_version').get();
      db.close();
      return version;
    };
    mkdirSync(join(folder, 'other'));
    const earlier = new DatabaseSync(file);
    earlier.exec('CREATE TABLE heads (key TEXT PRIMARY KEY); PRAGMA user_version = 1');
    earlier.close();
    expect((await doctor()).out).not.toMatch(/ sweep /);
    expect(formatOf()).toEqual({ user_version: 1 });
    writeFileSync(file, '');
    await doctor();
    expect(readFileSync(file, 'utf8')).toBe('');
    writeFileSync(file, 'no database at all'.repeat(100));
    expect((await doctor()).out).toMatch(/PROBLEM {2}store .*is not an SQLite database/);
  });

  test('creates nothing on Cosmos DB', async () => {
    copyHostJson();
    const gateway = await startCosmosGateway();
    const posted: string[] = [];
    gateway.onRequest(({ method, path: asked }) => {
      if (method !== 'GET') posted.push(`${method} ${asked}`);
      return undefined;
    });
    const { out } = await run(['doctor'], {
      TURNWISE_STORE: 'cosmos',
      COSMOS_ENDPOINT: gateway.endpoint,
      COSMOS_KEY: TEST_KEY,
      COSMOS_DATABASE: 'mistyped',
    });
    await gateway.close();
    expect(out).toMatch(/PROBLEM {2}store .*is not there/);
    expect(posted).toEqual([]);
  });

  describe('--deep', () => {
    const envOf = (endpoint: string) => ({
      TURNWISE_STORE: 'cosmos',
      COSMOS_ENDPOINT: endpoint,
      COSMOS_KEY: TEST_KEY,
      COSMOS_DATABASE: 'deep',
    });

    test("tries the store's contract on the account, and prints a table", async () => {
      copyHostJson();
      const gateway = await startCosmosGateway();
      const { out, err } = await run(['doctor', '--deep'], envOf(gateway.endpoint));
      await gateway.close();
      expect(out).toMatch(/^ok {7}contract .*the account does what a store does: \d+ parts, by rest$/m);
      expect(out).toMatch(/^Outcome {2}Requests +Units {2}Part of the contract$/m);
      expect(out).toMatch(/^ok +\d+ +[\d.]+ {2}a batch of 100 operations is undone when its last one fails$/m);
      expect(err).toContain('ok: one worker holds a conversation\n');
    }, 60_000);

    test('says what an account does not do, and that it is not well', async () => {
      copyHostJson();
      const gateway = await startCosmosGateway();
      const faulty = await startFaultyCosmos(gateway.endpoint);
      faulty.fault = { request: ({ headers: { 'if-match': _, ...headers }, ...passing }) => ({ ...passing, headers }) };
      const { code, out } = await run(['doctor', '--deep'], envOf(faulty.endpoint));
      await faulty.close();
      await gateway.close();
      expect(code).toBe(1);
      expect(out).toMatch(/^PROBLEM {2}contract .*minimalAnswer\.stale/m);
    });

    test('has nothing to try on a store that is a part of this program', async () => {
      copyHostJson();
      const { out } = await run(['doctor', '--deep'], {});
      expect(out).toMatch(/^ok {7}contract .*nothing to try/m);
    });
  });

  test('says what is wrong and what to do, and that it is not well', async () => {
    writeFileSync(
      join(folder, 'host.json'),
      JSON.stringify({ version: '2.0', extensions: { queues: { messageEncoding: 'none' } } }),
    );
    const { code, out } = await run(['doctor'], { TURNWISE_STORE: 'shelf' });
    expect(code).toBe(1);
    expect(out).toMatch(/^PROBLEM {2}configuration .*TURNWISE_STORE has to be/m);
    expect(out).toMatch(/^PROBLEM {2}host.json .*messageEncoding is not base64.*\n +Set it to "base64"/m);
  });
});

/** Accepts an activity and gives it up at once. */
async function bury(conversation: string, number: number, message = 'the handler said so', code = 'TypeError') {
  await accept(conversation, number);
  const acquired = await store.turns.acquire(key(conversation), `owner-${number}`);
  if (acquired.outcome !== 'acquired') throw new Error(`It was ${acquired.outcome}.`);
  const commit = { turn: idOf(number), effects: [], bodies: [], reads: [], writes: [], dead: { code, message } };
  await store.turns.commit(acquired.held, commit);
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const turnwise = (...args: string[]): Promise<Ended> => run(args, {});

/** Runs the program in a process of its own, in the test's folder. */
function run(args: readonly string[], env: Record<string, string | undefined>): Promise<Ended> {
  const program = join(ROOT, 'dist/src/cli/main.js');
  const options = {
    cwd: folder,
    env: { PATH: process.env.PATH, NODE_OPTIONS: process.env.NODE_OPTIONS, TURNWISE_DATA: 'data', ...env },
  };
  return new Promise((done) => {
    execFile(process.execPath, [program, ...args], options, (error, out, err) =>
      done({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    );
  });
}

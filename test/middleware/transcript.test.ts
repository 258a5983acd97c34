import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { MemoryStorage } from '../../src/bot/memory-storage';
import { TurnAdapter } from '../../src/bot/turn-adapter';
import type { TurnContext } from '../../src/bot/turn-context';
import { ConsoleTranscriptLogger } from '../../src/middleware/console-transcript-logger';
import { FileTranscriptStore } from '../../src/middleware/file-transcript-store';
import { MemoryTranscriptStore } from '../../src/middleware/memory-transcript-store';
import { StorageTranscriptStore } from '../../src/middleware/storage-transcript-store';
import type { TranscriptLogger, TranscriptStore } from '../../src/middleware/transcript';
import { TranscriptLoggerMiddleware } from '../../src/middleware/transcript-logger-middleware';
import type { Activity } from '../../src/schema/activity';
import { MemoryTurn } from '../support/memory-turn';
import { incoming, onTheWire, runBot } from '../support/run-bot';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
afterEach(() => {
  jest.restoreAllMocks();
});

function fileStore(): FileTranscriptStore {
  const folder = mkdtempSync(path.join(tmpdir(), 'turnwise-transcripts-'));
  folders.push(folder);
  return new FileTranscriptStore(folder);
}

async function transcriptOf(
  bot: (context: TurnContext) => unknown,
  different: Partial<Activity> = {},
  logger: TranscriptLogger = new MemoryTranscriptStore(),
): Promise<Activity[]> {
  const logged: Activity[] = [];
  const watching: TranscriptLogger = {
    logActivity(activity) {
      logged.push(activity);
      return logger.logActivity(activity);
    },
  };
  await runBot(bot, different, new MemoryTurn(), new TurnAdapter().use(new TranscriptLoggerMiddleware(watching)));
  return logged;
}

describe('TranscriptLoggerMiddleware', () => {
  test('writes down what comes in, is sent, updated and deleted, in order', async () => {
    const logged = await transcriptOf(async (context) => {
      const sent = await context.sendActivity('one');
      await context.updateActivity({ type: 'message', id: sent?.id ?? '', text: 'two' });
      await context.deleteActivity(sent?.id ?? '');
    });
    expect(logged.map(({ type, id, text }) => [type, id, text])).toEqual([
      ['message', 'a-1', 'hello'],
      ['message', 'turn-1.0', 'one'],
      ['messageUpdate', 'turn-1.0', 'two'],
      ['messageDelete', 'turn-1.0', undefined],
    ]);
    expect(logged.every(({ timestamp }) => timestamp instanceof Date)).toBe(true);
    expect(logged.every(({ conversation }) => conversation.id === 'c-1')).toBe(true);
  });

  test('marks the sender as a user, unless it has a role', async () => {
    expect((await transcriptOf(() => undefined))[0]?.from.role).toBe('user');
    const skill = { from: { id: 's', role: 'skill' } };
    expect((await transcriptOf(() => undefined, skill))[0]?.from.role).toBe('skill');
  });

  test('makes up ids where there are none, each its own', async () => {
    const logged = await transcriptOf((context) => context.sendActivities([{ type: 'typing' }, { type: 'typing' }]));
    const ids = logged.slice(1).map(({ id }) => id);
    expect(ids).toEqual([expect.stringMatching(/^g_/), expect.stringMatching(/^g_/)]);
    expect(new Set(ids).size).toBe(2);
  });

  test('keeps the time of what comes in', async () => {
    const [first] = await transcriptOf(() => undefined, { timestamp: onTheWire('2031-05-06T07:08:09Z') });
    expect(first?.timestamp).toEqual(new Date('2031-05-06T07:08:09Z'));
  });

  test('is not changed by what happens to an activity afterwards', async () => {
    const logged = await transcriptOf(({ activity }) => {
      activity.text = 'changed';
    });
    expect(logged[0]?.text).toBe('hello');
  });

  test('leaves out what starts a proactive turn', async () => {
    expect(await transcriptOf(() => undefined, { type: 'event', name: 'ContinueConversation' })).toEqual([]);
    expect((await transcriptOf(() => undefined, { type: 'event', name: 'x' })).length).toBe(1);
  });

  test('writes nothing for a turn that failed', async () => {
    const store = new MemoryTranscriptStore();
    const failing = transcriptOf(() => Promise.reject(new Error('broken')), {}, store);
    await expect(failing).rejects.toThrow('broken');
    expect((await store.getTranscriptActivities('test', 'c-1')).items).toEqual([]);
  });

  test('waits for the logger', async () => {
    const written: string[] = [];
    await transcriptOf(
      () => undefined,
      {},
      {
        async logActivity({ type }) {
          await new Promise((resolve) => setTimeout(resolve, 10));
          written.push(type);
        },
      },
    );
    expect(written).toEqual(['message']);
  });

  test('does not fail with the logger, and goes on', async () => {
    const errors: unknown[] = [];
    jest.spyOn(console, 'error').mockImplementation((text: unknown) => {
      errors.push(text);
    });
    const failures = [
      () => Promise.reject(new Error('full')),
      () => {
        throw new Error('odd');
      },
      () => Promise.reject('text'),
    ];
    for (const logActivity of failures) {
      expect((await transcriptOf((context) => context.sendActivity('x'), {}, { logActivity })).length).toBe(2);
    }
    expect(errors.filter((text) => String(text).startsWith('TranscriptLoggerMiddleware'))).toEqual([
      'TranscriptLoggerMiddleware logActivity failed: "full"',
      'TranscriptLoggerMiddleware logActivity failed: "full"',
      'TranscriptLoggerMiddleware logActivity failed: "odd"',
      'TranscriptLoggerMiddleware logActivity failed: "odd"',
      'TranscriptLoggerMiddleware logActivity failed: ""text""',
      'TranscriptLoggerMiddleware logActivity failed: ""text""',
    ]);
  });

  test('needs a logger', () => {
    expect(() => new TranscriptLoggerMiddleware(undefined as unknown as TranscriptLogger)).toThrow('TranscriptLogger');
  });
});

test('ConsoleTranscriptLogger writes to the console', () => {
  const log = jest.spyOn(console, 'log').mockImplementation(() => undefined);
  const activity = incoming();
  new ConsoleTranscriptLogger().logActivity(activity);
  expect(log.mock.calls).toEqual([['Activity Log:', activity]]);
  expect(() => new ConsoleTranscriptLogger().logActivity(undefined as unknown as Activity)).toThrow('required');
});

const START = Date.parse('2031-05-06T07:08:09.000Z');

function activityAt(seconds: number, different: Partial<Activity> = {}): Activity {
  return incoming({ id: `a-${seconds}`, timestamp: new Date(START + seconds * 1000), ...different });
}

const STORES: [name: string, make: () => TranscriptStore][] = [
  ['MemoryTranscriptStore', () => new MemoryTranscriptStore()],
  ['FileTranscriptStore', fileStore],
  ['StorageTranscriptStore', () => new StorageTranscriptStore(new MemoryStorage())],
];

describe.each(STORES)('%s', (_name, make) => {
  const ids = async (store: TranscriptStore, ...given: [token?: string, start?: Date]) =>
    (await store.getTranscriptActivities('test', 'c-1', ...given)).items.map(({ id }) => id);

  test('gives activities back by time, as they were', async () => {
    const store = make();
    for (const seconds of [2, 0, 1]) await store.logActivity(activityAt(seconds));
    expect(await ids(store)).toEqual(['a-0', 'a-1', 'a-2']);
    const [first] = (await store.getTranscriptActivities('test', 'c-1')).items;
    expect(JSON.stringify(first)).toBe(JSON.stringify(activityAt(0)));
    expect(first?.timestamp).toBeInstanceOf(Date);
  });

  test('gives back those from a date on', async () => {
    const store = make();
    for (const seconds of [0, 1, 2]) await store.logActivity(activityAt(seconds));
    expect(await ids(store, undefined, new Date(START + 1000))).toEqual(['a-1', 'a-2']);
  });

  test('gives pages that are, together, everything once, whatever their number', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 65 }), async (count) => {
        const store = make();
        const all = Array.from({ length: count }, (_, seconds) => activityAt(seconds));
        // As many updates as activities would share their ids: a page must not be found by an id.
        for (const activity of all)
          await store.logActivity({ ...activity, id: `same-${Number(activity.id?.slice(2)) % 7}` });
        const found: (string | undefined)[] = [];
        let token: string | undefined;
        let pages = 0;
        do {
          const { items, continuationToken } = await store.getTranscriptActivities('test', 'c-1', token);
          expect(items.length).toBeLessThanOrEqual(20);
          found.push(...items.map(({ id }) => id));
          token = continuationToken;
          pages += 1;
        } while (token !== undefined && pages < 10);
        expect(found).toEqual(all.map((_, seconds) => `same-${seconds % 7}`));
      }),
      { numRuns: 12 },
    );
  });

  test('lists the conversations of a channel', async () => {
    const store = make();
    const names = ['c-1', '19:x/y\\z@thread.tacv2;messageid=1', 'C-1', '..', `long-${'x'.repeat(900)}`];
    for (const [seconds, id] of names.entries()) {
      await store.logActivity(activityAt(seconds, { conversation: { id } }));
      await store.logActivity(activityAt(seconds + 10, { conversation: { id } }));
    }
    await store.logActivity(activityAt(0, { channelId: 'other' }));
    const { items, continuationToken } = await store.listTranscripts('test');
    expect(continuationToken).toBeUndefined();
    const expected = names.map((id, seconds) => ({ channelId: 'test', id, created: new Date(START + seconds * 1000) }));
    expect(items.sort((one, other) => one.created.getTime() - other.created.getTime())).toEqual(expected);
    for (const { id } of expected) {
      expect((await store.getTranscriptActivities('test', id)).items.length).toBe(2);
    }
  });

  test('deletes a transcript, and no other', async () => {
    const store = make();
    await store.logActivity(activityAt(0));
    await store.logActivity(activityAt(1, { conversation: { id: 'c-2' } }));
    await store.deleteTranscript('test', 'c-1');
    await store.deleteTranscript('test', 'never-was');
    expect(await ids(store)).toEqual([]);
    expect((await store.listTranscripts('test')).items.map(({ id }) => id)).toEqual(['c-2']);
  });

  test('has nothing of what it never saw', async () => {
    expect(await make().listTranscripts('test')).toEqual({ items: [], continuationToken: undefined });
    const transcript = await make().getTranscriptActivities('test', 'c-1', undefined);
    expect(transcript).toEqual({ items: [], continuationToken: undefined });
    expect(await ids(make(), 'nonsense')).toEqual([]);
  });

  test('says what is missing', async () => {
    const store = make();
    const missing = async (call: () => unknown) => {
      await call();
    };
    await expect(missing(() => store.logActivity(undefined as unknown as Activity))).rejects.toThrow('cannot be null');
    await expect(missing(() => store.getTranscriptActivities('', 'c'))).rejects.toThrow('Missing channelId');
    await expect(missing(() => store.getTranscriptActivities('x', ''))).rejects.toThrow('Missing conversationId');
    await expect(missing(() => store.listTranscripts(''))).rejects.toThrow('Missing channelId');
    await expect(missing(() => store.deleteTranscript('x', ''))).rejects.toThrow('Missing conversationId');
  });
});

test.each(STORES)(
  '%s keeps a long id apart from every id that is spelled like a name of its own',
  async (name, make) => {
    const long = `long-${'x'.repeat(900)}`;
    const store = make();
    await store.logActivity(activityAt(0, { conversation: { id: long } }));
    const folder = folders.at(-1) ?? '';
    const given = name === 'FileTranscriptStore' ? readdirSync(path.join(folder, 'test')) : [];
    const hash = createHash('sha256').update(long).digest('hex');
    // As names of folders have been made, and as they are made.
    const spelled = [`${long.slice(0, 120 - 64)}${hash}`, ...given];
    for (const id of spelled) {
      expect((await store.getTranscriptActivities('test', id)).items).toEqual([]);
      await store.logActivity(activityAt(1, { conversation: { id } }));
      await store.deleteTranscript('test', id);
    }
    expect((await store.getTranscriptActivities('test', long)).items).toHaveLength(1);
  },
);

test('FileTranscriptStore keeps activities apart whose ids are long, or spelled like the name of a long one', async () => {
  const store = fileStore();
  const long = `a-${'x'.repeat(900)}`;
  const hash = createHash('sha256').update(long).digest('hex');
  const ids = [long, `${long}y`, `${long.slice(0, 120 - 64)}${hash}`];
  for (const id of ids) await store.logActivity({ ...activityAt(0), id });
  const { items } = await store.getTranscriptActivities('test', 'c-1');
  expect(items.map(({ id }) => id).sort()).toEqual([...ids].sort());
});

test('FileTranscriptStore needs a folder', () => {
  expect(() => new FileTranscriptStore('')).toThrow('Missing folder.');
});

describe('StorageTranscriptStore', () => {
  const everything = async (store: TranscriptStore): Promise<(string | undefined)[]> => {
    const found: (string | undefined)[] = [];
    let token: string | undefined;
    do {
      const page = await store.getTranscriptActivities('test', 'c-1', token);
      found.push(...page.items.map(({ id }) => id));
      token = page.continuationToken;
    } while (token !== undefined);
    return found;
  };
  const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);

  test('loses nothing when many write at once, from several instances', async () => {
    const storage = new MemoryStorage();
    const stores = numbers(5).map(() => new StorageTranscriptStore(storage));
    const writes = numbers(60).map((number) => stores[number % stores.length]?.logActivity(activityAt(number)));
    await Promise.all(writes);
    const found = await everything(new StorageTranscriptStore(storage));
    expect(found.sort()).toEqual(
      numbers(60)
        .map((number) => `a-${number}`)
        .sort(),
    );
    expect((await new StorageTranscriptStore(storage).listTranscripts('test')).items.length).toBe(1);
  });

  test('lists a conversation once, also when it was deleted and began again', async () => {
    const store = new StorageTranscriptStore(new MemoryStorage());
    for (const seconds of [0, 1]) {
      await store.logActivity(activityAt(seconds));
      await store.deleteTranscript('test', 'c-1');
    }
    await store.logActivity(activityAt(2));
    expect((await store.listTranscripts('test')).items).toEqual([
      { channelId: 'test', id: 'c-1', created: new Date(START + 2000) },
    ]);
    expect(await everything(store)).toEqual(['a-2']);
  });

  test('finds its end again when the hint at it was set back', async () => {
    const storage = new MemoryStorage();
    const store = new StorageTranscriptStore(storage);
    for (const number of numbers(45)) await store.logActivity(activityAt(number));
    await storage.write({ 'transcripts/test/c-1/end': { number: 0 } });
    await store.logActivity(activityAt(45));
    expect(await everything(store)).toEqual(numbers(46).map((number) => `a-${number}`));
  });

  test('closes a page early when its activities are large', async () => {
    const storage = new MemoryStorage();
    const store = new StorageTranscriptStore(storage);
    for (const number of numbers(4)) await store.logActivity(activityAt(number, { text: 'x'.repeat(200_000) }));
    const { items, continuationToken } = await store.getTranscriptActivities('test', 'c-1');
    expect([items.length, continuationToken]).toEqual([2, '1']);
    expect(await everything(store)).toEqual(['a-0', 'a-1', 'a-2', 'a-3']);
  });

  test('skips pages before a date', async () => {
    const store = new StorageTranscriptStore(new MemoryStorage());
    for (const number of numbers(41)) await store.logActivity(activityAt(number));
    const { items } = await store.getTranscriptActivities('test', 'c-1', undefined, new Date(START + 40_000));
    expect(items.map(({ id }) => id)).toEqual(['a-40']);
  });

  test('goes on after a storage that failed', async () => {
    class Failing extends MemoryStorage {
      failing = false;
      override async write(changes: Record<string, unknown>): Promise<void> {
        if (this.failing) throw new Error('away');
        return super.write(changes);
      }
    }
    const storage = new Failing();
    const store = new StorageTranscriptStore(storage);
    storage.failing = true;
    await expect(store.logActivity(activityAt(0))).rejects.toThrow('away');
    storage.failing = false;
    await store.logActivity(activityAt(1));
    expect(await everything(store)).toEqual(['a-1']);
  });

  test('needs a storage', () => {
    expect(() => new StorageTranscriptStore(undefined as unknown as MemoryStorage)).toThrow('Missing storage.');
  });
});

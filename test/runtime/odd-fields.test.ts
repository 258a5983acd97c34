import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { MemoryStorage } from '../../src/bot/memory-storage';
import { getMentions, removeRecipientMention } from '../../src/bot/mentions';
import type { Middleware } from '../../src/bot/middleware';
import type { TurnContext } from '../../src/bot/turn-context';
import { FileTranscriptStore } from '../../src/middleware/file-transcript-store';
import { MemoryTranscriptStore } from '../../src/middleware/memory-transcript-store';
import { SetSpeakMiddleware } from '../../src/middleware/set-speak-middleware';
import { ShowTypingMiddleware } from '../../src/middleware/show-typing-middleware';
import { StorageTranscriptStore } from '../../src/middleware/storage-transcript-store';
import { TeamsSSOTokenExchangeMiddleware } from '../../src/middleware/teams-sso-token-exchange-middleware';
import { TelemetryLoggerMiddleware } from '../../src/middleware/telemetry-logger-middleware';
import { TranscriptLoggerMiddleware } from '../../src/middleware/transcript-logger-middleware';
import { botLogic } from '../../src/runtime/bot-logic';
import { receive } from '../../src/runtime/ingress';
import { attend } from '../../src/runtime/processor';
import { ReferenceKeeper } from '../../src/runtime/reference-keeper';
import type { Activity } from '../../src/schema/activity';
import { getConversationReference } from '../../src/schema/conversation-reference';
import { FIELD_KINDS } from '../../src/schema/field-kinds';
import * as channelData from '../../src/teams/channel-data';
import { TeamsActivityHandler } from '../../src/teams/teams-activity-handler';
import { conversationKey } from '../../src/turn/keys';
import type { ManualClock } from '../support/manual-clock';
import { OPEN } from '../support/open-auth';
import { createPipeline } from './pipeline';

/*
 * Every field that the program reads, replaced by every kind of JSON value, in every type of activity, through the endpoint, the turn and the
 * middleware: the answer is never 500, and no attempt fails with a mistake of the program's.
 */

const folder = mkdtempSync(path.join(tmpdir(), 'turnwise-odd-'));
/** Writes of files under way: their turns may be over, as the time of a test passes faster than a disk writes. */
const writing = new Set<Promise<void>>();
afterAll(async () => {
  while (writing.size > 0) await Promise.allSettled(writing);
  rmSync(folder, { recursive: true });
});

/** Transcripts in files whose writes are waited for at the end. */
class WatchedFiles extends FileTranscriptStore {
  override logActivity(activity: Activity): Promise<void> {
    const written = super.logActivity(activity);
    writing.add(written);
    written.catch(() => undefined).finally(() => writing.delete(written));
    return written;
  }
}

/** Where the loggers of transcripts say what they could not do. */
let complaints: string[] = [];
beforeEach(() => {
  jest.spyOn(console, 'error').mockImplementation((...said) => void complaints.push(said.join(' ')));
});
afterEach(() => void jest.restoreAllMocks());

/** What a bot's own code may throw at what it does not take: with a code, or as the Bot Framework SDK does. */
const MISTAKES = /^(TypeError|RangeError|ReferenceError|SyntaxError|URIError)$/;

let handled = 0;

const reads = async (context: TurnContext): Promise<void> => {
  handled += 1;
  const { activity } = context;
  removeRecipientMention({ ...activity });
  getMentions(activity);
  getConversationReference(activity);
  for (const read of Object.values(channelData)) read({ ...activity } as never);
};

function everything() {
  const bot = new TeamsActivityHandler();
  const methods = Object.getOwnPropertyNames(TeamsActivityHandler.prototype).concat(
    Object.getOwnPropertyNames(Object.getPrototypeOf(Object.getPrototypeOf(TeamsActivityHandler.prototype))),
  );
  for (const name of methods.filter((each) =>
    /^on[A-Z].*Event$|^on(Message|MembersAdded|Event|Dialog|Turn)$/.test(each),
  )) {
    const register = (bot as unknown as Record<string, (handler: unknown) => void>)[name];
    register?.call(bot, async (...given: unknown[]) => {
      const context = given.find((each) => (each as TurnContext)?.activity !== undefined) as TurnContext;
      await reads(context);
      await context.sendActivity({ text: 'hello', speak: 'hello' });
      await (given.at(-1) as () => Promise<void>)();
    });
  }
  const telemetry = { trackEvent() {}, trackException() {}, trackTrace() {}, trackDependency() {}, flush() {} };
  const middleware: readonly Middleware[] = [
    new ShowTypingMiddleware(500, 2_000),
    new SetSpeakMiddleware('voice', true),
    new TelemetryLoggerMiddleware(telemetry as never, true),
    new TranscriptLoggerMiddleware(new MemoryTranscriptStore()),
    new TranscriptLoggerMiddleware(new StorageTranscriptStore(new MemoryStorage())),
    new TranscriptLoggerMiddleware(new WatchedFiles(folder)),
    new TeamsSSOTokenExchangeMiddleware(new MemoryStorage(), 'connection'),
  ];
  return botLogic((context) => bot.run(context), middleware, undefined);
}

const bot = everything();

async function whileTimePasses<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let over = false;
  const done = work.finally(() => {
    over = true;
  });
  while (!over) {
    await clock.settle();
    if (!over) await clock.advance(1_000);
  }
  return done;
}

/** Posts an activity, runs its turn, and returns what went wrong. */
async function troubles(activity: object): Promise<readonly string[]> {
  complaints = [];
  const pipeline = createPipeline();
  const { clock, store } = pipeline;
  const events = pipeline.events as { name: string; fields: Readonly<Record<string, unknown>> }[];
  const log = {
    event: (_level: string, name: string, fields: object) => void events.push({ name, fields: { ...fields } }),
  };
  const keeper = new ReferenceKeeper({ references: store.references, clock, log, ttlMs: 1e9 });
  const runtime = { ...pipeline.worker(async () => undefined), bot, keeper };
  const posted = receive(runtime, OPEN, {
    headers: { 'content-type': 'application/json' },
    body: async () => new TextEncoder().encode(JSON.stringify(activity)),
  });
  const { status, body } = await whileTimePasses(clock, posted);
  const { conversation } = activity as { conversation?: { id?: unknown } };
  if (status === 200 && (activity as { type: unknown }).type !== 'invoke') {
    const key = conversationKey(String((activity as { channelId?: unknown }).channelId), String(conversation?.id));
    await whileTimePasses(clock, attend(runtime, key));
  }
  const wrong = pipeline.events.filter(({ fields }) => MISTAKES.test(String(fields.error)));
  const unnamed = status === 400 && (body as { error?: { code?: string } } | undefined)?.error?.code === undefined;
  return [
    ...complaints,
    ...(status === 500 ? [`500 ${JSON.stringify(body)}`] : []),
    ...(unnamed && (activity as { type: unknown }).type !== 'invoke' ? ['400 without a code'] : []),
    ...wrong.map(({ name, fields }) => `${name} ${JSON.stringify(fields)}`),
  ];
}

const account = { id: 'user', name: 'User', aadObjectId: 'entra', role: 'user' };
const place = { id: 'c', name: 'C', tenantId: 't', conversationType: 'personal', isGroup: false };
const base = {
  id: 'a1',
  channelId: 'test',
  serviceUrl: 'https://channel.example/',
  timestamp: '2030-01-01T00:00:00.000Z',
  from: account,
  recipient: { id: 'bot', name: 'Bot' },
  conversation: place,
  locale: 'en-US',
  text: '<at>Bot</at> hello',
  attachments: [{ contentType: 'text/html', content: '', contentUrl: 'https://a.example/', name: 'a' }],
  entities: [{ type: 'mention', mentioned: { id: 'bot', name: 'Bot' }, text: '<at>Bot</at>' }],
  relatesTo: {
    conversation: place,
    user: account,
    bot: account,
    channelId: 'test',
    serviceUrl: 'https://channel.example/',
  },
  channelData: {
    eventType: 'teamRenamed',
    tenant: { id: 't' },
    team: { id: 'team', name: 'Team' },
    channel: { id: 'channel', name: 'Channel' },
    settings: { selectedChannel: { id: 'channel' } },
    meeting: { id: 'm' },
    onBehalfOf: [],
  },
};

const meeting = { Id: 'i', JoinUrl: 'j', MeetingType: 't', Title: 'T', StartTime: '2030-01-01', EndTime: '2030-01-01' };
const TYPES: readonly Readonly<Record<string, unknown>>[] = [
  { type: 'message' },
  { type: 'messageUpdate', channelData: { ...base.channelData, eventType: 'editMessage' } },
  { type: 'messageDelete', channelData: { ...base.channelData, eventType: 'softDeleteMessage' } },
  { type: 'conversationUpdate', membersAdded: [account] },
  { type: 'conversationUpdate', membersRemoved: [account] },
  { type: 'conversationUpdate' },
  { type: 'messageReaction', reactionsAdded: [{ type: 'like' }], reactionsRemoved: [{ type: 'like' }] },
  { type: 'installationUpdate', action: 'add' },
  { type: 'event', name: 'application/vnd.microsoft.meetingStart', value: meeting },
  { type: 'event', name: 'application/vnd.microsoft.meetingEnd', value: meeting },
  { type: 'event', name: 'application/vnd.microsoft.meetingParticipantJoin', value: { members: [] } },
  { type: 'event', name: 'application/vnd.microsoft.readReceipt', value: { lastReadMessageId: '1' } },
  { type: 'endOfConversation', code: 'unknown' },
  { type: 'typing' },
  { type: 'trace', label: 'l', valueType: 'v' },
  { type: 'handoff' },
  { type: 'command', name: 'c', value: { commandId: '1' } },
  ...[
    ['adaptiveCard/action', { action: { type: 'Action.Execute', verb: 'v' } }],
    ['application/search', { kind: 'search', queryText: 'q' }],
    ['fileConsent/invoke', { action: 'accept', uploadInfo: { uploadUrl: 'u' } }],
    ['signin/verifyState', { state: '123456' }],
    ['signin/tokenExchange', { id: 'e', connectionName: 'connection', token: 't' }],
    ['composeExtension/submitAction', { botMessagePreviewAction: 'edit', botActivityPreview: [] }],
    ['composeExtension/query', { commandId: 'c', parameters: [] }],
    ['task/fetch', { data: {} }],
    ['config/fetch', {}],
    ['unknown', {}],
  ].map(([name, value]) => ({ type: 'invoke', name, value })),
  { type: 'message', deliveryMode: 'expectReplies' },
];

/** Every kind of JSON value, and texts that are nearly something. */
const KINDS: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1.5,
  1e300,
  '',
  'text',
  'not a date',
  '2030-13-45T99:99:99Z',
  'x'.repeat(5_000),
  '漢'.repeat(2_000),
  '\u0000',
  '__proto__',
  [],
  [null],
  [1],
  ['text'],
  [[]],
  [{}],
  {},
  { id: 1 },
  { id: {} },
  { toString: 1, valueOf: null, length: -1 },
];

/** Fields that are the channel's or the bot's, and that the program looks into. */
const LOOKED_INTO = [
  'value',
  'channelData',
  ...[
    'eventType',
    'tenant',
    'tenant.id',
    'team',
    'team.id',
    'channel',
    'channel.id',
    'settings',
    'settings.selectedChannel',
    'meeting',
    'onBehalfOf',
  ].map((name) => `channelData.${name}`),
  ...[
    'action',
    'action.type',
    'authentication',
    'state',
    'id',
    'uploadInfo',
    'members',
    'lastReadMessageId',
    'kind',
    'botMessagePreviewAction',
    'Id',
    'StartTime',
  ].map((name) => `value.${name}`),
  'attachments[].content',
  'entities[].mentioned',
  'entities[].mentioned.id',
  'entities[].text',
  'entities[].streamType',
  'from.properties',
];

const FIELDS = [...FIELD_KINDS.map(([field]) => field), ...LOOKED_INTO];

/** A copy in which the value at a path is another. Where the path leads nowhere, it is made. */
function replaced(activity: object, field: string, value: unknown): object {
  const copy = structuredClone(activity) as Record<string, unknown>;
  const names = field.split('.');
  let inner = copy;
  for (const [index, name] of names.entries()) {
    const list = name.endsWith('[]');
    const own = list ? name.slice(0, -2) : name;
    if (index === names.length - 1) {
      inner[own] = value;
      break;
    }
    const next = inner[own];
    const isObject = typeof next === 'object' && next !== null;
    if (!isObject) inner[own] = list ? [{}] : {};
    const found = inner[own];
    if (Array.isArray(found)) found[0] ??= {};
    inner = (Array.isArray(found) ? found[0] : found) as Record<string, unknown>;
  }
  return copy;
}

test('nothing is wrong with what channels send, and the bot has its say', async () => {
  let heard = 0;
  for (const type of TYPES) {
    const before = handled;
    expect(await troubles({ ...base, ...type, channelId: 'msteams' })).toEqual([]);
    if (handled > before) heard += 1;
  }
  // All but a few invokes and types for which there is no method.
  expect(heard).toBeGreaterThan(TYPES.length / 2);
});

test.each([...new Set(FIELDS)])('%s may be anything', async (field) => {
  const activity = fc.constantFrom(...TYPES);
  const channelId = fc.constantFrom('test', 'msteams', 'directline');
  for (const odd of [...KINDS.map((kind) => fc.constant(kind)), fc.jsonValue()]) {
    const property = fc.asyncProperty(activity, odd, channelId, async (type, value, channel) => {
      expect(await troubles(replaced({ ...base, ...type, channelId: channel }, field, value))).toEqual([]);
    });
    await fc.assert(property, { numRuns: 2 });
  }
});

test.each(LOOKED_INTO.filter((field) => field.startsWith('value')))(
  '%s may be anything in every activity that has a value',
  async (field) => {
    const odd: unknown[] = [null, 7, '', 'text', [], [null], {}, { toString: 1, valueOf: null }];
    for (const type of TYPES.filter(({ value }) => value !== undefined)) {
      for (const value of odd) {
        expect(await troubles(replaced({ ...base, ...type, channelId: 'msteams' }, field, value))).toEqual([]);
      }
    }
  },
);

import { AsyncLocalStorage } from 'node:async_hooks';
import { app as functions } from '@azure/functions';
import { ConversationState, createBotApp, type Middleware, TURNS_QUEUE, type TurnContext, UserState } from '../../src';
import { BotConnector } from '../../src/azure/bot-connector';
import { parseRing } from '../../src/azure/ring-message';
import { configuredStore } from '../../src/configured';
import type { Connector } from '../../src/ports/connector';
import type { Log } from '../../src/ports/log';
import { systemClock } from '../../src/runtime/system';
import { readStoreAccess } from '../../src/settings';
import { conversationKey } from '../../src/turn/keys';
import { FAN, fanOf, type Orders, PADDING } from './plan';
import { CHANNEL, type ReplyText, type SenderMark, type WorkerEvent } from './wire';

/*
 * The functions app of the crash test, run by the local runner in every worker process: `createBotApp` with a bot that does as
 * the activity says. Beside the app itself it marks outgoing activities with the worker's name and tells the harness what happens.
 */

const WORKER = process.env.CRASH_WORKER ?? '';

// A harness that is gone, however it went, takes its workers along.
process.on('disconnect', () => process.exit(1));

/** The ring that is being answered: a worker may have several for one conversation, of which one does the work. */
const rings = new AsyncLocalStorage<number>();
let ringCount = 0;

function tell(event: WorkerEvent): void {
  const ring = rings.getStore();
  process.send?.(ring === undefined ? event : { ...event, ring });
}

const log: Log = {
  event(_, event, { conversation, effect, applied, error }) {
    if (typeof conversation !== 'string') return;
    const detail = effect ?? applied ?? error;
    tell({ event, conversation, ...(detail === undefined ? {} : { detail: String(detail) }) });
  },
};

const connector: Connector = {
  deliver: (call, signal) => {
    const mark: SenderMark = { worker: WORKER };
    return real.deliver(
      'activity' in call ? { ...call, activity: { ...call.activity, channelData: mark } } : call,
      signal,
    );
  },
};
const real = new BotConnector({ tokens: undefined, trust: { development: true }, clock: systemClock });

const conversationState = new ConversationState();
const count = conversationState.createProperty<number>('count');
const turns = conversationState.createProperty<string[]>('turns');
const fanned = conversationState.createProperty<string[]>('fanned');
const userState = new UserState();
const userCount = userState.createProperty<number>('count');
const userTurns = userState.createProperty<string[]>('turns');

const FAN_EVENT = 'fan';

/** Posts to other conversations, whose turns write down what has come. */
async function fanOut({ activity, proactive }: TurnContext): Promise<void> {
  const { id = '', conversation, recipient, serviceUrl } = activity;
  for (let index = 0; index < FAN.posts; index += 1) {
    const to = { channelId: CHANNEL, serviceUrl, bot: recipient, conversation: { id: fanOf(id, index) } };
    await proactive.run(to, FAN_EVENT, { post: `${conversation.id}/${id}#${index}`, padding: FAN.padding });
  }
}

async function bot(context: TurnContext): Promise<void> {
  const { id = '', conversation, name, type, value } = context.activity;
  if (type === 'event' && name === FAN_EVENT) {
    (await fanned.get(context, [])).push((value as { readonly post: string }).post);
    return;
  }
  const { manner, takesMs, user } = value as Orders;
  const counted = (await count.get(context, 0)) + 1;
  await count.set(context, counted);
  (await turns.get(context, [])).push(id);
  const reply = async (ordinal: number, more: Partial<ReplyText> = {}): Promise<void> => {
    const padding = manner === 'large' ? { padding: PADDING } : {};
    const text: ReplyText = { activity: id, ordinal, count: counted, ...padding, ...more };
    await context.sendActivity(JSON.stringify(text));
  };
  if (manner === 'long' || manner === 'flush') await reply(0);
  if (manner === 'flush') await context.flush();
  if (manner === 'fanOut') await fanOut(context);
  if (manner === 'step') await context.step('work', () => systemClock.sleep(takesMs, context.signal));
  else await systemClock.sleep(takesMs, context.signal);
  if (manner === 'poison' || (manner === 'stumble' && context.attempt === 1)) throw new Error(manner);
  if (manner === 'terminal') throw Object.assign(new Error(manner), { retry: false });
  const last = manner === 'long' || manner === 'flush' ? 1 : 0;
  if (!user) return reply(last);
  const userCounted = (await userCount.get(context, 0)) + 1;
  await userCount.set(context, userCounted);
  (await userTurns.get(context, [])).push(`${conversation.id}/${id}`);
  return reply(last, { userCount: userCounted });
}

async function answer(message: unknown): Promise<void> {
  const conversation = parseRing(message);
  if (conversation !== undefined) tell({ event: 'rung', conversation });
  try {
    await app.turns(message);
  } finally {
    if (conversation !== undefined) tell({ event: 'answered', conversation });
  }
}

const announce: Middleware = {
  async onTurn(context, next) {
    const { channelId, conversation } = context.activity;
    tell({ event: 'started', conversation: conversationKey(channelId, conversation.id) });
    await next();
  },
};

// The runner gives every worker a data folder of its own; the store is one for all of them.
const access = readStoreAccess(JSON.parse(process.env.CRASH_STORE ?? '{}'));

const app = createBotApp({
  bot,
  middleware: [announce],
  onTurnError: async (context) => {
    const text: ReplyText = { activity: context.activity.id ?? '', ordinal: -1, count: 0 };
    await context.sendActivity(JSON.stringify(text));
  },
  store: configuredStore(access.store, access.environment),
  connector,
  log,
});

functions.http('messages', {
  methods: ['POST'],
  route: 'messages',
  authLevel: 'anonymous',
  handler: (request) => app.messages(request),
});
functions.storageQueue('turns', {
  queueName: TURNS_QUEUE,
  connection: 'AzureWebJobsStorage',
  handler: (message) => {
    ringCount += 1;
    return rings.run(ringCount, answer, message);
  },
});
functions.timer('sweep', { schedule: '0 * * * * *', handler: (timer) => app.sweep(timer) });

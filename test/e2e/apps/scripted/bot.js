const { join } = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const {
  ActivityHandler,
  ConversationState,
  createBotApp,
  TurnContext,
  UserState,
} = require('../../../../dist/src/index.js');
const { systemClock } = require('../../../../dist/src/runtime/system.js');
const { createSqliteStore } = require('../../../../dist/src/sqlite/sqlite-store.js');
const { DEFAULT_TIMING } = require('../../../../dist/src/turn/timing.js');
const { isOpen, write } = require('./journal.js');

const conversationState = new ConversationState();
const count = conversationState.createProperty('count');
const sentIds = conversationState.createProperty('sentIds');
const userCount = new UserState().createProperty('userCount');

/** Calls on a context whose turn is over, and errors of the bot's own. */
const LATE = {
  send: (context) => context.sendActivity('late'),
  update: (context) => context.updateActivity({ id: 'x', type: 'message', text: 'late' }),
  delete: (context) => context.deleteActivity('x'),
  typing: (context) => context.adapter.sendActivities(context, [{ type: 'typing' }]),
  stream: (context) => context.stream().append('late'),
  state: (context) => count.set(context, 9),
  load: (context) => conversationState.load(context),
  save: (context) => conversationState.saveChanges(context),
  step: (context) => context.step('late', () => 1),
  flush: (context) => context.flush(),
  post: (context) => context.proactive.send({ user: 'x', channelId: 'test' }, 'late'),
  own: () => Promise.reject(new RangeError('A text of the bot, which is not logged.')),
};

/** What a message can ask for, step by step, in its `value`: `[['reply', 'one moment'], ['sleep', 3000], ['reply', 'done']]`. */
const STEPS = {
  /** Something that happens after the turn, and that nothing waits for. */
  late(context, kind) {
    setTimeout(() => LATE[kind](context), 300);
  },
  /** As many bots have it: a function of the handler's own that goes on by itself. */
  lateFunction(context, kind) {
    void (async () => {
      await sleep(300);
      await LATE[kind](context);
    })();
  },
  reply: (context, text) => context.sendActivity(text),
  send: (context, activity) => context.sendActivity(activity),
  typing: (context) => context.sendActivity({ type: 'typing' }),
  flush: (context) => context.flush(),
  sleep: (_context, ms) => sleep(ms),
  async gate(_context, name) {
    while (!isOpen(name)) await sleep(20);
  },
  async count(context) {
    const value = (await count.get(context, 0)) + 1;
    await count.set(context, value);
    await context.sendActivity(String(value));
  },
  async countUser(context) {
    await userCount.set(context, (await userCount.get(context, 0)) + 1);
  },
  async tellUserCount(context) {
    await context.sendActivity(`user ${await userCount.get(context)}`);
  },
  async sendAndKeep(context, text, name) {
    const { id } = await context.sendActivity(text);
    await sentIds.set(context, { ...(await sentIds.get(context, {})), [name]: id });
  },
  async update(context, name, text) {
    await context.updateActivity({ type: 'message', id: (await sentIds.get(context, {}))[name], text });
  },
  async remove(context, name) {
    await context.deleteActivity((await sentIds.get(context, {}))[name]);
  },
  async isReplyTo(context, name) {
    const is = context.activity.replyToId === (await sentIds.get(context, {}))[name];
    await context.sendActivity(is ? 'yes' : 'no');
  },
  async add(context, name) {
    const property = conversationState.createProperty(name);
    await property.set(context, (await property.get(context, 0)) + 1);
  },
  async answer(context, name) {
    const body = { [name]: await conversationState.createProperty(name).get(context) };
    await context.sendActivity({ type: 'invokeResponse', value: { status: 200, body } });
  },
  inform: (context, text) => context.stream().inform(text),
  append: (context, text) => context.stream().append(text),
  failUntilAttempt(context, attempt) {
    if (context.attempt < attempt) throw new Error('This attempt is meant to fail.');
  },
  failWith(_context, text) {
    throw Object.assign(new Error(text), { name: text, code: text });
  },
  dieUntilAttempt(context, attempt) {
    if (context.attempt < attempt) process.kill(process.pid, 'SIGKILL');
  },
  tell: (context, to, text) => context.proactive.send(to, text),
  async remind(context, ms, name) {
    const here = TurnContext.getConversationReference(context.activity);
    await context.proactive.schedule(here, { event: name, value: [['reply', `event ${name}`]] }, Date.now() + ms);
  },
  keep: (context, text) => conversationState.createProperty('kept').set(context, text),
  length: (context) => context.sendActivity(`${context.activity.text.length} characters`),
};

async function followScript(context) {
  const { id, conversation, value } = context.activity;
  const entry = { conversation: conversation.id, activity: id, attempt: context.attempt };
  write({ what: 'start', ...entry });
  try {
    for (const [step, ...details] of value ?? []) await STEPS[step](context, ...details);
  } finally {
    write({ what: 'end', ...entry });
  }
}

const messages = new ActivityHandler().onMessage(async (context, next) => {
  await followScript(context);
  await next();
});

messages.onEvent(async (context, next) => {
  await followScript(context);
  await next();
});

const bot = (context) => (context.activity.type === 'invoke' ? followScript(context) : messages.run(context));

const environment = { ...process.env, TURNWISE_DATA: process.env.E2E_STORE ?? process.env.TURNWISE_DATA };
const leaseMs = Number(process.env.E2E_LEASE_MS);

exports.app = createBotApp({
  bot,
  environment,
  options: JSON.parse(process.env.E2E_OPTIONS ?? '{}'),
  // Only to shorten the lease: the store that the settings name has the one it is shipped with.
  ...(leaseMs > 0 && {
    store: createSqliteStore({
      file: join(environment.TURNWISE_DATA, 'turnwise.db'),
      clock: systemClock,
      timing: { ...DEFAULT_TIMING, leaseMs },
    }),
  }),
  onTurnError: async (context) => {
    write({ what: 'turnError', conversation: context.activity.conversation.id, activity: context.activity.id });
    await context.sendActivity('Sorry.');
  },
  onDeliveryFailed: ({ conversation, reason }) => write({ what: 'deliveryFailed', conversation, code: reason.code }),
});

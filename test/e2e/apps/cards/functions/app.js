const { setTimeout: sleep } = require('node:timers/promises');
const { app: functions } = require('@azure/functions');
const { CardFactory, createBotApp, TeamsActivityHandler, TURNS_QUEUE } = require('../../../../../dist/src/index.js');

/** How long an invoke may take before it is answered without its handler. */
const DEADLINE_MS = 2_000;

const card = (...parts) => ({ type: 'AdaptiveCard', version: '1.4', ...Object.assign({}, ...parts) });
const body = (...texts) => ({ body: texts.map((text) => ({ type: 'TextBlock', text })) });

const votes = (count) =>
  card(body(`Votes: ${count}`), {
    actions: [{ type: 'Action.Execute', title: 'Vote', verb: 'vote', data: { count } }],
  });

const order = card(
  { body: [{ type: 'Input.Text', id: 'dish', label: 'Which dish?' }] },
  { actions: [{ type: 'Action.Submit', title: 'Order' }] },
);

const taskButton = card(body('A task module'), {
  actions: [{ type: 'Action.Submit', title: 'Open', data: { msteams: { type: 'task/fetch' } } }],
});

/** What a message asks for, by its text. */
const ANSWERS = {
  card: (context) => context.sendActivity({ attachments: [CardFactory.adaptiveCard(votes(0))] }),
  task: (context) => context.sendActivity({ attachments: [CardFactory.adaptiveCard(taskButton)] }),
  async stream(context) {
    const stream = context.stream();
    await stream.inform('Looking it up');
    await sleep(1_500);
    for (const word of ['The', ' quick', ' brown', ' fox', ' jumps', ' over', ' the', ' dog.']) {
      await stream.append(word);
      await sleep(600);
    }
  },
};

/** Cards that are refreshed, dialogs that are submitted, and a message that is shown while it is written. */
class Cards extends TeamsActivityHandler {
  constructor() {
    super();
    this.onMessage(async (context, next) => {
      await (ANSWERS[context.activity.text] ?? ANSWERS.card)(context);
      await next();
    });
    this.onMembersAdded(async (context, next) => {
      await context.sendActivity('Ready.');
      await next();
    });
  }

  async onAdaptiveCardInvoke(_context, { action }) {
    const type = 'application/vnd.microsoft.card.adaptive';
    return { statusCode: 200, type, value: votes(action.data.count + 1) };
  }

  async handleTeamsMessagingExtensionFetchTask() {
    return { task: { type: 'continue', value: { title: 'Order', card: CardFactory.adaptiveCard(order) } } };
  }

  async handleTeamsMessagingExtensionSubmitAction(context, { data }) {
    if (data.dish === 'Roast') await sleep(DEADLINE_MS + 1_000);
    await context.sendActivity(`Ordered: ${data.dish}`);
    const attachments = [{ ...CardFactory.heroCard('A receipt'), preview: CardFactory.heroCard('A receipt') }];
    return { composeExtension: { type: 'result', attachmentLayout: 'list', attachments } };
  }
}

const app = createBotApp({ bot: new Cards(), options: { inlineDeadlineMs: DEADLINE_MS } });

functions.http('messages', {
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: (request) => app.messages(request),
});

functions.timer('sweep', { schedule: '0 * * * * *', handler: (timer) => app.sweep(timer) });

functions.storageQueue('turns', {
  queueName: TURNS_QUEUE,
  connection: 'AzureWebJobsStorage',
  handler: (message) => app.turns(message),
});

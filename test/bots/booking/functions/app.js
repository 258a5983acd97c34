const { app: functions } = require('@azure/functions');
const turnwise = require('../../../../dist/src/index.js');
const { bookingBot } = require('../bot.js');

const { bot } = bookingBot(turnwise, (context, { destination }) =>
  context.step('reserve', () => `${destination.slice(0, 3).toUpperCase()}-1`),
);
const app = turnwise.createBotApp({ bot });

functions.http('messages', {
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: (request) => app.messages(request),
});
functions.timer('sweep', { schedule: '0 * * * * *', handler: (timer) => app.sweep(timer) });
functions.storageQueue('turns', {
  queueName: turnwise.TURNS_QUEUE,
  connection: 'AzureWebJobsStorage',
  handler: (message) => app.turns(message),
});

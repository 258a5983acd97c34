const { app: functions } = require('@azure/functions');
const turnwise = require('../../../../dist/src/index.js');
const { catalogueBot } = require('../bot.js');

const CatalogueBot = catalogueBot(turnwise);
const app = turnwise.createBotApp({ bot: new CatalogueBot() });

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

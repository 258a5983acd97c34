const { app: functions } = require('@azure/functions');
const { TURNS_QUEUE } = require('../../../../../dist/src/index.js');
const { app } = require('../bot.js');
const { write } = require('../journal.js');

functions.http('messages', {
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: (request) => app.messages(request),
});

functions.http('notify', {
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: (request) => app.notify(request),
});

functions.http('notification', {
  methods: ['GET', 'DELETE'],
  route: 'notify/{id}',
  authLevel: 'anonymous',
  handler: (request) => app.notification(request),
});

functions.http('health', { methods: ['GET'], authLevel: 'anonymous', handler: () => app.health() });

const schedule = process.env.E2E_SWEEP ?? '0 * * * * *';
functions.timer('sweep', { schedule, handler: (timer) => app.sweep(timer) });

functions.storageQueue('turns', {
  queueName: TURNS_QUEUE,
  connection: 'AzureWebJobsStorage',
  handler: (message) => {
    write({ what: 'ring' });
    return app.turns(message);
  },
});

/** A function of the app that is none of Turnwise's, and leaves a promise to itself. */
functions.http('loose', {
  methods: ['GET'],
  authLevel: 'anonymous',
  handler: () => {
    setTimeout(async () => {
      throw new Error('loose');
    }, 100);
    return { status: 204 };
  },
});

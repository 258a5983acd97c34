import { app as functions } from '@azure/functions';
import { app } from './bot';

functions.http('notify', {
  methods: ['POST'],
  route: 'notify',
  authLevel: app.notifyAuthLevel,
  handler: (request) => app.notify(request),
});

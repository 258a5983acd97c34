import { app as functions } from '@azure/functions';
import { app } from './bot';

functions.http('notification', {
  methods: ['GET', 'DELETE'],
  route: 'notify/{id}',
  authLevel: app.notifyAuthLevel,
  handler: (request) => app.notification(request),
});

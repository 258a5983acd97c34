import { app as functions } from '@azure/functions';
import { app } from './bot';

functions.http('messages', {
  methods: ['POST'],
  route: 'messages',
  authLevel: 'anonymous',
  handler: (request, invocation) => app.messages(request, invocation),
});

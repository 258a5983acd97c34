import { app as functions } from '@azure/functions';
import { app } from './bot';

functions.http('health', {
  methods: ['GET'],
  route: 'health',
  authLevel: 'anonymous',
  handler: (request) => app.health(request),
});

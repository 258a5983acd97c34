import { app as functions } from '@azure/functions';
import { TURNS_QUEUE } from '../src';
import { app } from './bot';

functions.storageQueue('turns', {
  queueName: TURNS_QUEUE,
  connection: 'AzureWebJobsStorage',
  handler: (message) => app.turns(message),
});

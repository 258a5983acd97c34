import { app as functions } from '@azure/functions';
import { app } from './bot';

functions.timer('sweep', {
  schedule: '0 * * * * *',
  handler: (timer) => app.sweep(timer),
});

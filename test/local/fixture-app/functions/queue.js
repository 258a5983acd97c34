const { appendFileSync } = require('node:fs');
const { join } = require('node:path');
const { app } = require('@azure/functions');

function record(entry) {
  appendFileSync(join(process.env.TURNWISE_DATA, 'record.jsonl'), `${JSON.stringify({ at: Date.now(), ...entry })}\n`);
}

app.storageQueue('work', {
  queueName: 'work',
  connection: 'AzureWebJobsStorage',
  handler: async (entry, context) => {
    record({ what: 'work', entry, metadata: context.triggerMetadata });
    context.log(`working on ${JSON.stringify(entry)}`);
    if (entry?.sleep) await new Promise((resolve) => setTimeout(resolve, entry.sleep));
    if (entry?.fail >= context.triggerMetadata.dequeueCount) throw new Error('this message fails');
    record({ what: 'worked', entry });
    console.warn('worked', entry);
  },
});

app.timer('tick', {
  schedule: '*/1 * * * * *',
  handler: (timer) => record({ what: 'tick', timer }),
});

app.timer('startup', {
  schedule: '0 0 0 1 1 *',
  runOnStartup: true,
  handler: (timer) => record({ what: 'startup', timer }),
});

app.hook.appStart(() => record({ what: 'appStart' }));
app.hook.appTerminate(() => record({ what: 'appTerminate' }));
app.hook.preInvocation((context) => {
  if (context.invocationContext.functionName === 'work')
    context.inputs[0] = context.inputs[0]?.replaced ?? context.inputs[0];
});

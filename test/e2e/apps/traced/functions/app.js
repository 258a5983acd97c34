/*
 * A bot whose process registers the SDK of OpenTelemetry, as an author would, and writes its spans down. One process takes requests, another
 * one runs turns.
 */
const { appendFileSync } = require('node:fs');
const { join } = require('node:path');
const { app: functions } = require('@azure/functions');
const { context, trace } = require('@opentelemetry/api');
const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
const { BasicTracerProvider, SimpleSpanProcessor } = require('@opentelemetry/sdk-trace-base');
const { createBotApp, TURNS_QUEUE } = require('../../../../../dist/src/index.js');

const exporter = {
  export(spans, done) {
    for (const span of spans) {
      const { spanId, traceId } = span.spanContext();
      const line = {
        name: span.name,
        role: process.env.E2E_ROLE,
        traceId,
        spanId,
        parent: span.parentSpanContext?.spanId,
      };
      appendFileSync(join(process.env.E2E_FOLDER, 'spans.jsonl'), `${JSON.stringify(line)}\n`);
    }
    done({ code: 0 });
  },
  shutdown: async () => undefined,
};

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));

const app = createBotApp({
  environment: { ...process.env, TURNWISE_DATA: process.env.E2E_STORE },
  bot: async (turn) => {
    await turn.sendActivity('traced');
  },
});

functions.http('messages', {
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: (request, invocation) => app.messages(request, invocation),
});

if (process.env.E2E_ROLE === 'back') {
  functions.storageQueue('turns', {
    queueName: TURNS_QUEUE,
    connection: 'AzureWebJobsStorage',
    handler: (message) => app.turns(message),
  });
}

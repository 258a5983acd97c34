import { HttpRequest } from '@azure/functions';
import { BotConnector } from '../../dist/src/azure/bot-connector.js';
import { ConversationState, createBotApp, systemClock } from '../../dist/src/index.js';
import { eventLine } from '../../dist/src/runtime/console-log.js';
import { openTelemetryLog } from '../../dist/src/telemetry/open-telemetry-log.js';
import { APP_ID } from '../fakes/login.ts';
import { bodyOf, counted, host, type Kept, ordersIn, surroundings } from './hosted.ts';

/*
 * Turnwise behind a plain HTTP server, which hands requests and rings to the app's handlers as the Functions worker does: as objects of
 * `@azure/functions`. The store is that of the settings; token, connector and queue are the production ones, with their addresses changed.
 */

const { metadata, cosmos, storage, folder } = surroundings();

const state = new ConversationState();
const kept = state.createProperty<Kept>('kept');

const app = createBotApp({
  bot: async (context) => {
    if (context.activity.type !== 'message') return;
    const ours = await kept.get(context, {});
    await context.sendActivity(await counted(ordersIn(context.activity.text), ours));
  },
  connector: new BotConnector({
    // A token that is there already, as it is in a process that has been up for a minute.
    tokens: { token: async () => 'of-the-bot', invalidate: () => undefined },
    trust: { development: true },
    clock: systemClock,
  }),
  // As without one, but for the console.
  log: openTelemetryLog(eventLine),
  environment: {
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    TURNWISE_STORE: process.env.BENCH_STORE,
    TURNWISE_DATA: folder,
    TURNWISE_COSMOS_TRANSPORT: process.env.BENCH_TRANSPORT,
    COSMOS_ENDPOINT: cosmos,
    COSMOS_KEY: Buffer.from('any').toString('base64'),
    COSMOS_DATABASE: 'bench',
    AzureWebJobsStorage: storage,
    MicrosoftAppId: APP_ID,
    MicrosoftAppType: 'MultiTenant',
    MicrosoftAppPassword: 'not-a-secret',
    ToBotFromChannelOpenIdMetadataUrl: metadata,
  },
});

// The first one loads what only it needs; it has passed before anybody looks at how memory grows.
const sweep = (): void => void app.sweep().catch(() => undefined);
setTimeout(sweep, 4_000).unref();
setInterval(sweep, 60_000).unref();

host({
  '/api/messages': async (request, response) => {
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const body = { bytes: Buffer.from(await bodyOf(request)) };
    const answer = await app.messages(
      new HttpRequest({ method: 'POST', url: 'http://127.0.0.1/api/messages', headers, body }),
    );
    response.writeHead(answer.status ?? 200).end(answer.jsonBody === undefined ? '' : JSON.stringify(answer.jsonBody));
  },
  '/turns': async (request, response) => {
    try {
      await app.turns(JSON.parse(await bodyOf(request)));
      response.writeHead(204).end();
    } catch {
      response.writeHead(500).end();
    }
  },
});

import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpRequest } from '@azure/functions';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createBotApp } from '../../src/app';
import type { TurnContext } from '../../src/bot/turn-context';
import { createMemoryStore } from '../../src/memory/memory-store';
import { systemClock } from '../../src/runtime/system';
import type { TaskModuleResponse } from '../../src/schema/teams-task-modules';
import { TeamsActivityHandler } from '../../src/teams/teams-activity-handler';
import { TeamsInfo } from '../../src/teams/teams-info';
import { OPEN } from '../support/open-auth';
import { incoming } from '../support/run-bot';

let service: http.Server;
let serviceUrl: string;
const asked: string[] = [];

beforeAll(async () => {
  service = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end(JSON.stringify({ id: 'user-1', email: 'user@example.org' }));
  });
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
  serviceUrl = `http://127.0.0.1:${(service.address() as AddressInfo).port}/`;
});
afterAll(() => {
  service.closeAllConnections();
  service.close();
});

class Greeter extends TeamsActivityHandler {
  protected override async handleTeamsTaskModuleFetch(context: TurnContext): Promise<TaskModuleResponse> {
    const { email } = await TeamsInfo.getMember(context, context.activity.from.id);
    return { task: { type: 'message', value: `Hello ${email}` } };
  }
}

test('an invoke is answered in its response, with what the channel was asked meanwhile', async () => {
  const app = createBotApp({
    bot: new Greeter(),
    store: createMemoryStore(systemClock),
    doorbell: { ring: async () => undefined },
    log: { event: () => undefined },
    auth: OPEN,
    environment: { AZURE_FUNCTIONS_ENVIRONMENT: 'Development', AzureWebJobsStorage: 'UseDevelopmentStorage=true' },
  });
  const activity = { type: 'invoke', name: 'task/fetch', channelId: 'msteams', serviceUrl, value: {} };
  const request = new HttpRequest({
    method: 'POST',
    url: 'http://127.0.0.1/api/messages',
    headers: { 'content-type': 'application/json' },
    body: { string: JSON.stringify(incoming(activity)) },
  });
  const response = await app.messages(request);
  await app.close();
  expect(response.status).toBe(200);
  expect(JSON.parse(String(response.body ?? JSON.stringify(response.jsonBody)))).toEqual({
    task: { type: 'message', value: 'Hello user@example.org' },
  });
  expect(asked).toEqual(['GET /v3/conversations/c-1/members/user-1']);
});

import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as botbuilder from 'botbuilder';
import type { Activity } from '../../../src/schema/activity';
import { Channel, post } from '../../e2e/support/channel';
import { endAllRunners, type RunnerProcess, startRunner } from '../../e2e/support/runner';
import { Workspace } from '../../e2e/support/workspace';
import { type FakeConnector, startFakeConnector } from '../../support/fake-connector';

/* A messaging extension as a deployed app: what Teams asks over HTTP is answered as the Bot Framework SDK would answer it. */

const { catalogueBot } = require('./bot.js') as {
  catalogueBot(framework: object): new () => { run(context: unknown): Promise<void> };
};

const workspace = new Workspace();
let connector: FakeConnector;
let channel: Channel;
let runner: RunnerProcess;

beforeAll(async () => {
  connector = await startFakeConnector();
  channel = new Channel(connector, 'catalogue');
  runner = await startRunner({ folder: path.join(__dirname) }, workspace.env);
});

afterAll(async () => {
  await runner?.stop();
  await endAllRunners();
  await connector?.close();
  await workspace.remove();
});

/** An adapter on which the bot runs as it was written: what it answers to an invoke, and what it sends. */
class Original extends botbuilder.BotAdapter {
  readonly sent: Partial<Activity>[] = [];
  async sendActivities(_context: botbuilder.TurnContext, activities: Partial<botbuilder.Activity>[]) {
    this.sent.push(...(activities as Partial<Activity>[]));
    return activities.map(() => ({ id: '' }));
  }
  async updateActivity(): Promise<void> {}
  async deleteActivity(): Promise<void> {}
  async continueConversation(): Promise<void> {}

  async answer(activity: object): Promise<{ status: number; body: unknown; texts: unknown[] }> {
    const context = new botbuilder.TurnContext(this, JSON.parse(JSON.stringify(activity)));
    await this.runMiddleware(context, (each) => new (catalogueBot(botbuilder))().run(each));
    const response = this.sent.find(({ type }) => type === 'invokeResponse')?.value;
    const texts = this.sent.filter(({ type }) => type === 'message').map(({ text }) => text);
    return { status: response.status, body: response.body && JSON.parse(JSON.stringify(response.body)), texts };
  }
}

const preview = (value: string) => ({
  attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content: { body: [{ value }] } }],
});

const INVOKES: Readonly<Record<string, readonly [name: string, value: unknown]>> = {
  'a search': ['composeExtension/query', { commandId: 'search', parameters: [{ name: 'q', value: 'le guin' }] }],
  'a page of a search': [
    'composeExtension/query',
    { parameters: [{ name: 'q', value: 'le guin' }], queryOptions: { skip: 1, count: 1 } },
  ],
  'a search for nothing yet': ['composeExtension/query', { parameters: [{ name: 'initialRun', value: 'true' }] }],
  'a result that is tapped': ['composeExtension/selectItem', { id: 'b3' }],
  'a result that is gone': ['composeExtension/selectItem', { id: 'b9' }],
  'a form': ['composeExtension/fetchTask', { commandId: 'note' }],
  'a form that is sent in': [
    'composeExtension/submitAction',
    { commandId: 'note', data: { note: 'read this ' }, messagePayload: { body: { content: 'quoted' } } },
  ],
  'a preview that is edited': [
    'composeExtension/submitAction',
    { botMessagePreviewAction: 'edit', botActivityPreview: [preview('mine')] },
  ],
  'a preview that is sent': [
    'composeExtension/submitAction',
    { botMessagePreviewAction: 'send', botActivityPreview: [preview('mine')] },
  ],
  'a link': ['composeExtension/queryLink', { url: 'https://books.example/b1' }],
  'a link to something else': ['composeExtension/queryLink', { url: 'https://books.example/x' }],
  'the address of the settings': ['composeExtension/querySettingUrl', {}],
  'settings that are changed': ['composeExtension/setting', { state: 'short' }],
  'a button of a card': ['composeExtension/onCardButtonClicked', { id: 'b2' }],
  'a task module': ['task/fetch', { data: { title: 'Shelf' }, context: { theme: 'dark' } }],
  'a task module that is sent in': ['task/submit', { data: {} }],
  'a link before the app is installed, which this bot does not know': [
    'composeExtension/anonymousQueryLink',
    { url: 'x' },
  ],
  'an invoke that no bot knows': ['unheard/of', {}],
};

describe('the catalogue answers', () => {
  test.each(Object.entries(INVOKES))('%s', async (what, [name, value]) => {
    const conversation = what.replaceAll(' ', '-');
    const activity = {
      ...channel.message(conversation, { type: 'invoke', name, value, channelId: 'msteams' }),
      text: undefined,
      channelData: { team: { id: 'team-1' }, tenant: { id: 'tenant-1' } },
    };
    const expected = await new Original().answer(activity);
    const before = channel.texts(conversation).length;
    const { status, text } = await post(runner.url, activity);
    expect({ status, body: text === '' ? undefined : JSON.parse(text) }).toEqual({
      status: expected.status,
      body: expected.body ?? undefined,
    });
    const texts = await channel.texted(conversation, before + expected.texts.length);
    expect(texts.slice(before)).toEqual(expected.texts);
  });
});

test('an invoke that is delivered twice is answered twice, and sends its note once', async () => {
  const note = () =>
    channel.message('notes', {
      ...{ type: 'invoke', name: 'composeExtension/submitAction', channelId: 'msteams' },
      value: { botMessagePreviewAction: 'send', botActivityPreview: [preview('once')] },
    });
  const first = note();
  for (const activity of [first, first, note()]) expect((await post(runner.url, activity)).status).toBe(200);
  await channel.say(runner.url, 'notes', 'hi', { channelId: 'msteams' });
  expect(await channel.texted('notes', 3)).toEqual([
    ...['User notes: once', 'User notes: once'],
    'Search the catalogue from the message box.',
  ]);
});

test('somebody who joins is told to the team', async () => {
  const joined = channel.message('team', {
    ...{ type: 'conversationUpdate', channelId: 'msteams', membersAdded: [{ id: 'a' }, { id: 'b' }] },
    channelData: { eventType: 'teamMemberAdded', team: { id: 'team-1', name: 'Readers' } },
  });
  expect((await post(runner.url, joined)).status).toBe(200);
  expect(await channel.texted('team', 1)).toEqual(['2 joined Readers.']);
});

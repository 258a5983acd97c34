import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { deferredAnswer } from '../../src/runtime/deferred-answers';
import type { Activity } from '../../src/schema/activity';
import { ROOT } from '../support/sources';

/* What the protocol of each invoke takes for an answer, while the answer itself is still to come. */

const TEXT = 'One moment.';
const task = { task: { type: 'message', value: TEXT } };
const composeExtension = { composeExtension: { type: 'message', text: TEXT } };
const config = { responseType: 'config', config: { type: 'message', value: TEXT } };
const tab = { tab: { type: 'continue', value: { cards: [] } } };

const BODIES: Readonly<Record<string, unknown>> = {
  'adaptiveCard/action': { statusCode: 200, type: 'application/vnd.microsoft.activity.message', value: TEXT },
  'application/search': {
    statusCode: 200,
    type: 'application/vnd.microsoft.search.searchResponse',
    value: { results: [] },
  },
  'task/fetch': task,
  'task/submit': task,
  'composeExtension/query': composeExtension,
  'composeExtension/queryLink': composeExtension,
  'composeExtension/anonymousQueryLink': composeExtension,
  'composeExtension/selectItem': composeExtension,
  'composeExtension/querySettingUrl': composeExtension,
  'composeExtension/fetchTask': task,
  'composeExtension/submitAction': task,
  'composeExtension/setting': undefined,
  'composeExtension/onCardButtonClicked': undefined,
  'config/fetch': config,
  'config/submit': config,
  'tab/fetch': tab,
  'tab/submit': tab,
  'fileConsent/invoke': undefined,
  'actionableMessage/executeAction': undefined,
  'signin/verifyState': undefined,
  'signin/tokenExchange': undefined,
  'message/fetchTask': task,
  'message/submitAction': undefined,
};

const handlers = ['src/teams/teams-invoke-handler.ts', 'src/bot/activity-handler.ts', 'src/schema/constants.ts'];

describe('an invoke whose handler is not done in time', () => {
  test('has its answer here, whichever of those that the handlers know it is', () => {
    const sources = handlers.map((file) => readFileSync(path.join(ROOT, file), 'utf8')).join('\n');
    const invokes = /'((?:task|composeExtension|config|tab|fileConsent|actionableMessage|signin|adaptiveCard)\/\w+)'/g;
    const known = new Set([...sources.matchAll(invokes)].map(([, name]) => name));
    expect(known.size).toBeGreaterThan(17);
    expect([...known].filter((name) => !(String(name) in BODIES))).toEqual([]);
  });

  test.each(Object.entries(BODIES))('is answered as it expects: %s', (name, body) => {
    const answer = deferredAnswer({ type: 'invoke', name } as Activity, TEXT);
    expect(answer).toEqual(body === undefined ? { status: 200 } : { status: 200, body });
    expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
  });

  test('gets no replies now where it collects them, and a status where it is none', () => {
    const collects = { type: 'invoke', name: 'task/submit', deliveryMode: 'expectReplies' } as Activity;
    expect(deferredAnswer(collects, TEXT)).toEqual({ status: 200, body: { activities: [] } });
    expect(deferredAnswer({ type: 'event', name: 'task/submit' } as Activity, TEXT)).toEqual({ status: 200 });
  });
});

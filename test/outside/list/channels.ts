import { HandoffEventNames } from '../../../src/bot/event-factory';
import { BotCallbackHandlerKey } from '../../../src/bot/keys';
import { BotTelemetryClientKey, Severity, TelemetryConstants } from '../../../src/middleware/bot-telemetry-client';
import { CardFactory } from '../../../src/schema/card-factory';
import * as schema from '../../../src/schema/constants';
import { FIELD_KINDS } from '../../../src/schema/field-kinds';
import { constants, found, literal, match, routeSegment, symbol, word } from '../copies';
import { type OutsideValue, outside, outsideEach, outsideSame, type Value } from '../outside-value';
import { codeBelow, declared, declaredStrings, listsAt, stringsAcross, stringsIn } from '../production';

/* The Activity schema and the services of the Bot Framework: types, names, card types, routes. */

const CORE = 'botbuilder-core/lib';
const CONNECTOR = 'botframework-connector/lib';
const TEAMS = '@microsoft/teams.api/dist';

/** Objects of constants that bear the names of the Bot Framework's own. */
const NAMED_AS_THERE = Object.entries<unknown>(schema).filter(([, values]) => typeof values === 'object') as [
  string,
  Readonly<Record<string, Value>>,
][];

/** Lists that begin routes, where a file declares them. */
const ROOTS = ['root', 'BATCH', 'TOKENS'];

/** The fixed segments of routes. */
function routes(): OutsideValue[] {
  const segments = (file: string) => [...listsAt(file, 'path').flat(), ...declaredLists(file, ROOTS).flat()];
  return [
    ...outsideEach(
      'segment of a route of the connector',
      segments('src/azure/connector-clients.ts'),
      routeSegment(`${CONNECTOR}/connectorApi/operations`, `${CONNECTOR}/teams/operations`),
    ),
    ...outsideEach(
      'segment of a route of the token service',
      segments('src/azure/user-token-clients.ts'),
      routeSegment(`${CONNECTOR}/tokenApi/operations`),
    ),
    ...outsideEach(
      'segment of a route for activities',
      stringsIn('src/azure/bot-connector.ts', /^\/\w/, 2).flatMap((path) => path.split('/').filter(Boolean)),
      routeSegment(`${CONNECTOR}/connectorApi/operations`),
    ),
  ];
}

function declaredLists(file: string, names: readonly string[]): string[][] {
  return names.flatMap((name) => {
    try {
      return [declaredStrings(file, name)];
    } catch {
      return [];
    }
  });
}

export const channels: readonly OutsideValue[] = [
  ...NAMED_AS_THERE.flatMap(([name, values]) =>
    outsideSame(name, values, constants('botframework-schema', name), `botframework-schema: ${name}`),
  ),
  ...outsideSame(
    'contentTypes',
    CardFactory.contentTypes,
    constants(`${CORE}/cardFactory.js`, 'CardFactory.contentTypes'),
    'botbuilder-core: CardFactory.contentTypes',
  ),
  outside(
    'invoke of a code',
    schema.verifyStateOperationName,
    symbol(`${CORE}/signInConstants.js`, 'verifyStateOperationName'),
  ),
  outside(
    'invoke of a token to exchange',
    schema.tokenExchangeOperationName,
    symbol(`${CORE}/signInConstants.js`, 'tokenExchangeOperationName'),
  ),
  outside(
    'event of a token',
    schema.tokenResponseEventName,
    symbol(`${CORE}/signInConstants.js`, 'tokenResponseEventName'),
  ),
  ...outsideSame(
    'HandoffEventNames',
    HandoffEventNames,
    constants('botbuilder/lib/handoffEventNames.js', 'HandoffEventNames'),
    'botbuilder: HandoffEventNames',
  ),
  ...outsideSame(
    'Severity',
    Severity,
    constants(`${CORE}/botTelemetryClient.js`, 'Severity'),
    'botbuilder-core: Severity',
  ),
  outside(
    'key of the telemetry client',
    BotTelemetryClientKey,
    symbol(`${CORE}/botTelemetryClient.js`, 'BotTelemetryClientKey'),
  ),
  outside(
    'key of the bot logic',
    BotCallbackHandlerKey,
    literal(`${CORE}/turnContext.js`, `${CORE}/botAdapter.js`, CORE),
  ),
  ...outsideEach(
    'event of the telemetry middleware',
    stringsIn('src/middleware/telemetry-logger-middleware.ts', /^BotMessage\w+$/, 4),
    literal(`${CORE}/telemetryLoggerMiddleware.js`),
  ),
  ...outsideSame(
    'TelemetryConstants',
    TelemetryConstants,
    constants(`${CORE}/telemetryConstants.js`, 'TelemetryConstants'),
    'botbuilder-core: TelemetryConstants',
  ),
  ...outsideEach(
    'invoke of the Activity handler',
    stringsIn('src/bot/activity-handler.ts', /^\w+\/\w+$/, 2),
    literal(`${CORE}/activityHandler.js`),
  ),
  ...outsideEach(
    'value of an invoke',
    stringsIn('src/bot/invoke-values.ts', /^(?:Action\.\w+|application\/.+|search)$/, 3),
    literal(`${CORE}/activityHandler.js`),
  ),
  ...outsideEach(
    'installation action',
    stringsIn('src/bot/activity-handler-base.ts', /^(?:add|remove)/, 4),
    literal(`${CORE}/activityHandlerBase.js`),
  ),
  ...outsideEach(
    'type of an answer to an invoke',
    stringsIn('src/runtime/deferred-answers.ts', /^application\/vnd/, 2),
    literal(
      `${TEAMS}/models/adaptive-card/adaptive-card-action-response.d.ts`,
      `${TEAMS}/models/search/search-response.d.ts`,
    ),
  ),
  ...outsideEach(
    'type of a template activity',
    stringsIn('src/schema/activity-factory.ts', /^[a-z]+card$/, 10),
    literal(`${CORE}/activityFactory.js`),
  ),
  ...outsideEach(
    'language of a spoken text',
    ['src/middleware/set-speak-middleware.ts', 'src/schema/constants.ts'].flatMap((file) =>
      stringsIn(file, /w3\.org/).flatMap(urlsIn),
    ),
    word('botbuilder/lib/setSpeakMiddleware.js', 'botframework-schema/lib/speechConstants.js'),
  ),
  ...outsideEach(
    'page of the test adapter',
    [
      ...stringsIn('src/testing/test-adapter.ts', /^https:/, 1),
      ...stringsIn('src/testing/test-tokens.ts', /^https:/, 1),
      ...stringsIn('src/testing/test-conversation.ts', /^https:/, 1),
    ],
    word(`${CORE}/testAdapter.js`),
  ),
  ...outsideEach(
    'content type',
    stringsAcross(codeBelow('src'), /^application\/json$/, 8),
    literal('@azure/cosmos/dist/commonjs/common/constants.js', '@azure/cosmos/dist/commonjs/request/request.js'),
  ),
  ...outsideEach(
    'field of an activity',
    [
      ...FIELD_KINDS.flatMap(([field]) => field.replaceAll('[]', '').split('.')),
      ...declaredStrings('src/schema/timestamps.ts', 'TIMESTAMPS'),
      ...declaredStrings('src/schema/timestamps.ts', 'RAW'),
    ],
    // Declared as a property. All that are read are among them.
    found('botframework-schema/lib/index.d.ts', /^ +(\w+)\??: /gm),
  ),
  ...routes(),
  outside(
    'minutes by which clocks may differ',
    Number(declared('src/azure/inbound-verifier.ts', 'SKEW_SECONDS')) / 60,
    match(`${CONNECTOR}/auth/tokenValidationParameters.js`, /clockTolerance: (\d+) \* 60/g),
  ),
];

function urlsIn(text: string): string[] {
  return text.match(/https?:\/\/[\w./-]+/g) ?? [];
}

import { documented, literal, word } from '../copies';
import { type OutsideValue, outside, outsideEach } from '../outside-value';
import { declared, declaredStrings, stringsAcross, stringsIn } from '../production';

/* Teams: invokes, events, kinds of conversations and messages, streams. */

const HANDLER = 'botbuilder/lib/teamsActivityHandler.js';
const SCHEMA = 'botframework-schema/lib/teams/index.d.ts';
const MAPPERS = 'botframework-connector/lib/teams/models/mappers.js';
const SDK = '@microsoft/teams.api/dist';
const INVOKE = /^(?!application\/vnd)[a-zA-Z]+\/[a-zA-Z]+$/;

/** Files of types whose values Teams defines. */
const TYPES = [
  'src/schema/teams-connector-cards.ts',
  'src/schema/teams-files.ts',
  'src/schema/teams-meetings.ts',
  'src/schema/teams-message-payload.ts',
  'src/schema/teams-messaging-extensions.ts',
  'src/schema/teams-task-modules.ts',
];

export const teams: readonly OutsideValue[] = [
  ...outsideEach('invoke', stringsIn('src/teams/teams-invoke-handler.ts', INVOKE, 17), literal(HANDLER)),
  ...outsideEach(
    'invoke that can be answered later',
    stringsIn('src/runtime/deferred-answers.ts', INVOKE, 16),
    literal(HANDLER, 'botbuilder-core/lib/activityHandler.js', `${SDK}/models/invoke-response.d.ts`),
  ),
  ...outsideEach(
    'invoke that a key is made of',
    stringsIn('src/runtime/activity-keys.ts', INVOKE, 1),
    literal(HANDLER),
  ),
  ...outsideEach(
    'property of an invoke that a key is made of',
    stringsIn('src/runtime/activity-keys.ts', /^(?:action|connectionName|state|uploadInfo|uploadUrl)$/, 6),
    word(SCHEMA, 'botframework-schema/lib/index.d.ts', HANDLER),
  ),
  ...outsideEach(
    'choice of a file consent or of a preview',
    stringsIn('src/teams/teams-invoke-handler.ts', /^(?:accept|decline|edit|send)$/, 4),
    literal(HANDLER),
  ),
  ...outsideEach('event', stringsIn('src/teams/teams-activity-handler.ts', /^application\/vnd/, 5), literal(HANDLER)),
  ...outsideEach(
    'type of an event in channelData',
    stringsIn('src/teams/teams-activity-handler.ts', /^(?:channel|team|undelete|edit|softDelete)[A-Z]\w+$/, 13),
    literal(HANDLER),
  ),
  ...outsideEach(
    'property of a meeting',
    stringsIn('src/teams/meeting-events.ts', /^[A-Z][A-Za-z]+$/, 6),
    word(HANDLER),
  ),
  ...outsideEach('property of an account', declaredStrings('src/teams/teams-accounts.ts', 'DETAILS'), word(SCHEMA)),
  ...outsideEach('error', stringsIn('src/teams/teams-accounts.ts', /^[A-Z]\w+NotFound$/, 1), literal(HANDLER)),
  ...outsideEach('time of a meeting', stringsIn('src/azure/connector-clients.ts', /^scheduled/, 2), word(MAPPERS)),
  ...TYPES.flatMap((file) =>
    outsideEach(
      `value in ${file.slice('src/schema/'.length)}`,
      stringsIn(file, /^@?[\w]+$/),
      literal(SCHEMA, MAPPERS, HANDLER, SDK),
    ),
  ),
  ...outsideEach(
    'kind of conversation',
    stringsAcross(['src/schema/recipients.ts', 'src/runtime/reference-of.ts'], /^(?:personal|groupChat|channel)$/, 11),
    literal(`${SDK}/models`),
  ),
  ...outsideEach(
    'property of channelData',
    stringsIn('src/runtime/reference-of.ts', /^(?:tenant|team)$/, 4),
    word(`${SDK}/models/channel-data`),
  ),
  outside(
    'mark of a thread',
    declared('src/runtime/reference-of.ts', 'THREAD_MARK'),
    word('@microsoft/m365agentsplayground/dist/index.js'),
  ),
  outside('entity of a stream', declared('src/schema/stream-info.ts', 'STREAM_INFO'), literal(`${SDK}/models/entity`)),
  ...outsideEach(
    'type of a piece of a stream',
    stringsIn('src/schema/stream-info.ts', /^(?:informative|streaming|final)$/, 4),
    literal(`${SDK}/models/entity`, `${SDK}/models/channel-data`),
  ),
  outside(
    'most characters of an informative update',
    declared('src/bot/stream-updates.ts', 'INFORMATIVE_LENGTH'),
    documented('teams informative updates', 'most characters'),
  ),
  outside(
    'least ms between two pieces of a stream',
    declared('src/bot/stream-updates.ts', 'PAUSE_MS'),
    documented('teams streaming', 'least ms between two updates'),
  ),
];

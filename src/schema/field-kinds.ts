type Kind = 'string' | 'boolean' | 'object' | 'objects' | 'strings';

/** Fields of an account that the program, or nearly every bot, reads. */
const ACCOUNT = [
  ['id', 'string'],
  ['name', 'string'],
  ['aadObjectId', 'string'],
  ['role', 'string'],
] as const satisfies readonly Field[];

const CONVERSATION = [
  ...ACCOUNT,
  ['isGroup', 'boolean'],
  ['conversationType', 'string'],
  ['tenantId', 'string'],
] as const satisfies readonly Field[];

/** `[]` at the end of a name stands for every element of that list. */
type Field = readonly [field: string, kind: Kind];

const within = (name: string, fields: readonly Field[]): Field[] =>
  fields.map(([field, kind]) => [`${name}.${field}`, kind]);

/**
 * The kinds of the fields that the program, or nearly every bot, uses without looking. A table and not a schema library, because
 * this is on the path of every cold start and that library takes longer to load than everything else here together.
 *
 * `value`, `channelData`, and the contents of attachments belong to the channel and the bot: they may be anything, and what reads them looks.
 */
export const FIELD_KINDS: readonly Field[] = [
  ['type', 'string'],
  ['id', 'string'],
  ['timestamp', 'string'],
  ['localTimestamp', 'string'],
  ['localTimezone', 'string'],
  ['expiration', 'string'],
  ['callerId', 'string'],
  ['channelId', 'string'],
  ['serviceUrl', 'string'],
  ['conversation', 'object'],
  ...within('conversation', CONVERSATION),
  ['from', 'object'],
  ...within('from', ACCOUNT),
  ['recipient', 'object'],
  ...within('recipient', ACCOUNT),
  ['replyToId', 'string'],
  ['deliveryMode', 'string'],
  ['locale', 'string'],
  ['name', 'string'],
  ['action', 'string'],
  ['code', 'string'],
  ['label', 'string'],
  ['valueType', 'string'],
  ['text', 'string'],
  ['textFormat', 'string'],
  ['speak', 'string'],
  ['inputHint', 'string'],
  ['summary', 'string'],
  ['importance', 'string'],
  ['topicName', 'string'],
  ['historyDisclosed', 'boolean'],
  ['listenFor', 'strings'],
  ['semanticAction', 'object'],
  ['suggestedActions', 'object'],
  ['textHighlights', 'objects'],
  ['attachmentLayout', 'string'],
  ['attachments', 'objects'],
  ['attachments[].contentType', 'string'],
  ['attachments[].contentUrl', 'string'],
  ['attachments[].name', 'string'],
  ['entities', 'objects'],
  ['entities[].type', 'string'],
  ['membersAdded', 'objects'],
  ...within('membersAdded[]', ACCOUNT),
  ['membersRemoved', 'objects'],
  ...within('membersRemoved[]', ACCOUNT),
  ['reactionsAdded', 'objects'],
  ['reactionsAdded[].type', 'string'],
  ['reactionsRemoved', 'objects'],
  ['reactionsRemoved[].type', 'string'],
  ['relatesTo', 'object'],
  ['relatesTo.activityId', 'string'],
  ['relatesTo.channelId', 'string'],
  ['relatesTo.serviceUrl', 'string'],
  ['relatesTo.locale', 'string'],
  ['relatesTo.conversation', 'object'],
  ...within('relatesTo.conversation', CONVERSATION),
  ['relatesTo.user', 'object'],
  ...within('relatesTo.user', ACCOUNT),
  ['relatesTo.bot', 'object'],
  ...within('relatesTo.bot', ACCOUNT),
];

const COMPILED = FIELD_KINDS.map(([field, kind]) => ({ field, kind, path: field.split('.') }));

const NAMES: Readonly<Record<Kind, string>> = {
  string: 'a string',
  boolean: 'true or false',
  object: 'an object',
  objects: 'a list of objects',
  strings: 'a list of strings',
};

/** Says which known field is there and of the wrong kind. `null` is as good as absent, as some channels send it. */
export function fieldOfWrongKind(activity: object): string | undefined {
  for (const { field, kind, path } of COMPILED) {
    if (isWrong(activity, path, 0, kind)) return `Make "${field}" ${NAMES[kind]}.`;
  }
  return undefined;
}

/** Whether a value at the path is there and of another kind. What is on the way there has a row of its own. */
function isWrong(value: unknown, path: readonly string[], from: number, kind: Kind): boolean {
  const name = path[from];
  if (name === undefined) return value !== undefined && value !== null && !isKind(value, kind);
  if (!isObject(value)) return false;
  if (!name.endsWith('[]')) return isWrong(value[name], path, from + 1, kind);
  const list = value[name.slice(0, -2)];
  return Array.isArray(list) && list.some((each) => isWrong(each, path, from + 1, kind));
}

function isKind(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case 'string':
    case 'boolean':
      return typeof value === kind;
    case 'object':
      return isObject(value);
    case 'objects':
      return Array.isArray(value) && value.every(isObject);
    case 'strings':
      return Array.isArray(value) && value.every((each) => typeof each === 'string');
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

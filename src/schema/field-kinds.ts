type Kind = 'string' | 'object' | 'objects';

/**
 * The kinds of the fields that the program, or nearly every bot, uses without looking. A table and not a schema library, because
 * this is on the path of every cold start and that library takes longer to load than everything else here together.
 */
const KINDS = (
  [
    ['type', 'string'],
    ['id', 'string'],
    ['channelId', 'string'],
    ['serviceUrl', 'string'],
    ['conversation', 'object'],
    ['conversation.id', 'string'],
    ['from', 'object'],
    ['from.id', 'string'],
    ['recipient', 'object'],
    ['recipient.id', 'string'],
    ['replyToId', 'string'],
    ['deliveryMode', 'string'],
    ['locale', 'string'],
    ['name', 'string'],
    ['action', 'string'],
    ['text', 'string'],
    ['attachments', 'objects'],
    ['entities', 'objects'],
    ['membersAdded', 'objects'],
    ['membersRemoved', 'objects'],
    ['reactionsAdded', 'objects'],
    ['reactionsRemoved', 'objects'],
  ] as const satisfies readonly (readonly [field: string, kind: Kind])[]
).map(([field, kind]) => ({ field, kind, path: field.split('.') }));

const NAMES: Readonly<Record<Kind, string>> = {
  string: 'a string',
  object: 'an object',
  objects: 'a list of objects',
};

/** Says which known field is there and of the wrong kind. `null` is as good as absent, as some channels send it. */
export function fieldOfWrongKind(activity: object): string | undefined {
  for (const { field, kind, path } of KINDS) {
    const value = at(activity, path);
    if (value !== undefined && value !== null && !isKind(value, kind)) return `Make "${field}" ${NAMES[kind]}.`;
  }
  return undefined;
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (isObject(inner) ? inner[name] : undefined), value);
}

function isKind(value: unknown, kind: Kind): boolean {
  if (kind === 'string') return typeof value === 'string';
  return kind === 'object' ? isObject(value) : Array.isArray(value) && value.every(isObject);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

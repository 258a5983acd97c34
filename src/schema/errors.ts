/**
 * The one catalogue of coded errors. Every code that can reach a bot author, an operator or a caller of the endpoint stands
 * here, with what to do about it; `docs/errors.md` lists the same codes, and a test holds the two together.
 */
export const ERRORS = {
  StoreUnusable: 'The store cannot be used.',
  StoreManyWriteRegions:
    'The Cosmos DB account writes in several regions, which breaks ETags: two workers could hold one conversation. Turn multi-region writes off.',
  StoreFailsOverByPartition:
    'The Cosmos DB account fails over single partitions by itself, so that a partition may for a moment write in two regions. Turn ' +
    'per-partition automatic failover off.',
  StoreUnsafe:
    'The Cosmos DB account does not keep a promise that safety rests on; use Azure Cosmos DB, or an emulator that docs/cosmos.md calls safe.',
  NodeTooOld: 'The SQLite store needs Node 22.13 or newer; start the app with one, or use another store.',
  RecordTooLarge: 'What is to be kept does not fit into one record; keep less in one document (2 MB).',
  TurnTooLarge:
    'What a turn wants to keep does not fit into one transaction (2 MB, and 100 records); keep less in state, and send less in one turn.',
  StepsFull: 'The steps of a turn have recorded more than 1.5 MB; return less from a step, or do less in one turn.',
  AppIdMissing:
    'MicrosoftAppId is not set. Without it nobody can be authenticated, so the bot runs only on a development machine: set ' +
    'MicrosoftAppId and the settings that go with it, or, for local development, AZURE_FUNCTIONS_ENVIRONMENT=Development.',
  SettingMissing: 'A setting that is needed is not set.',
  SettingInvalid: 'A setting has a value that cannot be used.',
  SettingUnknown: 'There is no such setting; docs/configuration.md lists them all.',
  StorageSettingConflict:
    'AzureWebJobsStorage is set beside settings that reach the storage account with an identity, and the Functions host then does not use ' +
    'the identity; remove AzureWebJobsStorage, even if it is empty.',
  SweepMissed:
    'The timer function "sweep" has not run for minutes. Other functions sweep in its place, at most every five minutes, and only while ' +
    'something calls the app; restart the app.',
  QueueUnusable:
    'The storage queue cannot be reached, or may not be looked at; check its address and the roles of the identity.',
  QueueMissing:
    'The storage queue does not exist. The deployment template creates it; create it, or deploy the template again.',
  RingFailed: 'The storage queue did not take the message. The sweep rings again; nothing is lost.',
  TokenUnavailable:
    'There is no access token for the channel at the moment. What was to be sent is kept and sent later.',
  ContentTypeRefused: 'The request is not JSON; send content-type: application/json.',
  LengthRequired:
    'The request has no Content-Length, and without one the Functions host passes no body on; send a Content-Length header ' +
    'instead of a chunked body.',
  BodyUnreadable: 'The request body could not be read to its end; send it again.',
  BodyTooLarge: 'The request body is too large; send at most 1 MB, and files as links.',
  BodyNotUtf8: 'The request body is not UTF-8 text; send an activity as JSON in UTF-8.',
  BodyNotUnicode:
    'The request body has a text, or the name of a property, with half of a surrogate pair, which is no character; send whole characters.',
  BodyNotJson: 'The request body is not JSON; send one activity as a JSON object.',
  BodyTooDeep: 'The request body nests objects and arrays too deeply; send at most 100 levels.',
  BodyNotObject: 'The request body is JSON, but not an object; send one activity as a JSON object.',
  PropertyNameRefused: 'The request body has a property named __proto__; rename it.',
  ActivityTypeMissing: 'The activity has no type; set "type", for example to "message".',
  ConversationMissing: 'The activity has no conversation; set "conversation.id".',
  ChannelMissing: 'The activity has no channel; set "channelId".',
  SenderMissing: 'The activity has no sender; set "from.id".',
  IdRefused: 'The activity has an id that cannot be used as one.',
  ServiceUrlRefused:
    'The activity has a "serviceUrl" that is not an http or https address; set it to the channel\'s address.',
  FieldRefused: 'The activity has a field of the wrong kind; send it as the Activity schema has it.',
  NoTurn:
    'This context has no running turn; await every call on it before the handler returns, and use a proactive turn later.',
  NextCalledTwice: 'Middleware called next() twice; call it once at most, and await it.',
  NotMiddleware: 'What was passed to use() is no middleware; pass a function, or an object with onTurn(context, next).',
  NotABot: 'What was passed as the bot is none; pass a function, or an object with run(context) or onTurn(context).',
  NothingToSend: 'sendActivities was called with an empty list; pass at least one activity.',
  StreamEnded: 'The stream has ended; a turn has one, and what comes after it is sent with sendActivity.',
  ActivityIdMissing: 'An update or a deletion names no activity; pass the id that the send returned.',
  ActivityNotJson:
    'An activity has a value that JSON cannot hold, or more than 110 levels; send flat data without cycles and BigInts.',
  AnswerUnusable:
    'The invokeResponse cannot be an HTTP response; give it a status from 200 to 599, and a body that JSON can hold in 110 levels.',
  OtherConversation: 'The activity to delete is in another conversation; delete it in a turn of that conversation.',
  StateElsewhere:
    'The state belongs to another conversation or user than the turn; read and change it in a turn of that conversation.',
  NotByThisAdapter: 'This adapter cannot do that; use one that can.',
  TooManyConflicts:
    'The state that the turn touches kept being changed by others; nothing of it was stored. Run it again later.',
  NoUser: 'The activity has no sender, so there is no user whose state could be used; check activity.from first.',
  TurnEnded:
    'The turn is over and can send nothing more; await everything that the handler starts, or send proactively later.',
  TurnLost:
    'The turn has lost its conversation or its time; stop when the abort signal fires. The activity is run again elsewhere.',
  TurnTimedOut:
    'The handler took longer than a turn may take; pass the abort signal on, or do long work in another function.',
  WorkerDied:
    'Every attempt at this activity ended with its worker: the handler kills the process, or runs out of memory.',
  BodyMissing: 'The stored body of the activity is gone.',
  StepNotJson: 'A step returned what JSON cannot hold, or more than 110 levels; return plain and flat data.',
  StepHasEffects:
    'The function of a step sends, posts, changes state, or begins a step. A turn that runs again gets the record instead of the function, and would lack all that: return ' +
    'what was found out, and send and change state after the step.',
  NotAwaited:
    'A promise that nobody waits for was rejected, in a turn or after it; await everything that the handler starts, or catch what it throws.',
  FlushedDiffers:
    'A turn that ran again would have sent something else than an earlier attempt had already sent: the first stands. Record with a step what a reply depends on before it is sent.',
  BacklogFull: 'Too many activities wait in this conversation; send again later.',
  TryAgain: 'The activity could not be made durable now; send it again.',
  StateNotJson:
    'A state property has a value that JSON cannot hold (a function, a BigInt, a cycle, a Map or a Set), or more than 110 levels; store flat data.',
  StorageConflict:
    'Somebody else has written the item meanwhile (eTag conflict); read it again, decide anew, and write again.',
  StorageIncomplete: 'Not all of the items were written, or deleted; those that are named were.',
  StorageNotAttached:
    'The storage belongs to no app; pass it to createBotApp({ bot, storage }), or in a test attach a MemoryStorage.',
  ItemNotJson:
    'An item has a value that JSON cannot hold (a function, a BigInt, a cycle, a Map or a Set), or more than 110 levels; store flat data.',
  TokenMissing: 'The request carries no bearer token; channels send one in the Authorization header.',
  TokenTooLarge: 'The Authorization header is too large to be a token that a channel sends.',
  TokenMalformed: 'The Authorization header holds no well-formed token.',
  TokenAlgorithmRefused: 'The token is not signed in a way that is accepted; RS256, RS384 and RS512 are.',
  TokenIssuerRefused: 'The token was issued by somebody else than this bot listens to.',
  TokenAudienceRefused: 'The token is for another audience; this bot takes tokens made out to its own app id.',
  TokenExpired: 'The token has expired; send a new one.',
  TokenNotYetValid: 'The token is not valid yet; check the clocks.',
  TokenClaimRefused: 'The token lacks a claim that is needed, or has one that it must not have.',
  TokenKeyUnknown: 'The token names a signing key that its issuer does not publish.',
  TokenSignatureRefused: 'The signature of the token is not that of its issuer.',
  TokenNotExpected:
    'The request carries a token, and there is no app id to check it against; set MicrosoftAppId, or send no token.',
  CallerNotAllowed: 'The token was made for an application that is not among those that may call this bot.',
  RoleMissing:
    'The token carries none of the app roles that are needed here; have one assigned to the calling application.',
  ChannelNotEndorsed: 'The signing key of the token does not speak for the channel that the activity names.',
  ServiceUrlNotClaimed: 'The activity names another service URL than the token does.',
  ServiceUrlNotTrusted:
    'The service URL is not that of a known channel, so this bot sends nothing there. If it is the https address of one, add its host to TURNWISE_SERVICE_HOSTS.',
  GateOpen: 'A request without a valid token would be let in, so nothing is served; check what was passed as "auth".',
  KeysUnavailable: 'The signing keys of the issuer cannot be had at the moment; send the request again.',
  AuthenticationFailed: 'The request could not be authenticated because of a fault in the bot; send it again.',
  NotLocal:
    'This bot runs without authentication and answers only requests from its own machine; set MicrosoftAppId to open it.',
  OriginRefused: 'The request comes from a web page that is not served by this machine.',
  NotFound: 'There is nothing at this address.',
  ConversationKeyRefused:
    'This names no conversation; a key is channelId/conversationId, as "turnwise status" and "turnwise dead list" show it.',
  ConversationUnknown: 'Nothing was ever accepted in this conversation; check its key and the store.',
  PackagePlaceTaken:
    '"turnwise package" replaces only what it has made, and there is something else; name a new folder, or remove what is there.',
  NothingToImport:
    'The settings name no state to import; set TURNWISE_EARLIER_CONTAINER and TURNWISE_EARLIER_DATABASE.',
  ForgettingInterrupted:
    'The store did not answer, so not everything is forgotten yet. The app finishes that by itself within minutes; repeating the command finishes it now.',
  NobodyToForget: 'Nobody was named; say --conversation, --user, or both, as often as needed.',
  DeadLetterUnknown: 'There is no such dead letter (any more); "turnwise dead list" shows those that there are.',
  ChannelReserved: 'The activity names a channel that is kept for the runtime itself.',
  RecipientUnknown:
    'No reference is kept that leads to this recipient; the bot has to have heard from the conversation before, and the reference not to have expired.',
  RecipientBlocked: 'The recipient has blocked the bot, or may not be written to; the channel has refused it for good.',
  RecipientRemoved: 'The bot is no longer in the conversation of this recipient; it has to be installed there again.',
  PostedUnknown: 'This names nothing that was posted or scheduled; pass the id that the call returned.',
  IdempotencyKeyMissing:
    'The request has no Idempotency-Key; send one of 1 to 200 printable ASCII characters, the same with every repetition.',
  IdempotencyKeyReused: 'The same Idempotency-Key came with another request before; use a new one for each message.',
  NotifyRequestRefused: 'The request is not one to notify somebody.',
  NotificationUnknown:
    'There is no such notification of this application (any more); they are kept for seven days after their time.',
  NotificationGone: 'The notification is done with, or on its way: its time has come, and it cannot be taken back.',
  TimeTooFar: 'The time is more than a year (366 days) ahead; ask for it when it is nearer.',
  ScheduleFull:
    'Too many notifications of other applications wait for their time in this conversation: 50, or 25 of this one; cancel some, or ask again later.',
  TimeRefused: 'This is no time; pass a date, or milliseconds since the epoch.',
  StoreNotShared: 'The store "memory" lives in the process of the app, and no other process can look into it.',
} as const satisfies Record<string, string>;

/** A code of the catalogue. */
export type ErrorCode = keyof typeof ERRORS;

/** An error with a code of {@link ERRORS}; `message` is the catalogue's sentence, with `detail` after it where there is one. */
export class TurnwiseError extends Error {
  override readonly name: string = 'TurnwiseError';
  constructor(
    readonly code: ErrorCode,
    detail?: string,
    options?: ErrorOptions,
  ) {
    super(detail === undefined ? ERRORS[code] : `${ERRORS[code]} ${detail}`, options);
  }

  /** Whether another attempt of the same turn could end otherwise. */
  get retry(): boolean {
    return !MISTAKES.has(this.code);
  }
}

/** What a handler does wrong the same way every time. */
const MISTAKES: ReadonlySet<ErrorCode> = new Set([
  'TurnTooLarge',
  'StepsFull',
  'StateNotJson',
  'StepNotJson',
  'StepHasEffects',
  'ItemNotJson',
  'ActivityNotJson',
  'AnswerUnusable',
  'ActivityIdMissing',
  'NothingToSend',
  'StreamEnded',
  'OtherConversation',
  'StateElsewhere',
  'NextCalledTwice',
  'RecipientUnknown',
  'RecipientBlocked',
  'RecipientRemoved',
  'PostedUnknown',
  'TimeRefused',
  'IdRefused',
]);

/** An expected failure as a value: what parsing and the gate answer instead of throwing. */
export interface Failure {
  readonly ok: false;
  /** The HTTP status that says this best. */
  readonly status: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Makes a {@link Failure} from the catalogue. `detail` must not repeat what the caller sent. */
export function failure(status: number, code: ErrorCode, detail?: string): Failure {
  return { ok: false, status, code, message: detail === undefined ? ERRORS[code] : `${ERRORS[code]} ${detail}` };
}

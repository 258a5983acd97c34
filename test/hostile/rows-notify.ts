import { type Answer, type Bench, type Group, inChunks, type RequestRow, row } from './rows';
import { APP_ID, TENANT } from './token-bench';

/** The registration that has the app role, and an application that was given it. */
export const NOTIFY_API = '99999999-8888-7777-6666-555555555555';
const CALLER = '66666666-7777-8888-9999-000000000000';

const good = { to: { conversation: 'good', channelId: 'test' }, text: 'never' };

type Claims = Readonly<Record<string, unknown>>;

/** The token that the application gets for itself, but for these claims. */
export function notifyAuthorization(bench: Pick<Bench, 'login'>, claims: Claims = {}): string {
  return bench.login.authorization({
    iss: `https://login.microsoftonline.com/${TENANT}/v2.0`,
    aud: NOTIFY_API,
    tid: TENANT,
    ver: '2.0',
    azp: CALLER,
    azpacr: '1',
    oid: 'object',
    sub: 'object',
    roles: ['Notify.Send'],
    serviceurl: undefined,
    ...claims,
  });
}

/** A request to notify somebody that is right but for what is said. */
const notify = (
  what: string,
  answer: Answer,
  {
    body = good,
    claims,
    headers,
  }: { body?: object | string; claims?: Claims; headers?: Record<string, string | undefined> },
): RequestRow =>
  row(what, answer, (bench) => ({
    path: '/api/notify',
    headers: { authorization: notifyAuthorization(bench, claims), 'idempotency-key': 'hostile', ...headers },
    body,
  }));

const token = (what: string, answer: Answer, claims: Claims): RequestRow => notify(what, answer, { claims });

const body = (what: string, changed: object | string, answer: Answer = [400, 'NotifyRequestRefused']): RequestRow =>
  notify(what, answer, { body: changed });

const asked = (what: string, answer: Answer, id: string, claims: Claims = {}): RequestRow =>
  row(what, answer, (bench) => ({
    path: `/api/notify/${id}`,
    method: 'GET',
    headers: { authorization: notifyAuthorization(bench, claims), 'content-type': undefined },
    body: '',
  }));

const cancels = (what: string, answer: Answer, id: string, claims: Claims = {}): RequestRow =>
  row(what, answer, (bench) => ({
    path: `/api/notify/${id}`,
    method: 'DELETE',
    headers: { authorization: notifyAuthorization(bench, claims), 'content-type': undefined },
    body: '',
  }));

/** A request to notify somebody that is right, but comes in a chunk. */
const chunked = (what: string, answer: Answer, fields: (bench: Bench) => readonly string[]): RequestRow =>
  row(what, answer, (bench) => ({
    bytes: inChunks(
      bench,
      '/api/notify',
      [...fields(bench), 'Idempotency-Key: hostile', 'Content-Type: application/json'],
      JSON.stringify(good),
    ),
  }));

export const NOTIFY_GROUPS: readonly Group<RequestRow>[] = [
  {
    name: 'callers of the notification API',
    rows: [
      notify('no token', [401, 'TokenMissing'], { headers: { authorization: undefined } }),
      notify('a function key', [401, 'TokenMissing'], {
        headers: { authorization: undefined, 'x-functions-key': 'master' },
      }),
      row("a channel's token", [401, 'TokenIssuerRefused'], () => ({
        path: '/api/notify',
        headers: { 'idempotency-key': 'hostile' },
        body: good,
      })),
      token('another audience', [401, 'TokenAudienceRefused'], { aud: APP_ID }),
      token('another tenant', [401, 'TokenIssuerRefused'], {
        iss: 'https://login.microsoftonline.com/99999999-bbbb-cccc-dddd-eeeeeeeeeeee/v2.0',
        tid: '99999999-bbbb-cccc-dddd-eeeeeeeeeeee',
      }),
      token('no role', [403, 'RoleMissing'], { roles: undefined }),
      token('another role', [403, 'RoleMissing'], { roles: ['Notify.Read'] }),
      token('a text that has the role in it', [403, 'RoleMissing'], { roles: 'Notify.Send' }),
      token('a user with the role', [403, 'CallerNotAllowed'], { scp: 'user_impersonation' }),
      token("the bot's own token", [403, 'CallerNotAllowed'], { azp: APP_ID }),
      token('an application that has proved nothing', [403, 'CallerNotAllowed'], { azpacr: '0' }),
      token('a token that has expired', [401, 'TokenExpired'], { exp: 1_600_000_000 }),
    ],
  },
  {
    name: 'requests to notify somebody',
    rows: [
      notify('no idempotency key', [400, 'IdempotencyKeyMissing'], { headers: { 'idempotency-key': undefined } }),
      notify('an idempotency key of 300 characters', [400, 'IdempotencyKeyMissing'], {
        headers: { 'idempotency-key': 'x'.repeat(300) },
      }),
      notify('a form', [415, 'ContentTypeRefused'], { headers: { 'content-type': 'text/plain' } }),
      chunked('a good request in a chunk', [411, 'LengthRequired'], (bench) => [
        `Authorization: ${notifyAuthorization(bench)}`,
      ]),
      chunked('a good request in a chunk, without a token', [401, 'TokenMissing'], () => []),
      body('no JSON', 'to=everybody', [400, 'BodyNotJson']),
      body('more than 128 KB', { ...good, text: 'x'.repeat(140_000) }, [413, 'BodyTooLarge']),
      body('a prototype', '{"to":{"user":"x"},"text":"x","__proto__":{}}', [400, 'PropertyNameRefused']),
      body('nobody', { text: 'never' }),
      body('a service URL', { ...good, serviceUrl: 'https://evil.example/' }),
      body('a recipient with a service URL', { ...good, to: { ...good.to, serviceUrl: 'https://evil.example/' } }),
      body('a whole conversation reference', {
        ...good,
        to: { channelId: 'test', serviceUrl: 'https://evil.example/', conversation: { id: 'good' }, bot: { id: 'b' } },
      }),
      body('an activity that says where it goes', { to: good.to, activity: { serviceUrl: 'https://evil.example/' } }),
      body('an activity that says who it is from', { to: good.to, activity: { from: { id: 'evil' } } }),
      body('an activity that answers an invoke', { to: good.to, activity: { type: 'invokeResponse' } }),
      body('a recipient with operators for a database', { ...good, to: { user: { $ne: null } } }),
      body('everybody', { ...good, to: [] }),
      body('a time that is none', { ...good, at: 'never' }),
      body('a time far ahead', { ...good, at: '2999-01-01T00:00:00Z' }, [400, 'TimeTooFar']),
      body('a stranger', { ...good, to: { user: "' OR 1=1 --" } }, [404, 'RecipientUnknown']),
      body('work of the runtime itself', { ...good, to: { reference: 'turnwise/broadcast-1' } }, [
        404,
        'RecipientUnknown',
      ]),
      asked('what became of nothing', [404, 'NotificationUnknown'], 'f'.repeat(32)),
      asked('what became of another path', [404, 'NotFound'], '%2e%2e'),
      cancels('nothing, to be cancelled', [404, 'NotificationUnknown'], 'f'.repeat(32)),
      cancels('a reminder of the bot, to be cancelled', [404, 'NotificationUnknown'], 'test%2Fgood%2F0'),
      cancels('it, to be cancelled without the role', [403, 'RoleMissing'], 'f'.repeat(32), { roles: [] }),
      asked('what became of it, without the role', [403, 'RoleMissing'], 'f'.repeat(32), { roles: [] }),
    ],
  },
];

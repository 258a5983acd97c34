import { TurnwiseError } from '../../schema/errors';
import { type Finding, findings } from './finding';

/** Whether the bot can prove who it is, and tell who calls it. */
export async function checkChannels(
  parts: { readonly token: (() => Promise<unknown>) | undefined; readonly keys: (() => Promise<boolean>) | undefined },
  isIdentityOfAzure: boolean,
): Promise<readonly Finding[]> {
  return [await credentials(parts.token, isIdentityOfAzure), await keys(parts.keys)];
}

async function credentials(token: (() => Promise<unknown>) | undefined, isIdentityOfAzure: boolean): Promise<Finding> {
  const { ok, problem, warning } = findings('credentials');
  if (token === undefined) return ok('none: an anonymous bot of a development machine');
  try {
    await token();
    return ok('the bot gets its tokens');
  } catch (error) {
    const why = error instanceof TurnwiseError ? error.message : 'It does not answer.';
    if (isIdentityOfAzure) {
      return warning(
        `A managed identity has tokens only where the app runs. ${why}`,
        'Look at /api/health of the deployed app: "credentials".',
      );
    }
    return problem(
      `The bot gets no token: it can be called, and cannot answer. ${why}`,
      'Check MicrosoftAppId, its tenant and its secret or certificate.',
    );
  }
}

async function keys(ready: (() => Promise<boolean>) | undefined): Promise<Finding> {
  const { ok, problem } = findings('keys');
  if (ready === undefined) return ok('none needed: an anonymous bot of a development machine');
  if (await ready()) return ok('the keys of the channels can be had');
  return problem(
    'The keys of the channels cannot be had: every message would be answered 503.',
    'Let the app reach login.botframework.com (or what the settings name).',
  );
}

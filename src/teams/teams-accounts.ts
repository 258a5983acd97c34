import type { TurnContext } from '../bot/turn-context';
import type { NamedAccount } from '../schema/accounts';
import { ChannelServiceError } from '../schema/channel-service-error';
import type { TeamsChannelAccount } from '../schema/teams-channel-data';
import { TeamsInfo } from './teams-info';

/** What a full account has and the one of an event lacks. */
const DETAILS = ['givenName', 'surname', 'email', 'userPrincipalName'] as const;

/**
 * The accounts of members as Teams knows them, one call each; the bot itself and full accounts are left as they are. Somebody who is
 * not there any more stays the account that the event had.
 */
export async function teamsAccounts(
  context: TurnContext,
  members: readonly NamedAccount[],
): Promise<TeamsChannelAccount[]> {
  const accounts: TeamsChannelAccount[] = [];
  for (const member of members) accounts.push(isKnown(context, member) ? member : await lookUp(context, member));
  return accounts;
}

function isKnown({ activity }: TurnContext, member: NamedAccount): boolean {
  return DETAILS.some((name) => name in member) || activity.recipient?.id === member.id;
}

async function lookUp(context: TurnContext, member: NamedAccount): Promise<TeamsChannelAccount> {
  try {
    return await TeamsInfo.getMember(context, member.id);
  } catch (error) {
    if (codeOf(error) !== 'ConversationNotFound') throw error;
    return member;
  }
}

/** Clients of others fail with errors of their own that have the same body. */
function codeOf(error: unknown): unknown {
  if (error instanceof ChannelServiceError) return error.code;
  const { body } = (error ?? {}) as { body?: { error?: { code?: unknown } } };
  return body?.error?.code;
}

import type { UserTokenClient, UserTokenClients } from '../ports/user-token-client';
import type { Activity } from '../schema/activity';
import { ChannelServiceError } from '../schema/channel-service-error';
import { getConversationReference } from '../schema/conversation-reference';
import type { SignInUrlResponse, TokenExchangeState, TokenResponse, TokenStatus } from '../schema/tokens';
import type { ServiceRequest, ServiceRequests } from './service-request';

/** Which token service, and for whom. */
export interface UserTokenService {
  /** Its address, `https://api.botframework.com` or a sovereign cloud's. */
  readonly url: string;
  /** Empty for the anonymous bot of local development. */
  readonly appId: string;
}

const TOKENS = ['api', 'usertoken'] as const;

/** Clients on the token service's REST API. */
export function createUserTokenClients(requests: ServiceRequests, service: UserTokenService): UserTokenClients {
  return {
    client: (signal) => clientOf(service.appId, (request) => requests.run(service.url, request, signal)),
  };
}

function clientOf(appId: string, call: (request: ServiceRequest) => Promise<unknown>): UserTokenClient {
  return {
    async getUserToken(userId, connectionName, channelId, magicCode) {
      assertTexts({ userId, connectionName, channelId });
      const query = { userId, connectionName, channelId, code: magicCode };
      return orNone([404], call({ method: 'GET', path: [...TOKENS, 'GetToken'], query }));
    },
    async getSignInResource(connectionName, activity, finalRedirect) {
      assertTexts({ connectionName });
      if (typeof activity !== 'object') throw new TypeError('`activity` has to be an activity.');
      const query = { state: stateOf(appId, connectionName, activity), finalRedirect };
      const path = ['api', 'botsignin', 'GetSignInResource'];
      return (await call({ method: 'GET', path, query })) as SignInUrlResponse;
    },
    async signOutUser(userId, connectionName, channelId) {
      assertTexts({ userId, connectionName, channelId });
      await call({ method: 'DELETE', path: [...TOKENS, 'SignOut'], query: { userId, connectionName, channelId } });
    },
    async getTokenStatus(userId, channelId, includeFilter) {
      assertTexts({ userId, channelId });
      const query = { userId, channelId, include: includeFilter };
      return (await call({ method: 'GET', path: [...TOKENS, 'GetTokenStatus'], query })) as TokenStatus[];
    },
    async getAadTokens(userId, connectionName, resourceUrls, channelId) {
      assertTexts({ userId, connectionName, channelId });
      const query = { userId, connectionName, channelId };
      const request = { method: 'POST', path: [...TOKENS, 'GetAadTokens'], query, body: { resourceUrls } } as const;
      return (await call(request)) as Record<string, TokenResponse>;
    },
    async exchangeToken(userId, connectionName, channelId, exchangeRequest) {
      assertTexts({ userId, connectionName, channelId });
      const query = { userId, connectionName, channelId };
      const request = { method: 'POST', path: [...TOKENS, 'exchange'], query, body: exchangeRequest } as const;
      // 400: the user has to consent first.
      return orNone([400, 404], call(request));
    },
  };
}

/** What a sign-in link carries, so that the token finds its way back to the conversation. */
function stateOf(appId: string, connectionName: string, activity: Activity): string {
  const state = {
    connectionName,
    conversation: getConversationReference(activity),
    relatesTo: activity.relatesTo,
    msAppId: appId,
  } as TokenExchangeState;
  return Buffer.from(JSON.stringify(state)).toString('base64');
}

/** The token, or nothing where a status says that there is none. */
async function orNone(statuses: readonly number[], answer: Promise<unknown>): Promise<TokenResponse | undefined> {
  try {
    return (await answer) as TokenResponse | undefined;
  } catch (error) {
    if (error instanceof ChannelServiceError && statuses.includes(error.statusCode ?? 0)) return undefined;
    throw error;
  }
}

function assertTexts(values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value !== 'string') throw new TypeError(`\`${name}\` has to be a text.`);
  }
}

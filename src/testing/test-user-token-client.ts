import type { TurnContext } from '../bot/turn-context';
import type { UserTokenClient } from '../ports/user-token-client';
import type { SignInUrlResponse, TokenExchangeRequest, TokenResponse, TokenStatus } from '../schema/tokens';

/** What a test adapter knows of users' tokens; a test may replace its methods. */
export interface TestTokenProvider {
  getUserToken(context: TurnContext, connectionName: string, magicCode?: string): Promise<TokenResponse | undefined>;
  getSignInResource(context: TurnContext, connectionName: string, userId?: string): Promise<SignInUrlResponse>;
  signOutUser(context: TurnContext, connectionName?: string, userId?: string): Promise<void>;
  getTokenStatus(context: TurnContext, userId?: string, includeFilter?: string): Promise<TokenStatus[]>;
  getAadTokens(
    context: TurnContext,
    connectionName: string,
    resourceUrls: string[],
  ): Promise<Record<string, TokenResponse> | undefined>;
  exchangeToken(
    context: TurnContext,
    connectionName: string,
    userId: string,
    request: TokenExchangeRequest,
  ): Promise<TokenResponse | undefined>;
}

/** The client that bots find in `turnState` in production, over the tokens that a test has given its adapter. */
export function testUserTokenClient(adapter: TestTokenProvider, context: TurnContext): UserTokenClient {
  return {
    getUserToken: (_userId, connectionName, _channelId, magicCode) =>
      adapter.getUserToken(context, connectionName, magicCode),
    getSignInResource: (connectionName, { from }) => adapter.getSignInResource(context, connectionName, from?.id),
    signOutUser: (userId, connectionName) => adapter.signOutUser(context, connectionName, userId),
    getTokenStatus: (userId, _channelId, includeFilter) => adapter.getTokenStatus(context, userId, includeFilter),
    getAadTokens: async (_userId, connectionName, resourceUrls) =>
      (await adapter.getAadTokens(context, connectionName, resourceUrls)) ?? {},
    exchangeToken: (userId, connectionName, _channelId, request) =>
      adapter.exchangeToken(context, connectionName, userId, request),
  };
}

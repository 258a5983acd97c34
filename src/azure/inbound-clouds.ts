import { CallerIdConstants } from '../schema/constants';

/** A directory (Microsoft Entra ID) of one cloud: who issues the tokens with which applications call each other. */
export interface DirectoryCloud {
  /** Where its signing keys are announced. */
  readonly metadataUrl: string;
  /** The tenant in which bots are registered that name none of their own. */
  readonly botFrameworkTenant: string;
  /** Issuers of a tenant's tokens, by token version. */
  issuers(tenant: string): { readonly v1: readonly string[]; readonly v2: string };
}

/** Whom a bot in one cloud listens to. */
export interface InboundCloud {
  readonly channelIssuer: string;
  readonly channelMetadataUrl: string;
  /** What bots read in `activity.callerId` when a channel has called. */
  readonly channelCallerId?: string;
  /** None in a cloud that was described by settings. */
  readonly directory?: DirectoryCloud;
}

const PUBLIC: InboundCloud = {
  channelIssuer: 'https://api.botframework.com',
  channelMetadataUrl: 'https://login.botframework.com/v1/.well-known/openidconfiguration',
  channelCallerId: CallerIdConstants.PublicAzureChannel,
  directory: {
    metadataUrl: 'https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration',
    botFrameworkTenant: 'd6d49420-f39b-4df7-a1dc-d59a935871db',
    issuers: (tenant) => ({
      v1: [`https://sts.windows.net/${tenant}/`],
      v2: `https://login.microsoftonline.com/${tenant}/v2.0`,
    }),
  },
};

const US_GOVERNMENT: InboundCloud = {
  channelIssuer: 'https://api.botframework.us',
  channelMetadataUrl: 'https://login.botframework.azure.us/v1/.well-known/openidconfiguration',
  channelCallerId: CallerIdConstants.USGovChannel,
  directory: {
    metadataUrl:
      'https://login.microsoftonline.us/cab8a31a-1906-4287-a0d8-4eef66b95f6e/v2.0/.well-known/openid-configuration',
    botFrameworkTenant: 'cab8a31a-1906-4287-a0d8-4eef66b95f6e',
    issuers: (tenant) => ({
      v1: [`https://sts.windows.net/${tenant}/`, `https://login.microsoftonline.us/${tenant}/`],
      v2: `https://login.microsoftonline.us/${tenant}/v2.0`,
    }),
  },
};

const CHINA: InboundCloud = {
  channelIssuer: 'https://api.botframework.azure.cn',
  channelMetadataUrl: 'https://login.botframework.azure.cn/v1/.well-known/openidconfiguration',
  directory: {
    metadataUrl:
      'https://login.partner.microsoftonline.cn/a55a4d5b-9241-49b1-b4ff-befa8db00269/v2.0/.well-known/openid-configuration',
    botFrameworkTenant: 'a55a4d5b-9241-49b1-b4ff-befa8db00269',
    issuers: (tenant) => ({
      v1: [`https://sts.chinacloudapi.cn/${tenant}/`],
      v2: `https://login.partner.microsoftonline.cn/${tenant}/v2.0`,
    }),
  },
};

const BY_CHANNEL_SERVICE: ReadonlyMap<string, InboundCloud> = new Map([
  ['', PUBLIC],
  ['https://botframework.azure.us', US_GOVERNMENT],
  ['https://botframework.azure.cn', CHINA],
]);

/** The cloud that the setting `ChannelService` names; none is the public one, and `undefined` says that there is no such cloud. */
export function inboundCloud(channelService = ''): InboundCloud | undefined {
  return BY_CHANNEL_SERVICE.get(channelService.replace(/\/+$/, '').toLowerCase());
}

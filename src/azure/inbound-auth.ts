import type { InboundAuth } from '../ports/inbound-auth';
import { TurnwiseError } from '../schema/errors';
import { createAnonymousAuth } from './inbound-anonymous';
import { type BotCaller, type CallerKind, channelCallers, isSameAppId } from './inbound-caller';
import { type InboundCloud, inboundCloud } from './inbound-clouds';
import { directoryCallers, type SkillCaller } from './inbound-directory';
import { createGate } from './inbound-gate';
import { isHttps, type KeySource, keyRingAt } from './inbound-key-source';
import { trustedServiceUrl } from './service-hosts';

/** Names in brackets are the settings that these come from. An empty string counts as not set. */
export interface InboundAuthOptions extends KeySource {
  /** [MicrosoftAppId] */
  readonly appId?: string | undefined;
  /** [MicrosoftAppTenantId] The tenant in which the bot is registered; needed for the Emulator of single-tenant bots. */
  readonly tenantId?: string | undefined;
  /** [ChannelService] Names the cloud; not set is the public one. */
  readonly channelService?: string | undefined;
  /** [ToBotFromChannelOpenIdMetadataUrl] Instead of the cloud's. */
  readonly channelMetadataUrl?: string | undefined;
  /** [ToBotFromChannelTokenIssuer] Instead of the cloud's. */
  readonly channelIssuer?: string | undefined;
  /** [ToBotFromEmulatorOpenIdMetadataUrl] Instead of the cloud's, for tokens of the Emulator and of parent bots. */
  readonly directoryMetadataUrl?: string | undefined;
  /** On a developer's machine: loopback addresses are trusted, and without an app id there is no authentication. Never in Azure. */
  readonly development: boolean;
  /** [TURNWISE_SERVICE_HOSTS] Further hosts at which channels may take replies. */
  readonly serviceHosts?: ReadonlySet<string> | undefined;
  /** [TURNWISE_VOUCHING_CHANNELS] Further channels that vouch for the identity fields of their activities, in lower case. */
  readonly vouchingChannels?: ReadonlySet<string> | undefined;
  /** Takes tokens of the Bot Framework Emulator; in development only. */
  readonly allowEmulator?: boolean | undefined;
  /** Bots that may call this one as their skill. None by default. */
  readonly skills?: readonly SkillCaller[] | undefined;
}

/**
 * Who may post activities: callers with a token of Bot Service, or, in development and without an app id, the own machine.
 * Keys are fetched with the first token, or by `ready`; no library is loaded before the first token comes.
 *
 * @throws TurnwiseError `AppIdMissing` without an app id outside development; `SettingInvalid` when an option cannot be used.
 */
export function createInboundAuth(options: InboundAuthOptions): InboundAuth {
  const { development, vouchingChannels } = options;
  const appId = set(options.appId);
  if (appId === undefined) return createAnonymousAuth({ development, vouchingChannels });
  const cloud = cloudOf(options);
  const keys = keyRingAt(cloud.channelMetadataUrl, 'ToBotFromChannelOpenIdMetadataUrl', options);
  const channels = channelCallers({
    issuer: cloud.channelIssuer,
    appId,
    keys,
    trust: { development, hosts: options.serviceHosts },
    callerId: cloud.channelCallerId,
    vouchingChannels,
  });
  const gate = createGate({
    audiences: [appId],
    callers: [channels, ...botCallers(appId, cloud, options)],
    clock: options.clock,
  });
  return { ...gate, ready: () => keys.ready() };
}

/** The named cloud, with what is set instead. A cloud that is not known has to be described completely. */
function cloudOf(options: InboundAuthOptions): InboundCloud {
  const cloud = inboundCloud(set(options.channelService));
  const channelIssuer = set(options.channelIssuer) ?? cloud?.channelIssuer;
  const channelMetadataUrl = set(options.channelMetadataUrl) ?? cloud?.channelMetadataUrl;
  if (channelIssuer === undefined || channelMetadataUrl === undefined) {
    throw invalid(
      'ChannelService names no known cloud; for another one, set ToBotFromChannelTokenIssuer and ToBotFromChannelOpenIdMetadataUrl.',
    );
  }
  return { ...cloud, channelIssuer, channelMetadataUrl };
}

/** Parent bots and the Emulator, when there are any to be let in. */
function botCallers(appId: string, { directory }: InboundCloud, options: InboundAuthOptions): CallerKind<BotCaller>[] {
  const { allowEmulator = false, skills = [], development } = options;
  if (!allowEmulator && skills.length === 0) return [];
  if (directory === undefined) throw invalid('Callers other than channels can be configured in the known clouds only.');
  if (allowEmulator && !development) throw invalid('Tokens of the Emulator are for development only.');
  for (const skill of skills) checkSkill(skill, appId, development);
  const metadataUrl = set(options.directoryMetadataUrl) ?? directory.metadataUrl;
  const tenantId = set(options.tenantId) ?? directory.botFrameworkTenant;
  const keys = keyRingAt(metadataUrl, 'ToBotFromEmulatorOpenIdMetadataUrl', options);
  return [directoryCallers({ directory, keys, appId, tenantId, allowEmulator, skills })];
}

const GUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

function checkSkill({ appId, tenantId, serviceUrl }: SkillCaller, ownAppId: string, development: boolean): void {
  if (appId === '' || isSameAppId(appId, ownAppId))
    throw invalid("A caller needs an app id that is not the bot's own.");
  if (!GUID.test(tenantId)) throw invalid("A caller's tenant has to be given by its id, in lower case.");
  const local = development && trustedServiceUrl(serviceUrl, { development }) !== undefined;
  if (!local && !isHttps(serviceUrl)) throw invalid("A caller's service URL has to be an https address.");
}

const set = (value: string | undefined): string | undefined => (value?.trim() ? value.trim() : undefined);

const invalid = (detail: string): TurnwiseError => new TurnwiseError('SettingInvalid', detail);

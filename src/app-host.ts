import { serviceUrlNotTrusted } from './azure/service-hosts';
import type { AdapterHost } from './bot/adapter-host';
import type { CloudAdapter } from './bot/cloud-adapter';
import { continuationActivity, createdConversation, creationActivity } from './bot/proactive-activities';
import type { TurnContext } from './bot/turn-context';
import type { ConnectorClients } from './ports/connector-client';
import type { InboundAuth } from './ports/inbound-auth';
import { botLogic } from './runtime/bot-logic';
import type { ChannelServices } from './runtime/channel-services';
import { receive } from './runtime/ingress';
import { runLogic } from './runtime/run-logic';
import type { Runtime } from './runtime/runtime';
import { withPinned } from './runtime/turn-address';
import type { Activity } from './schema/activity';
import { TurnwiseError } from './schema/errors';
import type { InvokeResponse } from './schema/invoke';

/** What an app puts at the disposal of its author's adapter. */
export interface AppParts {
  readonly runtime: Runtime;
  readonly auth: InboundAuth;
  readonly services: ChannelServices & { readonly connectorClients: ConnectorClients };
  /** Whether the bot's token may be sent to an address. Code may have its references from anybody. */
  readonly trusts: (serviceUrl: string) => boolean;
  /** Makes sure that the store can be used. */
  readonly ready: () => Promise<void>;
}

/** The app as the adapter of its author sees it. */
export function appHost(adapter: CloudAdapter, { auth, ready, runtime, services, trusts }: AppParts): AdapterHost {
  const run = async (
    activity: Activity,
    logic: (context: TurnContext) => Promise<void>,
  ): Promise<InvokeResponse | undefined> => {
    if (activity.serviceUrl && !trusts(activity.serviceUrl)) throw serviceUrlNotTrusted(activity.serviceUrl);
    await ready();
    const { onError, ...bot } = botLogic(logic, [], undefined, services, adapter);
    const answers = adapter.onTurnError !== undefined && onError !== undefined;
    return runLogic({ ...runtime, bot: answers ? { ...bot, onError } : bot }, activity);
  };
  const now = (): Date => new Date(runtime.clock.now());
  return {
    run,
    async receive(headers, body) {
      await ready();
      const bytes = Buffer.from(body);
      return receive(runtime, auth, {
        headers,
        body: async (limit) => (bytes.length > limit ? 'tooLarge' : bytes),
      });
    },
    async authenticate(authorization, activity) {
      const caller = await auth.authenticate({ headers: { authorization } });
      if (!caller.ok) throw new TurnwiseError(caller.code);
      const admitted = caller.admit(activity);
      if (!admitted.ok) throw new TurnwiseError(admitted.code);
      return withPinned(activity, admitted.pinned);
    },
    async continueConversation(reference, logic) {
      await run(continuationActivity(reference, now(), runtime.ids.next()), logic);
    },
    async createConversation(channelId, serviceUrl, parameters, logic) {
      const created = await services.connectorClients.client(serviceUrl).conversations.createConversation(parameters);
      // Channels may name another service for the new conversation; one that is not known is not believed.
      const newAddress = created.serviceUrl && trusts(created.serviceUrl) ? created.serviceUrl : undefined;
      const address = { channelId, serviceUrl: newAddress ?? serviceUrl, bot: parameters.bot ?? { id: '' } };
      const reference = createdConversation(address, parameters, created.id);
      await run(creationActivity(reference, parameters, runtime.ids.next(), now()), logic);
    },
  };
}

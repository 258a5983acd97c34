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
import type { Activity } from './schema/activity';
import { TurnwiseError } from './schema/errors';
import type { InvokeResponse } from './schema/invoke';

/** What an app puts at the disposal of its author's adapter. */
export interface AppParts {
  readonly runtime: Runtime;
  readonly auth: InboundAuth;
  readonly services: ChannelServices & { readonly connectorClients: ConnectorClients };
  /** Makes sure that the store can be used. */
  readonly ready: () => Promise<void>;
}

/** The app as the adapter of its author sees it. */
export function appHost(adapter: CloudAdapter, { auth, ready, runtime, services }: AppParts): AdapterHost {
  const run = async (
    activity: Activity,
    logic: (context: TurnContext) => Promise<void>,
  ): Promise<InvokeResponse | undefined> => {
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
    },
    async continueConversation(reference, logic) {
      await run(continuationActivity(reference, runtime.ids.next(), now()), logic);
    },
    async createConversation(channelId, serviceUrl, parameters, logic) {
      const created = await services.connectorClients.client(serviceUrl).conversations.createConversation(parameters);
      const address = { channelId, serviceUrl: created.serviceUrl || serviceUrl, bot: parameters.bot ?? { id: '' } };
      const reference = createdConversation(address, parameters, created.id);
      await run(creationActivity(reference, parameters, runtime.ids.next(), now()), logic);
    },
  };
}

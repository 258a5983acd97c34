import type { AppAuth } from '../ports/app-auth';
import type { InboundAuth } from '../ports/inbound-auth';
import { failure } from '../schema/errors';
import { foreignRefusal } from './inbound-anonymous';

/** Nobody may: the API is off. */
export const noApplications: AppAuth = {
  mode: 'off',
  authenticate: async () => failure(404, 'NotFound'),
};

/**
 * Admits callers that have a key of the function app: the Functions host has asked for it before the request comes here. All of them are one caller.
 *
 * @param development neither Core Tools nor `npm start` ask for a key, so programs of the developer's own machine are let in instead
 */
export function functionKeyAuth({ development }: { readonly development: boolean }): AppAuth {
  return {
    mode: 'function-key',
    async authenticate({ headers }) {
      const refusal = development ? foreignRefusal(headers) : undefined;
      return refusal ?? { ok: true, appId: 'function-key', tenantId: '', roles: new Set() };
    },
  };
}

/** Programs of the developer's own machine, for a bot without an app id: as its messaging endpoint lets them in. */
export function ownMachineAuth(anonymous: InboundAuth): AppAuth {
  return {
    mode: anonymous.mode,
    async authenticate(request) {
      const caller = await anonymous.authenticate(request);
      return caller.ok ? { ok: true, appId: 'own-machine', tenantId: '', roles: new Set() } : caller;
    },
  };
}

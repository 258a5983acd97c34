import type { AppAuth } from '../ports/app-auth';
import type { InboundAuth } from '../ports/inbound-auth';
import { failure } from '../schema/errors';

/** Nobody may: the API is off. */
export const noApplications: AppAuth = {
  mode: 'off',
  authenticate: async () => failure(404, 'NotFound'),
};

/** The Functions host has asked for a key before the request comes here: whoever has it is let in, and all who do are one caller. */
export const functionKeyAuth: AppAuth = {
  mode: 'function-key',
  authenticate: async () => ({ ok: true, appId: 'function-key', tenantId: '', roles: new Set() }),
};

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

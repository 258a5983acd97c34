import { Secret } from './schema/secret';
import type { SettingName } from './settings-list';

/** Where traces, metrics and logs go, and who sends them. */
export interface TelemetrySettings {
  readonly connectionString: Secret;
  /** Who sends; absent where the connection string is enough. */
  readonly identity?: { readonly clientId?: string; readonly managed: boolean };
  /** Part of the traces that is sent, from 0 to 1. */
  readonly sampling: number;
  /** The app's name in Azure, and its instance's. */
  readonly role: { readonly name: string; readonly instance?: string };
}

/** @param values the settings, checked. @param env for what Azure says of the app itself */
export function readTelemetry(
  values: (name: SettingName) => string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  managed: boolean,
): TelemetrySettings | undefined {
  const connectionString = values('APPLICATIONINSIGHTS_CONNECTION_STRING');
  if (connectionString === undefined) return undefined;
  const authentication = values('APPLICATIONINSIGHTS_AUTHENTICATION_STRING');
  const clientId = /ClientId=([^;]+)/i.exec(authentication ?? '')?.[1] ?? values('AZURE_CLIENT_ID');
  const identity = { managed, ...(clientId === undefined ? {} : { clientId }) };
  const instance = env.WEBSITE_INSTANCE_ID ?? env.WEBSITE_POD_NAME;
  return {
    connectionString: new Secret(connectionString),
    ...(authentication === undefined ? {} : { identity }),
    sampling: Number(values('TURNWISE_TRACE_SAMPLING') ?? 1),
    role: { name: env.WEBSITE_SITE_NAME ?? 'turnwise', ...(instance === undefined ? {} : { instance }) },
  };
}

/**
 * What App Service, Functions on any plan, and Container Apps put into the environment of the apps that they run, and what gives them an
 * identity. Not here: what Core Tools and the Functions container images set themselves, or people copy into `local.settings.json`
 * (`FUNCTIONS_EXTENSION_VERSION`, `CONTAINER_NAME`, `WEBSITE_RUN_FROM_PACKAGE`).
 */
const AZURE_MARKERS = [
  'WEBSITE_SITE_NAME',
  'WEBSITE_INSTANCE_ID',
  'WEBSITE_OWNER_NAME',
  'WEBSITE_POD_NAME',
  'WEBSITE_SKU',
  'LEGION_SERVICE_HOST',
  'CONTAINER_APP_NAME',
  'IDENTITY_ENDPOINT',
  'MSI_ENDPOINT',
] as const;

/** Core Tools sets `WEBSITE_HOSTNAME` too, to where it listens. */
export const OWN_MACHINE = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/** The name of a variable that shows that this is Azure. */
export function azureMarker(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const marker = AZURE_MARKERS.find((name) => Boolean(env[name]?.trim()));
  if (marker !== undefined) return marker;
  const host = env.WEBSITE_HOSTNAME?.trim();
  return host && !OWN_MACHINE.test(host) ? 'WEBSITE_HOSTNAME' : undefined;
}

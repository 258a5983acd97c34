import { isTrustedServiceUrl } from './service-hosts';

/** Whether a service URL is an address of this machine: the ones that only development adds to the trusted. */
export function isLoopbackServiceUrl(serviceUrl: unknown): boolean {
  return (
    isTrustedServiceUrl(serviceUrl, { development: true }) && !isTrustedServiceUrl(serviceUrl, { development: false })
  );
}

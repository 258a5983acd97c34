import http from 'node:http';
import https from 'node:https';
import { surroundings } from './hosted.ts';

/* The Agents SDK asks a fixed address for the keys that tokens are signed with. To be imported before it. */

const { request } = https;
const keysUrl = surroundings().metadata.replace(/openidconfiguration$/, 'keys');

(https as { request: unknown }).request = (target: unknown, ...rest: never[]) => {
  const address = typeof target === 'string' ? target : (target as { href?: string; hostname?: string; host?: string });
  const isKeys = JSON.stringify(address).includes('login.botframework.com');
  return isKeys ? http.request(keysUrl, ...(rest as [])) : request(target as string, ...rest);
};

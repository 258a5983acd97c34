import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** Names under which systems install Chromium, or a browser that is made of it. `.ci/run` knows the same. */
export const BROWSER_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

const QUIET =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

const folders = (process.env.PATH ?? '').split(path.delimiter);
const found = BROWSER_NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name))).find((file) =>
  existsSync(file),
);

/** Reason why tests in a browser cannot run here, or `undefined` where they can. */
export const browserMissing =
  found === undefined ? 'there is no Chromium; "apt-get install chromium" brings it' : undefined;

/** Starts the browser of the machine, without a window. */
export function launchBrowser(): Promise<Browser> {
  if (found === undefined) throw new Error(browserMissing);
  return chromium.launch({ executablePath: found, args: QUIET.split(' ') });
}

import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { connectionStringFor } from '../../support/azurite';
import { until } from './runner';

const ROOT = path.join(__dirname, '..', '..', '..');

/** A runner with the chat page. */
export interface Local {
  /** Address of the chat page. */
  readonly page: string;
  /** The app's address, and the connection string of its queue. */
  readonly app: string;
  readonly queue: string;
  close(): Promise<void>;
}

const children = new Set<ChildProcess>();

/** Ends what tests have started and not ended. */
export function closeAll(): void {
  for (const child of children) child.kill('SIGKILL');
}

/** What `npm start` runs once the build is there, on free ports. @param app a folder, from the root of the project. */
export async function openChat(data: string, app = '.'): Promise<Local> {
  const child = spawn(process.execPath, [path.join(ROOT, 'dist/src/local/main.js')], {
    cwd: path.join(ROOT, app),
    env: {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      TURNWISE_PORT: '0',
      TURNWISE_CHAT_PORT: '0',
      TURNWISE_DATA: data,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => {
      children.delete(child);
      resolve();
    }),
  );
  await until(() => output.includes('Ctrl-C stops') || child.exitCode !== null, 30_000);
  const page = /Chat\s+(http:\/\/localhost:\d+)/.exec(output)?.[1];
  if (page === undefined) throw new Error(`There is no chat page:\n${output}`);
  const endpoint = /Endpoint +(http:\/\/127\.0\.0\.1:\d+)\/api\/messages/.exec(output)?.[1] ?? '';
  return {
    page,
    app: endpoint,
    queue: connectionStringFor(Number(/Azurite on 127\.0\.0\.1:(\d+)/.exec(output)?.[1] ?? 0)),
    close: async () => {
      child.kill('SIGINT');
      await ended;
    },
  };
}

/** Types a message into the chat page and sends it. */
export async function say(page: Page, text: string): Promise<void> {
  await page.locator('[data-lexical-editor="true"]').click();
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
}

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { ReferencePage } from '../../src/ports/references';
import { systemClock } from '../../src/runtime/system';
import { createSqliteStore } from '../../src/sqlite/sqlite-store';
import { browserMissing, launchBrowser } from '../support/browser';
import { describeUnless } from '../support/skip';
import { post } from './support/channel';
import { closeAll, type Local, openChat } from './support/chat-page';

/* Somebody at the chat page says nothing, and the bot speaks: from a script, at a time, and for another application. */

const API = path.join(__dirname, '../../dist/src/index.js');

/** A program of its own: tells everybody in Teams, now and a little later. */
const SCRIPT = `
  const { createProactive } = require(${JSON.stringify(API)});
  const proactive = createProactive(process.env);
  (async () => {
    const { id } = await proactive.broadcast({ channelId: 'msteams' }, 'Told by a script.');
    await proactive.close();
    console.log(id);
  })();
`;

describeUnless(browserMissing)('the chat page, when the bot speaks first', () => {
  let data: string;
  let browser: Browser;
  let local: Local;
  let page: Page;

  beforeAll(async () => {
    data = mkdtempSync(path.join(tmpdir(), 'turnwise-chat-'));
    browser = await launchBrowser();
    local = await openChat(data);
    page = await browser.newPage({ viewport: { width: 1440, height: 760 } });
    await page.goto(local.page);
    await reads('Hello! Say something, and I will count it.');
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await local?.close();
    closeAll();
    rmSync(data, { recursive: true, force: true });
  });

  const reads = (text: string): Promise<void> =>
    page.locator('p', { hasText: text }).first().waitFor({ timeout: 20_000 });

  test('shows what a script says to everybody', async () => {
    const env = {
      PATH: process.env.PATH ?? '',
      AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
      TURNWISE_DATA: data,
      AzureWebJobsStorage: local.queue,
    };
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', SCRIPT], { env });
    expect(stdout).toMatch(/^turnwise\/broadcast-/);
    await reads('Told by a script.');
  }, 60_000);

  test('shows what was scheduled, when its time has come', async () => {
    const store = createSqliteStore({ file: path.join(data, 'turnwise.db'), clock: systemClock });
    let reference: string | undefined;
    let next: string | undefined = '0:';
    while (reference === undefined && next !== undefined) {
      const found: ReferencePage = await store.references.page({ scope: 'personal' }, next, 10);
      reference = found.references[0]?.id;
      next = found.next;
    }
    await store.close();
    const at = Date.now() + 3_000;
    const body = { to: { reference }, text: 'It is three seconds later.', at: new Date(at) };
    const answer = await post(`${local.app}/api/notify`, body, { headers: { 'idempotency-key': 'later' } });
    expect(answer.status).toBe(202);
    await reads('It is three seconds later.');
    expect(Date.now()).toBeGreaterThanOrEqual(at);
  }, 60_000);
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { browserMissing, launchBrowser } from '../support/browser';
import { describeUnless } from '../support/skip';
import { closeAll, type Local, openChat, say } from './support/chat-page';

/* A person at the chat page, before a bot whose answers cannot wait: cards that change, dialogs, and a message that is shown while it is written. */

/** Runs in the page: notes every text that a message beginning with `begins` has had. */
const watch = (begins: string): string => `
  window.versions = [];
  setInterval(() => {
    const found = [...document.querySelectorAll('p')].map((p) => p.textContent).filter((text) => text.startsWith('${begins}'));
    const last = found.at(-1);
    if (last !== undefined && last !== window.versions.at(-1)) window.versions.push(last);
  }, 50);
`;

describeUnless(browserMissing)('on the chat page', () => {
  let data: string;
  let browser: Browser;
  let local: Local;
  let page: Page;

  beforeAll(async () => {
    data = mkdtempSync(path.join(tmpdir(), 'turnwise-cards-'));
    [browser, local] = await Promise.all([launchBrowser(), openChat(data, 'test/e2e/apps/cards')]);
    page = await browser.newPage({ viewport: { width: 1440, height: 760 } });
    await page.goto(local.page);
    await message('Ready.').waitFor();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await local?.close();
    closeAll();
    rmSync(data, { recursive: true, force: true });
  });

  const message = (text: string): Locator => page.locator('p', { hasText: text }).first();
  const button = (name: string): Locator => page.getByRole('button', { name, exact: true });

  /** Opens the dialog of the bot's message extension and submits it. */
  async function order(dish: string): Promise<void> {
    await button('Trigger Message Extension App').click();
    await page.getByRole('menuitem', { name: 'Action Command' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
    await page.getByLabel('Which dish?').fill(dish);
    await button('Order').click();
  }

  test('a card with Action.Execute is refreshed in place, each time', async () => {
    await say(page, 'card');
    await page.getByText('Votes: 0').waitFor();
    for (const votes of [1, 2]) {
      await button('Vote').click();
      await page.getByText(`Votes: ${votes}`).waitFor();
      expect(await page.getByText(`Votes: ${votes - 1}`).count()).toBe(0);
    }
    expect(await button('Vote').count()).toBe(1);
  });

  test('a task module of a card is not to be had on this page', async () => {
    await say(page, 'task');
    await button('Open').waitFor();
    const reason = page.getByText(/Task module \(task\/fetch\) is not supported yet/).first();
    await reason.waitFor();
    console.log(`task/fetch is not tried in a browser. The chat page: "${await reason.textContent()}"`);
  });

  test('a message that is written slowly grows on the page, and is there once', async () => {
    await page.evaluate(watch('The'));
    await say(page, 'stream');
    await page.getByText('Looking it up').first().waitFor();
    const whole = 'The quick brown fox jumps over the dog.';
    await page.locator('p').getByText(whole, { exact: true }).first().waitFor();
    // Long enough for anything that might still come.
    await page.waitForTimeout(2_000);
    const versions = await page.evaluate<string[]>('window.versions');
    console.log(`the message was seen in ${versions.length} versions: ${versions.join(' | ')}`);
    expect(versions.length).toBeGreaterThanOrEqual(3);
    expect(versions.at(-1)).toBe(whole);
    expect(versions.filter((version) => !whole.startsWith(version))).toEqual([]);
    expect(versions).toEqual([...versions].sort((a, b) => a.length - b.length));
    expect(await page.locator('p', { hasText: 'The quick' }).count()).toBe(1);
    expect(await page.locator('p', { hasText: 'Looking it up' }).count()).toBe(0);
  });

  // Last: the receipt stays in the box in which messages are written, and goes with the next one.
  test('a dialog opens and is submitted; what the bot says to it arrives', async () => {
    await order('Soup');
    await message('Ordered: Soup').waitFor();
    await page.getByText('A receipt').waitFor();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  });

  test('a dialog whose handler takes too long says so, and the answer follows', async () => {
    await order('Roast');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('This takes a little longer. The answer follows.').waitFor();
    expect(await page.locator('p', { hasText: 'Ordered: Roast' }).count()).toBe(0);
    await dialog.getByRole('button', { name: 'Close' }).first().click();
    await message('Ordered: Roast').waitFor();
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { browserMissing, launchBrowser } from '../support/browser';
import { describeUnless } from '../support/skip';
import { closeAll, openChat, say } from './support/chat-page';

/* A person at the chat page: types, sees that the bot is typing, reads the answer; and again after the runner was restarted. */

/** Where to put a picture of the conversation: how `docs/chat.png` is made. */
const PICTURE = process.env.CHAT_PICTURE;

/**
 * Runs in the page. The indicator is gone as soon as the answer is there, which can be sooner than anybody looks: so its coming is
 * noted. It is the bot's picture and, beside it, in place of a text, three dots.
 */
const COUNT_INDICATORS = `
  window.indicators = 0;
  new MutationObserver((records) => {
    for (const node of records.flatMap((record) => [...record.addedNodes])) {
      const picture = node.firstElementChild?.getAttribute('aria-label');
      if (picture === 'Test Bot' && node.childElementCount === 4 && node.textContent === '') window.indicators += 1;
    }
  }).observe(document, { subtree: true, childList: true });
`;

/** The page as somebody sees it who opens it in a browser. */
class Visitor {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  static async visit(browser: Browser, address: string): Promise<Visitor> {
    const page = await browser.newPage({ viewport: { width: 1440, height: 760 } });
    await page.addInitScript({ content: COUNT_INDICATORS });
    await page.goto(address);
    const visitor = new Visitor(page);
    await visitor.reads('Hello! Say something, and I will count it.');
    return visitor;
  }

  async says(text: string): Promise<void> {
    await say(this.#page, text);
  }

  /** Waits until a message with this text is there. */
  async reads(text: string): Promise<void> {
    await this.#page.locator('p', { hasText: text }).first().waitFor({ timeout: 15_000 });
  }

  /** How often the typing indicator has appeared. */
  async indicators(): Promise<number> {
    return this.#page.evaluate<number>('window.indicators');
  }

  async takesPicture(file: string): Promise<void> {
    await this.#page.screenshot({ path: file });
  }

  async leave(): Promise<void> {
    await this.#page.close();
  }
}

describeUnless(browserMissing)('the chat page', () => {
  let data: string;
  let browser: Browser;

  beforeAll(async () => {
    data = mkdtempSync(path.join(tmpdir(), 'turnwise-chat-'));
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    closeAll();
    rmSync(data, { recursive: true, force: true });
  });

  test('shows that the bot is typing, then its answer; after a restart the count goes on', async () => {
    const first = await openChat(data);
    const visitor = await Visitor.visit(browser, first.page);
    await visitor.says('Hello, bot');
    await visitor.reads('1: you said "Hello, bot"');
    await visitor.says('Is anybody there?');
    await visitor.reads('2: you said "Is anybody there?"');
    // A busy browser may draw an indicator and its answer in one go; not every time.
    expect(await visitor.indicators()).toBeGreaterThanOrEqual(1);
    if (PICTURE !== undefined) await visitor.takesPicture(PICTURE);
    await visitor.leave();
    await first.close();

    const second = await openChat(data);
    const returned = await Visitor.visit(browser, second.page);
    await returned.says('And now?');
    await returned.reads('3: you said "And now?"');
    await returned.leave();
    await second.close();
  }, 90_000);
});

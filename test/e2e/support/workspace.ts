import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Store } from '../../../src/ports/store';
import { systemClock } from '../../../src/runtime/system';
import { createSqliteStore } from '../../../src/sqlite/sqlite-store';

/** What the scripted app has written down of one event. */
export interface JournalEntry {
  readonly what: 'ring' | 'start' | 'end' | 'turnError' | 'deliveryFailed';
  readonly at: number;
  readonly pid: number;
  readonly conversation?: string;
  readonly activity?: string;
  readonly attempt?: number;
  readonly code?: string;
}

/** Where Linux keeps files in memory. */
const MEMORY = '/dev/shm';

/** A temporary folder in which the apps of one test file keep their data, and what they write down for the test. */
export class Workspace {
  readonly folder: string;
  #store: Store | undefined;

  /**
   * @param on `memory`, where the system has files there, spares a test the wait for the disk at every write of the store. What the
   * death of a process leaves behind is the same; only a power cut could tell the difference.
   */
  constructor(on: 'disk' | 'memory' = 'memory') {
    this.folder = mkdtempSync(path.join(on === 'memory' && existsSync(MEMORY) ? MEMORY : tmpdir(), 'turnwise-e2e-'));
  }

  /** The settings that make an app use this folder. */
  get env(): Readonly<Record<string, string>> {
    return { TURNWISE_DATA: this.data, E2E_FOLDER: this.folder };
  }

  get data(): string {
    return path.join(this.folder, 'data');
  }

  /** The embedded store of the apps, looked into from outside. */
  get store(): Store {
    this.#store ??= createSqliteStore({ file: path.join(this.data, 'turnwise.db'), clock: systemClock });
    return this.#store;
  }

  /** What the scripted app has written down, in order; of one conversation if one is named. */
  journal(what?: JournalEntry['what'], conversation?: string): JournalEntry[] {
    const file = path.join(this.folder, 'journal.jsonl');
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    return lines
      .map((line) => JSON.parse(line) as JournalEntry)
      .filter((entry) => what === undefined || entry.what === what)
      .filter((entry) => conversation === undefined || entry.conversation === conversation);
  }

  /** Lets handlers go on that wait at a gate. */
  open(gate: string): void {
    writeFileSync(path.join(this.folder, `gate-${gate}`), '');
  }

  async remove(): Promise<void> {
    await this.#store?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

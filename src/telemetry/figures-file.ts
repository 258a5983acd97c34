import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Telemetry } from '../ports/telemetry';
import { Figures, type FiguresData, merged } from './figures';

/** How long after something was measured the file says so, in ms. */
const WRITE_AFTER_MS = 2_000;

const NAME = /^figures-(\d+)\.json$/;

/** What is measured, kept in a file of this process for whoever looks from outside. */
export interface FiguresFile {
  readonly measure: Telemetry['measure'];
  /** Writes what has not been written. */
  close(): void;
}

/**
 * Keeps figures in a folder. For development machines: a process that ends leaves its file until the next one starts. What cannot be written is
 * not: nobody's turn depends on it.
 */
export function figuresFile(folder: string, since = Date.now()): FiguresFile {
  const figures = new Figures(since);
  const file = path.join(folder, `figures-${process.pid}.json`);
  let timer: NodeJS.Timeout | undefined;
  forgetTheGone(folder);

  const write = (): void => {
    timer = undefined;
    try {
      writeFileSync(`${file}.new`, JSON.stringify(figures.data), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    } catch {
      // The folder may be gone, or full.
    }
  };
  return {
    measure(metric, value, attributes = {}) {
      figures.measure(metric, value, attributes);
      timer ??= setTimeout(write, WRITE_AFTER_MS).unref();
    },
    close() {
      if (timer === undefined) return;
      clearTimeout(timer);
      write();
    },
  };
}

/** The figures of all processes that keep theirs in a folder, as one. */
export function readFigures(folder: string): { readonly processes: number; readonly figures: FiguresData | undefined } {
  const all = filesIn(folder).flatMap(({ file }) => {
    try {
      return [JSON.parse(readFileSync(file, 'utf8')) as FiguresData];
    } catch {
      return []; // It was replaced or removed just now.
    }
  });
  return { processes: all.length, figures: merged(all) };
}

function forgetTheGone(folder: string): void {
  for (const { file, pid } of filesIn(folder)) {
    if (!isAlive(pid)) rmSync(file, { force: true });
  }
}

function filesIn(folder: string): readonly { readonly file: string; readonly pid: number }[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const pid = NAME.exec(name)?.[1];
    return pid === undefined ? [] : [{ file: path.join(folder, name), pid: Number(pid) }];
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

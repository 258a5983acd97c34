import path from 'node:path';
import { packageApp } from '../package/package-app';
import type { Report } from './report';

/** `turnwise package`: the app in this folder as what is deployed. */
export async function packageCommand(appRoot: string, out: string): Promise<Report> {
  const made = await packageApp({ appRoot, out: path.resolve(appRoot, out) });
  const shown = (file: string): string => path.relative(appRoot, file) || file;
  const text = [
    `${shown(made.folder)}  ${mb(made.bytes)}, without node_modules`,
    `${shown(made.zip)}  ${mb(made.zippedBytes)}`,
  ].join('\n');
  return { data: made, text };
}

function mb(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(2)} MB`;
}

import { styleText } from 'node:util';
import type { Runner } from './runner';

/** What is shown when the runner is up: what runs where, and what to do next. */
export function banner(runner: Runner, facts: { readonly version: string; readonly store: string }): string {
  const messages = runner.functions.some(({ trigger }) => trigger.endsWith(' /api/messages'));
  const width = Math.max(0, ...runner.functions.map(({ name }) => name.length));
  const rows: [string, string][] = [
    ...(runner.chatUrl
      ? [['Chat', `${bold(runner.chatUrl)}  open this page and say something`] as [string, string]]
      : []),
    ['Endpoint', `${runner.url}${messages ? '/api/messages' : ''}`],
    ['Store', facts.store],
    ['Queue', runner.queueAddress ? `Azurite on ${runner.queueAddress}` : 'AzureWebJobsStorage'],
    ['Data', runner.dataDir],
    ...runner.functions.map(({ name, trigger }, index): [string, string] => {
      return [index === 0 ? 'Functions' : '', `${name.padEnd(width)}  ${trigger}`];
    }),
  ];
  const lines = rows.map(([label, value]) => `  ${dim(label.padEnd(10))} ${value}`);
  return [
    '',
    `  ${bold(`Turnwise ${facts.version}`)}  ${dim('runner for development and for a single machine')}`,
    '',
    ...lines,
    '',
    `  ${dim('Ctrl-C stops; nothing is lost.')}`,
    '',
    '',
  ].join('\n');
}

// styleText leaves the text plain where the output is no terminal, and where NO_COLOR asks for it.
function bold(text: string): string {
  return styleText('bold', text);
}

function dim(text: string): string {
  return styleText('dim', text);
}

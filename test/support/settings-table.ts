import { SETTINGS } from '../../src/settings-list';
import type { Setting } from '../../src/settings-values';

const GROUPS: readonly (readonly [Setting['group'], string])[] = [
  ['bot', 'The bot'],
  ['cloud', 'Its cloud'],
  ['store', 'The store'],
  ['earlier', "The earlier SDK's state (`docs/state.md`)"],
  ['lifetimes', 'How long things are kept'],
  ['queue', 'The queue'],
  ['notify', 'The notification API'],
  ['telemetry', 'Telemetry'],
  ['runner', 'The local runner (`npm start`)'],
];

/** The tables of `docs/configuration.md`, made of the list of settings. */
export function settingsTables(): string {
  return GROUPS.map(([group, title]) => {
    const rows = (SETTINGS as readonly Setting[]).filter((setting) => setting.group === group).map(row);
    return [
      `## ${title}`,
      '',
      '| Setting | Meaning | Has to be | Default |',
      '| --- | --- | --- | --- |',
      ...rows,
    ].join('\n');
  }).join('\n\n');
}

function row(setting: Setting): string {
  const secret = setting.secret === true ? ' **Secret.**' : '';
  return `| \`${setting.name}\` | ${setting.meaning}${secret} | ${setting.allowed} | ${setting.default ?? '–'} |`;
}

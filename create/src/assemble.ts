import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/*
 * Part of building this package: puts into `dist/shared` what every bot has and Turnwise's own repository has too, so that there is one
 * source of each: the trigger files, host.json, the deployment, and the workflow that deploys.
 */

const repository = path.join(__dirname, '../..');
const shared = path.join(__dirname, 'shared');

rmSync(shared, { recursive: true, force: true });
mkdirSync(path.join(shared, 'functions'), { recursive: true });
for (const name of [
  'host.json',
  'local.settings.example.json',
  'azure.yaml',
  'infra',
  '.github/workflows/deploy.yml',
]) {
  cpSync(path.join(repository, name), path.join(shared, name), { recursive: true });
}
for (const name of readdirSync(path.join(repository, 'functions'))) {
  // The bot is the template's own.
  if (name === 'bot.ts') continue;
  const text = readFileSync(path.join(repository, 'functions', name), 'utf8');
  writeFileSync(path.join(shared, 'functions', name), text.replaceAll("'../src'", "'turnwise'"));
}

import { azure } from './list/azure';
import { channels } from './list/channels';
import { cosmos } from './list/cosmos';
import { functions } from './list/functions';
import { identity } from './list/identity';
import { local } from './list/local';
import { monitoring } from './list/monitoring';
import { storageQueue } from './list/storage-queue';
import { teams } from './list/teams';
import type { OutsideValue } from './outside-value';

/** All values of other services, by area. */
export const LISTS: Readonly<Record<string, readonly OutsideValue[]>> = {
  azure,
  channels,
  cosmos,
  functions,
  identity,
  local,
  monitoring,
  'storage queue': storageQueue,
  teams,
};

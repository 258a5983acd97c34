import { describe } from '@jest/globals';
import { commitContract } from './store/commit';
import { deadLetterContract } from './store/dead-letters';
import { deliveryContract } from './store/delivery';
import { erasureContract } from './store/erasure';
import { fencingContract } from './store/fencing';
import { formatContract } from './store/formats';
import { holdContract } from './store/hold';
import { inlineContract } from './store/inline';
import { inspectionContract } from './store/inspection';
import { mailboxContract } from './store/mailbox';
import { paceContract } from './store/pace';
import { referenceContract } from './store/references';
import { scheduleContract } from './store/schedules';
import { sizeContract } from './store/sizes';
import { stepContract } from './store/steps';
import { sweepContract } from './store/sweeps';
import { upkeepContract } from './store/upkeep';
import { userStateContract } from './store/user-state';
import { valueContract } from './store/values';
import { type OpenStore, opener } from './store-under-test';

/** What every store does, method by method of `src/ports/store.ts`. `open` makes an empty one for each test. */
export function storeContract(open: OpenStore): void {
  const opened = opener(open);
  describe('accept and overdue', () => mailboxContract(opened));
  describe('acquire, renew, hand back', () => holdContract(opened));
  describe('commit', () => commitContract(opened));
  describe('flush and deliver', () => deliveryContract(opened));
  describe('a holder that was taken over', () => fencingContract(opened));
  describe('schedules', () => scheduleContract(opened));
  describe('sizes of records', () => sizeContract(opened));
  describe('steps', () => stepContract(opened));
  describe('inline turns', () => inlineContract(opened));
  describe('user state', () => userStateContract(opened));
  describe('dead letters', () => deadLetterContract(opened));
  describe('references', () => referenceContract(opened));
  describe('pace and notifications', () => paceContract(opened));
  describe('the time of the last sweep', () => sweepContract(opened));
  describe('erasing', () => erasureContract(opened));
  describe('upkeep', () => upkeepContract(opened));
  describe('inspection', () => inspectionContract(opened));
  describe('values', () => valueContract(opened));
  describe('record formats', () => formatContract(opened));
}

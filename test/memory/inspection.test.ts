import { createMemoryStore } from '../../src/memory/memory-store';
import { systemClock } from '../../src/runtime/system';
import { inspectionContract } from '../contracts/inspection';

inspectionContract(async () => createMemoryStore(systemClock));

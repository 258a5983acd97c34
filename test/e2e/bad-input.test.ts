import net from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { QueueServiceClient } from '@azure/storage-queue';
import { type FakeConnector, startFakeConnector } from '../support/fake-connector';
import { Channel, post } from './support/channel';
import { endAllRunners, type RunnerProcess, startRunner } from './support/runner';
import { Workspace } from './support/workspace';

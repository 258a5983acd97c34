// What a bot's own tests use.
export type { CrashPoint } from './bad-days';
export type { ExpectedReply, TestActivityInspector } from './replies';
export { TestAdapter, type TestAdapterOptions } from './test-adapter';
export { type FlowAdapter, TestFlow } from './test-flow';

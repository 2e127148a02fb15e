export type { Config } from './config.js';
export { type Calling, connectPeers, type Outside, type Peers } from './outside.js';
export { type KeysService, startKeys } from './service.js';
export { HeldKeks } from './support/held-keks.js';

export type { Outside, Peers } from './deps.js';
export { DEADLINES, type Deadlines } from './domain/phases.js';
export { connectPeers } from './outside/connect-peers.js';
export { type LifecycleService, type ServiceConfig, startLifecycle } from './service.js';

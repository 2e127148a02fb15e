export { EXIT, type ExitCode } from './exit-code.js';
export { run } from './run.js';
export type { Terminal, World } from './world.js';

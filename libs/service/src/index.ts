export { type Clock, systemClock } from './clock.js';
export { type Failpoints, failpointsIn, noFailpoints } from './failpoints.js';
export { createIds, type Ids, systemIds } from './ids.js';
export { Scope } from './scope.js';
export { untilSignal } from './signal.js';

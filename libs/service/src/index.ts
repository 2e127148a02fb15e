export { type Clock, startAge, systemClock } from './clock.js';
export { type Failpoints, failpointsIn, noFailpoints } from './failpoints.js';
export { createExclusively, syncFolder, writeAtomically } from './files.js';
export { createIds, type Ids, systemIds } from './ids.js';
export {
  identify,
  isAlive,
  killUser,
  listProcesses,
  ownProcessesWithVariable,
  type ProcessIdentity,
  type ProcessState,
  processesOfUser,
  processesWithVariable,
  readProcess,
  residentBytes,
  signalProcess,
  variableOf,
} from './processes.js';
export { Scope } from './scope.js';
export { untilSignal } from './signal.js';

import type { End, ExecutionNeeds } from './execution.js';
import type { LogFiles } from './log-files.js';
import { overrideVariables } from './overrides.js';
import { probe } from './probes/prober.js';
import { ProcessGroup } from './process-group.js';
import type { StoragePaths } from './storage/prepare-storage.js';
import { type Ending, Supervision } from './supervise.js';

/** What it takes to run something in a storage. */
export interface Running extends ExecutionNeeds {
  readonly storage: StoragePaths;
  readonly logs: LogFiles;
  /** Called once it runs, with what ends it. */
  readonly onStart: (end: End) => Promise<void>;
}

/** Runs the workload's command to its end, under watch. Nothing of it is left afterwards. */
export async function runWorkload(running: Running): Promise<Ending> {
  const { config, storage, ports, clock, logs, onStart } = running;
  const { data, outputs, folder } = storage;
  const { setup, runFolder } = config;
  const group = {
    ...config,
    variables: variablesOf(running),
    mounts: { folder, writable: ['data', `outputs/${setup.stage}`] },
  };
  await ports[Symbol.asyncDispose]();
  const processes = new ProcessGroup(group, `${runFolder}/work`, { clock, logs });
  const around = {
    limits: config.limits,
    folders: [data, outputs],
    beside: (signal: AbortSignal) => probeIt(running, processes, signal),
  };
  const supervision = new Supervision(processes, around, clock);
  const ended = supervision.run();
  await onStart((cause, graceMs) => supervision.end(cause, graceMs));
  return ended;
}

/** What the workload is told by its environment. What it needs of the mesh stands over the rest. */
function variablesOf({ config, storage, ports }: Running): Readonly<Record<string, string>> {
  const { setup, runFolder } = config;
  return {
    ...overrideVariables(setup.overrides),
    ...ports.variables(),
    RAMET_STAGE: setup.stage,
    RAMET_INPUTS: storage.inputs,
    RAMET_DATA: storage.data,
    RAMET_OUTPUT: storage.output,
    RAMET_OUTPUTS: storage.outputs,
    RAMET_CONFIG: `${runFolder}/config`,
  };
}

async function probeIt(running: Running, group: ProcessGroup, signal: AbortSignal): Promise<void> {
  const { config, ports, clock, logger, mask, onVerdict } = running;
  const { probe: spec } = config.setup;
  if (!spec) return;
  try {
    const spawn = (command: readonly string[]) => group.spawnBeside(command);
    const tell: typeof onVerdict = ({ ready, message }, isNews) =>
      onVerdict({ ready, message: mask.text(message) }, isNews);
    await probe(spec, { ports: ports.all, clock, spawn, onVerdict: tell }, signal);
  } catch (error) {
    logger.error('the probe has failed', { error: String(error) });
  }
}

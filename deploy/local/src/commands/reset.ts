import { existsSync, readdirSync, rmSync } from 'node:fs';
import { systemClock } from '@ramet/service';
import { layoutOf } from '../layout.js';
import { takeLock } from '../lock.js';
import { endAll, processesMarked } from '../proc.js';
import { MARK } from '../service-env.js';
import type { CommandContext } from './context.js';
import { meshOptions } from './settings.js';

const ENDED_WITHIN_MS = 10_000;

/**
 * Removes everything that a mesh has kept, and the processes that were left of one.
 *
 * Throws AlreadyRunning while the mesh runs. Refuses a folder that is no mesh's.
 */
export async function reset(context: CommandContext): Promise<number> {
  const layout = layoutOf(meshOptions(context).stateDir);
  if (!existsSync(layout.state)) {
    context.say(`nothing to remove: there is no ${layout.state}`);
    return 0;
  }
  if (!existsSync(layout.ports) && readdirSync(layout.state).some((name) => name !== 'bin')) {
    context.complain(`${layout.state} is not the state of a mesh: it has no mesh.json`);
    return 1;
  }
  using _lock = takeLock(layout.lock);
  const left = () => processesMarked(MARK, layout.state);
  await endAll(left, 'SIGKILL', { clock: systemClock, withinMs: ENDED_WITHIN_MS });
  for (const folder of [layout.run, layout.state]) {
    rmSync(folder, { recursive: true, force: true });
  }
  context.say(`removed ${layout.state}`);
  return 0;
}

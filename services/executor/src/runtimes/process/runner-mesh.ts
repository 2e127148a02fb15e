import type { Config } from '../../config.js';
import type { RunnerMesh } from './runner-config.js';

/** What tells where runners find the mesh. */
export type RunnerMeshSettings = Pick<
  Config,
  | 'lifecycleAddress'
  | 'keysAddress'
  | 'teamsAddress'
  | 'runnerLifecycleAddress'
  | 'runnerKeysAddress'
  | 'runnerTeamsAddress'
  | 'runnerCa'
  | 'tracesDir'
  | 'failpointsDir'
>;

/** What runners are told of the mesh. They prove themselves by tokens, where everybody calls. */
export function runnerMesh(settings: RunnerMeshSettings): RunnerMesh {
  const { tracesDir, failpointsDir, runnerCa: authority = '' } = settings;
  return {
    lifecycleAddress: settings.runnerLifecycleAddress || settings.lifecycleAddress,
    keysAddress: settings.runnerKeysAddress || settings.keysAddress,
    teamsAddress: settings.runnerTeamsAddress || settings.teamsAddress,
    ...{ authority, tracesDir, failpointsDir },
  };
}

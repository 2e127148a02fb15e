import { loadContract } from '@ramet/proto-gen/contract';
import { failpointsIn, noFailpoints, systemClock, systemIds, untilSignal } from '@ramet/service';
import { startTelemetry } from '@ramet/telemetry';
import { NO_SECRETS, readRunnerConfig, takeSecrets } from './config.js';
import { runnerFolder } from './folder.js';
import { closeInheritedFiles } from './inherited-files.js';
import { own, runExecution } from './run-execution.js';

closeInheritedFiles();
const folder = runnerFolder(process.argv[2] ?? '');
const self = await own(folder);
if (self) {
  const config = await readRunnerConfig(folder.config);
  const secrets = config.setup.hasSecrets ? await takeSecrets(folder.secrets) : NO_SECRETS;
  const { tracesDir = '', failpointsDir = '' } = config.mesh ?? {};
  await using telemetry = await startTelemetry({
    service: 'runner',
    logLevel: 'info',
    ...(tracesDir !== '' && { tracesDir }),
  });
  const interrupted = new AbortController();
  void untilSignal().then(() => interrupted.abort());
  await runExecution({
    ...{ folder, config, secrets, self },
    contract: loadContract(),
    clock: systemClock,
    ids: systemIds,
    failpoints: failpointsDir === '' ? noFailpoints : failpointsIn(failpointsDir),
    logger: telemetry.logger,
    interrupted: interrupted.signal,
  });
}

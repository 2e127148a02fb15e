import type { WorkloadSetup } from './domain/setup.js';

/** What a workload is given that asks for nothing but to be run; for tests. */
export const PLAIN_SETUP: WorkloadSetup = {
  stage: 'main',
  fetchInputs: false,
  inputs: [],
  overrides: [],
  hasSecrets: false,
  ports: [],
  keepResults: false,
};

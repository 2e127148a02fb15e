import type { RunnerConfig } from './config.js';

/** What a workload is given that asks for nothing but to be run; for tests. */
export const PLAIN: Pick<RunnerConfig, 'setup' | 'endpointHost' | 'inputsAllowPrivate'> = {
  setup: {
    stage: 'main',
    fetchInputs: false,
    inputs: [],
    overrides: [],
    hasSecrets: false,
    ports: [],
    keepResults: false,
  },
  endpointHost: '127.0.0.1',
  inputsAllowPrivate: true,
};

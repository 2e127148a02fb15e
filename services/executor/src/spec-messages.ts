import { conflict } from '@ramet/errors';
import type { CreateExecutionRequest } from '@ramet/proto-gen/executor.v1';
import {
  type GetExecutionSecretsResponse,
  type Input,
  type Override,
  OverrideScope,
  type Probe,
} from '@ramet/proto-gen/lifecycle.v1';
import type {
  OverrideScope as Scope,
  WorkloadInput,
  WorkloadOverride,
  WorkloadProbe,
  WorkloadSecrets,
  WorkloadSetup,
} from './domain/setup.js';
import type { WorkloadSource } from './domain/workload.js';

const GIB = 1024 * 1024 * 1024;
const PROBE = { periodMs: 5_000, timeoutMs: 2_000, failures: 3 };

/** What an execution runs; none if it fetches inputs. Throws SOURCE_UNSUPPORTED for an image. */
export function sourceFrom({
  source,
  executionId,
}: Pick<CreateExecutionRequest, 'source' | 'executionId'>): WorkloadSource | undefined {
  switch (source?.source?.$case) {
    case 'process': {
      const { bundle, command, tag } = source.source.value;
      return { bundle, command, tag };
    }
    case 'image': {
      const subject = { kind: 'execution', id: executionId };
      throw conflict('SOURCE_UNSUPPORTED', subject, 'no runtime here can run an image');
    }
    case undefined:
      return undefined;
  }
}

/** What an execution is given, with the defaults for what was not said. */
export function setupFrom(request: CreateExecutionRequest): WorkloadSetup {
  const { stage, fetchInputs, hasSecrets, ports, probe, keepResults } = request;
  return {
    ...{ fetchInputs, hasSecrets, keepResults },
    stage: stage === '' ? 'main' : stage,
    inputs: request.inputs.flatMap(inputFrom),
    overrides: request.overrides.filter(({ secret }) => !secret).map(overrideFrom),
    ports: ports.map(({ name, label, scheme }) => ({
      name,
      label: label === '' ? name : label,
      scheme: scheme === '' ? 'http' : scheme,
    })),
    ...(probe && probeFrom(probe)),
  };
}

/** What only the workload, or its runner, may know. */
export function secretsFrom({ overrides, inputs }: GetExecutionSecretsResponse): WorkloadSecrets {
  return {
    overrides: overrides.map(overrideFrom),
    inputs: inputs.map(({ name, url }) => ({ name, url })),
  };
}

function inputFrom({ name, source, sha256, maxBytes }: Input): readonly WorkloadInput[] {
  const from = source && originOf(source);
  if (!from) return [];
  const limit = maxBytes === 0n ? GIB : Number(maxBytes);
  return [{ name, from, sha256: sha256.toString('hex'), maxBytes: limit }];
}

function originOf(source: NonNullable<Input['source']>): WorkloadInput['from'] {
  if (source.$case === 'url') return { kind: 'url', url: source.value };
  const { cloneId, name } = source.value;
  return { kind: 'result', cloneId, name };
}

function overrideFrom({
  name,
  scope,
  value,
}: Pick<Override, 'name' | 'scope' | 'value'>): WorkloadOverride {
  return { name, scope: scopeFrom(scope), value };
}

function scopeFrom(scope: OverrideScope): Scope {
  return scope === OverrideScope.ENVIRONMENT ? 'environment' : 'app';
}

function probeFrom({ check, period, timeout, failures }: Probe): { probe?: WorkloadProbe } {
  const asked = check && checkFrom(check);
  if (!asked) return {};
  return {
    probe: {
      check: asked,
      periodMs: toMs(period) ?? PROBE.periodMs,
      timeoutMs: toMs(timeout) ?? PROBE.timeoutMs,
      failures: failures === 0 ? PROBE.failures : failures,
    },
  };
}

function checkFrom(check: NonNullable<Probe['check']>): WorkloadProbe['check'] {
  switch (check.$case) {
    case 'http': {
      const { port, path } = check.value;
      return { kind: 'http', port, path: path === '' ? '/' : path };
    }
    case 'tcp':
      return { kind: 'tcp', port: check.value.port };
    case 'command':
      return { kind: 'command', command: check.value.command };
  }
}

function toMs(duration: Probe['period']): number | undefined {
  return duration && Number(duration.seconds) * 1_000 + duration.nanos / 1_000_000;
}

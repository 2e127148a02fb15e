import { conflict, invalid } from '@ramet/errors';
import type { CompleteRequest, CompleteResponse } from '@ramet/proto-gen/runner.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';

type Needs = Pick<Deps, 'config' | 'reports' | 'passOnCompletion'>;

/**
 * Takes the workload's last word and passes it on.
 *
 * Answers even if lifecycle is away: it is passed on once more after the workload has ended.
 */
export function complete({
  config,
  reports,
  passOnCompletion,
}: Needs): Unary<CompleteRequest, CompleteResponse> {
  return async ({ report }) => {
    if (!report) throw invalid({ field: 'report', description: 'is required' });
    if (!reports.complete(report)) {
      const subject = { kind: 'execution', id: config.executionId };
      throw conflict('ALREADY_COMPLETED', subject, 'the workload said already how it ended');
    }
    await passOnCompletion();
    return {};
  };
}

import { invalid } from '@ramet/errors';
import type { ReportProgressRequest, ReportProgressResponse } from '@ramet/proto-gen/runner.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';

type Needs = Pick<Deps, 'reports' | 'wakeHeart'>;

/** Notes how far the workload is; the next heartbeat passes it on. */
export function reportProgress({
  reports,
  wakeHeart,
}: Needs): Unary<ReportProgressRequest, ReportProgressResponse> {
  return async ({ progress }) => {
    if (!progress) throw invalid({ field: 'progress', description: 'is required' });
    reports.setProgress(progress);
    wakeHeart();
    return {};
  };
}

import type { GetSealStatusRequest, GetSealStatusResponse } from '@ramet/proto-gen/keys.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { sealReport } from './seal-report.js';

/** Tells how it stands with the seal. */
export function getSealStatus(
  needs: Pick<Deps, 'seals' | 'keks'>,
): Unary<GetSealStatusRequest, GetSealStatusResponse> {
  return async () => ({ status: await sealReport(needs) });
}

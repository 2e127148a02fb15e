import { HistoryServiceService } from '@ramet/proto-gen/history.v1';
import {
  GrantServiceService,
  KeyServiceService,
  ReceiptServiceService,
  SealServiceService,
  SigningServiceService,
} from '@ramet/proto-gen/keys.v1';
import { type Implemented, implement } from '@ramet/rpc';
import type { Deps } from './deps.js';
import { auditLogs } from './handlers/audit-logs.js';
import { authorizeCloneToUseKey } from './handlers/authorize-clone-to-use-key.js';
import { checkGrantLimits } from './handlers/check-grant-limits.js';
import { createKey } from './handlers/create-key.js';
import { deleteKey } from './handlers/delete-key.js';
import { disableKey } from './handlers/disable-key.js';
import { enableKey } from './handlers/enable-key.js';
import { getConsistencyProof } from './handlers/get-consistency-proof.js';
import { getKey } from './handlers/get-key.js';
import { getReceipt } from './handlers/get-receipt.js';
import { getSealStatus } from './handlers/get-seal-status.js';
import { getSignedHead } from './handlers/get-signed-head.js';
import { listAvailableKeys } from './handlers/list-available-keys.js';
import { listDenials } from './handlers/list-denials.js';
import { listGrants } from './handlers/list-grants.js';
import { listKeys } from './handlers/list-keys.js';
import { listLogKeys } from './handlers/list-log-keys.js';
import { listSignatures } from './handlers/list-signatures.js';
import { listSignedHeads } from './handlers/list-signed-heads.js';
import { readHistory } from './handlers/read-history.js';
import { releaseKey } from './handlers/release-key.js';
import { renewGrantLeases } from './handlers/renew-grant-leases.js';
import { retireLogKey } from './handlers/retire-log-key.js';
import { revokeGrant } from './handlers/revoke-grant.js';
import { rotateKek } from './handlers/rotate-kek.js';
import { rotateKey } from './handlers/rotate-key.js';
import { rotateLogKey } from './handlers/rotate-log-key.js';
import { seal } from './handlers/seal.js';
import { noteInvalid } from './handlers/sign-denials.js';
import { signTransaction } from './handlers/sign-transaction.js';
import { undeleteKey } from './handlers/undelete-key.js';
import { unseal } from './handlers/unseal.js';
import { updateKey } from './handlers/update-key.js';

/** All that the service answers, but its audit. */
export function keysApi(deps: Deps): readonly Implemented[] {
  return [
    implement(KeyServiceService, {
      createKey: createKey(deps),
      getKey: getKey(deps),
      listKeys: listKeys(deps),
      listAvailableKeys: listAvailableKeys(deps),
      updateKey: updateKey(deps),
      rotateKey: rotateKey(deps),
      disableKey: disableKey(deps),
      enableKey: enableKey(deps),
      deleteKey: deleteKey(deps),
      undeleteKey: undeleteKey(deps),
      revokeGrant: revokeGrant(deps),
      listGrants: listGrants(deps),
      listSignatures: listSignatures(deps),
      listDenials: listDenials(deps),
    }),
    implement(GrantServiceService, {
      authorizeCloneToUseKey: authorizeCloneToUseKey(deps),
      releaseKey: releaseKey(deps),
      renewGrantLeases: renewGrantLeases(deps),
      checkGrantLimits: checkGrantLimits(deps),
    }),
    implement(
      SigningServiceService,
      { signTransaction: signTransaction(deps) },
      { signTransaction: noteInvalid(deps) },
    ),
    implement(SealServiceService, {
      getSealStatus: getSealStatus(deps),
      seal: seal(deps),
      unseal: unseal(deps),
      rotateKek: rotateKek(deps),
    }),
    implement(ReceiptServiceService, {
      getReceipt: getReceipt(deps),
      getConsistencyProof: getConsistencyProof(deps),
      getSignedHead: getSignedHead(deps),
      listSignedHeads: listSignedHeads(deps),
      listLogKeys: listLogKeys(deps),
      rotateLogKey: rotateLogKey(deps),
      retireLogKey: retireLogKey(deps),
      auditLogs: auditLogs(deps),
    }),
    implement(HistoryServiceService, { readHistory: readHistory(deps) }),
  ];
}

import { CloneKind, ListCloneHistoryRequest, type Quota } from '@ramet/proto-gen/lifecycle.v1';
import { phaseName } from './clones.js';
import type { Person } from './world.js';

/** The keys that a person could give to a clone of their own. */
export async function availableTo({ api: { keys }, owner }: Person): Promise<readonly string[]> {
  const all = { owner, keyId: '', pageSize: 0, pageToken: '' };
  return (await keys.listAvailableKeys(all)).keys.map(({ id }) => id);
}

/** The request ids of the signatures that were made with a key, newest first. */
export async function signaturesOf(
  { api: { keys } }: Person,
  keyId: string,
): Promise<readonly string[]> {
  const all = { keyId, cloneId: '', pageSize: 1_000, pageToken: '' };
  return (await keys.listSignatures(all)).signatures.map(({ requestId }) => requestId);
}

/** How many clones a person has. */
export async function usedBy({ api: { clones }, owner }: Person): Promise<bigint | undefined> {
  const { quotas } = await clones.getQuota({ owner });
  const isOfBots = (quota: Quota): boolean => {
    return quota.kind === CloneKind.BOT && quota.resource === 'clones';
  };
  return quotas.find(isOfBots)?.used;
}

/** The phases that a clone has been in, each once. */
export async function phasesOf(
  { api: { clones } }: Person,
  id: string,
): Promise<readonly string[]> {
  const { entries } = await clones.listCloneHistory(
    ListCloneHistoryRequest.fromPartial({ cloneId: id }),
  );
  return [...new Set(entries.map(({ clone }) => phaseName(clone?.phase ?? 0)))];
}

import { CreateCloneRequest, type CreateCloneResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Caller, Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { Owner, Wanted } from '../domain/clone.js';
import { requireParameters } from '../domain/validate.js';
import { fromLimitsMessage, toCloneMessage } from '../messages.js';
import { actorOf } from './actor.js';
import { requiredOwner } from './owner.js';
import { rehearse } from './rehearse-clone.js';

type Needs = Pick<
  Deps,
  | 'access'
  | 'clones'
  | 'reads'
  | 'quotas'
  | 'keys'
  | 'ids'
  | 'clock'
  | 'failpoints'
  | 'wake'
  | 'deadlines'
>;

/** Accepts a clone: the answer follows its row, its quota and its history. */
export function createClone(needs: Needs): Unary<CreateCloneRequest, CreateCloneResponse> {
  const { access, clones, failpoints, wake } = needs;
  return async (message, { caller, signal }) => {
    requireParameters(message.parameters);
    const owner = requiredOwner(message.owner);
    const request = {
      caller: actorOf(caller),
      requestId: message.requestId,
      bytes: CreateCloneRequest.encode({ ...message, requestId: '' }).finish(),
    };

    const asked = { userId: caller.id, owner, botId: message.botId };
    const admitted = await access.admit(asked).catch(async (thrown: unknown) => {
      // Whoever repeats a request gets its clone, even if it would not be admitted any more.
      const clone = await clones.findRepeated(request);
      if (!clone) throw thrown;
      return { clone };
    });
    if ('clone' in admitted) return { clone: toCloneMessage(admitted.clone) };

    const wanted = { ...wantedOf(message, owner, caller, needs.ids.make('cln')), ...admitted };
    if (message.validateOnly) {
      return { clone: toCloneMessage(await rehearse(needs, wanted, signal)) };
    }
    const clone = await clones.create({ wanted, request });
    failpoints.hit('lifecycle.clone_created');
    wake();
    return { clone: toCloneMessage(clone) };
  };
}

type Asked = Omit<Wanted, 'teamId' | 'source'>;

function wantedOf(
  message: CreateCloneRequest,
  owner: Owner,
  { id: creatorId }: Caller,
  id: string,
) {
  const { name, botId, keyId, parameters, limits, labels, maxSignatures } = message;
  const asked: Asked = {
    id,
    name,
    owner,
    creatorId,
    botId,
    keyId,
    parameters,
    limits: fromLimitsMessage(limits),
    labels,
    ...(maxSignatures !== undefined && { maxSignatures }),
  };
  return asked;
}

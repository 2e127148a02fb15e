import { denied, invalid } from '@ramet/errors';
import { GrantLimits } from '@ramet/proto-gen/keys.v1';
import { CreateCloneRequest, type CreateCloneResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Call, Caller, Unary } from '@ramet/rpc';
import type { Admitted, Deps, NewClone } from '../deps.js';
import type { Owner, Wanted } from '../domain/clone.js';
import { inputViolations } from '../domain/inputs.js';
import { policyOf } from '../domain/policy.js';
import { defaultSpec, needsBot } from '../domain/release.js';
import type { Spec } from '../domain/spec.js';
import type { Template } from '../domain/template.js';
import { toCloneMessage } from '../messages.js';
import { fromChangeMessage, fromInputMessage } from '../override-messages.js';
import { fromLimitsMessage, fromPolicyMessage } from '../spec-messages.js';
import { actorOf } from './actor.js';
import { toQuotaMessage } from './get-quota.js';
import { requiredOwner } from './owner.js';
import { rehearse } from './rehearse-clone.js';
import { makeRelease, templateFor } from './release-of.js';
import { shownParameters } from './shown-parameters.js';

type Needs = Pick<
  Deps,
  | 'access'
  | 'clones'
  | 'reads'
  | 'templates'
  | 'ownerOverrides'
  | 'secrets'
  | 'quotas'
  | 'keys'
  | 'ids'
  | 'clock'
  | 'failpoints'
  | 'wake'
  | 'chargeOwner'
  | 'deadlines'
>;

/** Accepts a clone: the answer follows its row, its quota and its history. */
export function createClone(needs: Needs): Unary<CreateCloneRequest, CreateCloneResponse> {
  const { clones, failpoints, wake } = needs;
  return async (message, call) => {
    const owner = requiredOwner(message.owner);
    const request = requestOf(needs, message, call.caller);
    // Whoever repeats a request gets its clone, even if it would not be accepted any more.
    const repeated = async (thrown: unknown) => {
      const clone = await clones.findRepeated(request);
      if (!clone) throw thrown;
      return { clone };
    };
    const asking = { owner, caller: call.caller };
    const admitted = await admit(needs, message, asking).catch(repeated);
    if ('clone' in admitted) return { clone: toCloneMessage(admitted.clone), quotas: [] };
    needs.chargeOwner(owner.id);

    const made = await wantedOf(needs, message, { ...admitted, owner, call }).catch(repeated);
    if ('clone' in made) return { clone: toCloneMessage(made.clone), quotas: [] };
    if (message.validateOnly) {
      const { clone, quotas } = await rehearse(needs, made.wanted, call.signal);
      return { clone: toCloneMessage(clone), quotas: quotas.map(toQuotaMessage) };
    }
    const clone = await clones.create({ ...made, request });
    failpoints.hit('lifecycle.clone_created');
    wake();
    return { clone: toCloneMessage(clone), quotas: [] };
  };
}

/** The request as it is told from another one: keyed, since it may carry secrets. */
function requestOf({ secrets }: Needs, message: CreateCloneRequest, caller: Caller) {
  const actor = actorOf(caller);
  const bytes = Buffer.from(CreateCloneRequest.encode({ ...message, requestId: '' }).finish());
  return {
    caller: actor,
    requestId: message.requestId,
    fingerprint: secrets.fingerprint(actor, bytes),
  };
}

interface Asking {
  readonly owner: Owner;
  readonly caller: Caller;
}

interface Admission {
  readonly template: Template | undefined;
  readonly spec: Spec;
  readonly admitted: Admitted;
}

/** Finds out what the clone would be made from, and whether its owner may have it. */
async function admit(
  needs: Needs,
  message: CreateCloneRequest,
  { owner, caller }: Asking,
): Promise<Admission> {
  const { access } = needs;
  const { templateId, templateRevision: revision, botId } = message;
  const template = await templateFor(needs, caller, { templateId, revision });
  const spec = template?.spec ?? defaultSpec();
  if (botId === '' && needsBot(spec)) {
    throw invalid({
      field: 'bot_id',
      description: 'is required: a stage runs the source of a bot',
    });
  }
  if (botId !== '') {
    return { template, spec, admitted: await access.admit({ userId: caller.id, owner, botId }) };
  }
  if (!(await access.manages(caller.id, owner))) {
    throw denied('clones.create', `you may not create clones of ${owner.id}`);
  }
  return { template, spec, admitted: await access.admitOwner({ userId: caller.id, owner }) };
}

interface Making extends Admission {
  readonly owner: Owner;
  readonly call: Call;
}

/** The clone that is asked for, with everything about it checked. */
async function wantedOf(
  needs: Needs,
  message: CreateCloneRequest,
  { template, spec, admitted, owner, call }: Making,
): Promise<Omit<NewClone, 'request'>> {
  const { ids, secrets } = needs;
  const id = ids.make('cln');
  const asked = message.inputs.map(fromInputMessage);
  const violations = inputViolations(asked, spec);
  if (violations.length > 0) throw invalid(...violations);
  const inputs = secrets.nameInputs(id, asked);
  const made = await makeRelease(needs, {
    cloneId: id,
    owner,
    spec,
    templateRevision: template?.revision ?? 0,
    number: 1,
    tag: message.tag,
    given: { parameters: message.parameters },
    limits: fromLimitsMessage(message.limits),
    botSource: admitted.source,
    ownLayer: [],
    changes: message.overrides.map(fromChangeMessage),
  });
  await requireResults(needs, message, { owner, call });
  await requireHoldable(needs, message, { owner, call });

  const kind = template?.kind ?? 'BOT';
  const wanted: Wanted = {
    id,
    name: message.name,
    kind,
    owner,
    creatorId: call.caller.id,
    botId: message.botId,
    teamId: admitted.teamId,
    keyId: message.keyId,
    templateId: template?.id ?? '',
    release: made.release,
    inputs: inputs.kept,
    externalRef: message.externalRef,
    privateResults: message.privateResults,
    policy: policyOf(spec.policy, fromPolicyMessage(message.policy)),
    labels: message.labels,
    ...(message.maxSignatures !== undefined && { maxSignatures: message.maxSignatures }),
    ...(message.keyLimits && { keyLimits: keyLimitsOf(message.keyLimits) }),
    action: { id: ids.make('act'), name: 'clones.create' },
    isEntitled: admitted.entitled.includes(kind),
  };
  return {
    wanted,
    parameters: shownParameters(CreateCloneRequest, message),
    secrets: [...made.secrets, ...secrets.sealedFor(id, inputs.secrets)],
  };
}

/** The limits as they are kept: the contract has checked them, and keys takes them as they are. */
function keyLimitsOf(limits: GrantLimits): Buffer {
  return Buffer.from(GrantLimits.encode(limits).finish());
}

/** Throws if the limits could not hold for the key, as far as keys can say so now. */
async function requireHoldable(
  { keys }: Needs,
  { keyId, keyLimits }: CreateCloneRequest,
  { owner, call }: { readonly owner: Owner; readonly call: Call },
): Promise<void> {
  if (!keyLimits) return;
  const asked = { keyId, owner, creatorId: call.caller.id, keyLimits: keyLimitsOf(keyLimits) };
  const violations = await keys.checkLimits(asked, call.signal);
  if (violations.length > 0) throw invalid(...violations);
}

/** Throws unless every result that is asked for as an input is of a clone of the same owner. */
async function requireResults(
  { access, reads }: Needs,
  { inputs }: CreateCloneRequest,
  { owner, call }: { readonly owner: Owner; readonly call: Call },
): Promise<void> {
  const sight = await access.sightOf(call.caller);
  for (const [index, { source }] of inputs.entries()) {
    if (source?.$case !== 'result') continue;
    const kept = await reads.find(source.value.cloneId, sight);
    const isReadable =
      kept?.clone.owner.id === owner.id &&
      (!kept.clone.privateResults || kept.clone.creatorId === call.caller.id);
    if (isReadable) continue;
    const description = `the owner has no clone whose results you may read: ${source.value.cloneId}`;
    throw invalid({ field: `inputs[${index}].result.clone_id`, description });
  }
}

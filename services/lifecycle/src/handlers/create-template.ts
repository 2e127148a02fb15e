import { invalid } from '@ramet/errors';
import { CreateTemplateRequest, type CreateTemplateResponse } from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import { specViolations } from '../domain/check-spec.js';
import { newTemplate, type WantedTemplate } from '../domain/template.js';
import { requireMaker } from '../domain/template-sight.js';
import { fromKindMessage, fromSpecMessage } from '../spec-messages.js';
import { toTemplateMessage } from '../template-messages.js';
import { actorOf } from './actor.js';
import { requiredOwner } from './owner.js';

type Needs = Pick<Deps, 'access' | 'templates' | 'ids' | 'clock' | 'secrets'>;

/** Makes a template for the caller, or for a team that they run. */
export function createTemplate({
  access,
  templates,
  ids,
  secrets,
  clock,
}: Needs): Unary<CreateTemplateRequest, CreateTemplateResponse> {
  return async (message, { caller }) => {
    const wanted = wantedOf(message, ids.make('tpl'));
    requireMaker(await access.templateSightOf(caller), wanted);
    const violations = specViolations(wanted.kind, wanted.spec);
    if (violations.length > 0) throw invalid(...violations);

    if (message.validateOnly) {
      await templates.requireFreeName(wanted);
      // The clock of the process will do: nothing is kept.
      return { template: toTemplateMessage(newTemplate(wanted, clock.now())) };
    }
    const actor = actorOf(caller);
    const bytes = CreateTemplateRequest.encode({ ...message, requestId: '' }).finish();
    const fingerprint = secrets.fingerprint(actor, bytes);
    const { requestId } = message;
    const template = await templates.create(wanted, { caller: actor, requestId, fingerprint });
    return { template: toTemplateMessage(template) };
  };
}

/** What a request asks for. The contract has made sure that it says what it has to. */
function wantedOf(message: CreateTemplateRequest, id: string): WantedTemplate {
  const { name, description, labels, shared } = message;
  const kind = fromKindMessage(message.kind);
  if (!kind) throw invalid({ field: 'kind', description: 'is required' });
  if (!message.spec) throw invalid({ field: 'spec', description: 'is required' });
  const owner = requiredOwner(message.owner);
  return {
    id,
    owner,
    name,
    kind,
    description,
    shared,
    spec: fromSpecMessage(message.spec),
    labels,
  };
}

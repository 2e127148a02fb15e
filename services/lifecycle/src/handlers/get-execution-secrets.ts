import type {
  GetExecutionSecretsRequest,
  GetExecutionSecretsResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Unary } from '@ramet/rpc';
import type { Deps } from '../deps.js';
import type { Clone } from '../domain/clone.js';
import { epochStale } from '../domain/epoch.js';
import { running } from '../domain/run.js';
import { toOverrideMessage } from '../override-messages.js';

type Needs = Pick<Deps, 'directory' | 'secrets'>;

type Request = GetExecutionSecretsRequest;
type Response = GetExecutionSecretsResponse;

/** Tells the executor what an execution may know and nobody else. */
export function getExecutionSecrets({ directory, secrets }: Needs): Unary<Request, Response> {
  return async ({ cloneId, executionId, epoch }) => {
    const clone = await directory.get(cloneId, 'all');
    const { execution } = clone;
    if (execution?.id !== executionId || clone.epoch !== epoch || execution.outcome) {
      throw epochStale(executionId, epoch);
    }
    const overrides = running(clone).overrides.filter(({ digest }) => digest !== '');
    const inputs = urlsOf(clone);
    const digests = [...overrides, ...inputs].map(({ digest }) => digest);
    const opened = await secrets.open(cloneId, digests);
    const textOf = (digest: string): string => opened.get(digest)?.toString('utf8') ?? '';
    const response = {
      overrides: overrides.map((override) => {
        const { name, scope } = toOverrideMessage(override);
        return { name, scope, value: textOf(override.digest) };
      }),
      inputs: inputs.map(({ name, digest }) => ({ name, url: textOf(digest) })),
    };
    for (const value of opened.values()) value.fill(0);
    return response;
  };
}

function urlsOf({ inputs }: Clone): readonly { readonly name: string; readonly digest: string }[] {
  return inputs.flatMap(({ name, source }) => {
    return source.kind === 'url' ? [{ name, digest: source.digest }] : [];
  });
}

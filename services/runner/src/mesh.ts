import { PublicError } from '@ramet/errors';
import { SigningServiceService, type SignTransactionRequest } from '@ramet/proto-gen/keys.v1';
import {
  type CompleteCloneExecutionRequest,
  type Endpoint,
  ExecutionReportServiceService,
  type Health,
  type Progress,
  type ResultHeader,
  type UploadResultRequest,
} from '@ramet/proto-gen/lifecycle.v1';
import { WorkloadTokenServiceService } from '@ramet/proto-gen/teams.v1';
import { type Contract, connect, type Remote, RemoteError } from '@ramet/rpc';
import { type Clock, Scope } from '@ramet/service';
import type { MeshConfig } from './config.js';

interface Binding {
  readonly executionId: string;
  readonly epoch: number;
  /** Names this process among all that may ever run the execution. */
  readonly instance: string;
}

/** Which result is sent. */
export interface Upload extends Pick<ResultHeader, 'name' | 'kind' | 'sha256'> {
  readonly sizeBytes: number;
}

/** What a runner asks of the mesh, as the one execution that its token is bound to. */
export class Mesh implements AsyncDisposable {
  readonly #binding: Binding;
  readonly #lifecycle: Remote<typeof ExecutionReportServiceService>;
  readonly #keys: Remote<typeof SigningServiceService>;
  readonly #teams: Remote<typeof WorkloadTokenServiceService>;
  readonly #connections = new Scope();
  #token: string;

  constructor(config: MeshConfig, binding: Binding, contract: Contract, clock: Clock) {
    const { lifecycleAddress, keysAddress, teamsAddress, authority } = config;
    const tls = authority ? { authority: Buffer.from(authority) } : undefined;
    const options = { token: async () => this.#token, contract, clock, tls };
    const open = this.#connections;
    this.#binding = binding;
    this.#token = config.token;
    this.#lifecycle = open.use(connect(ExecutionReportServiceService, lifecycleAddress, options));
    this.#keys = open.use(connect(SigningServiceService, keysAddress, options));
    this.#teams = open.use(connect(WorkloadTokenServiceService, teamsAddress, options));
  }

  /**
   * Claims the execution for this runner, so that no other one starts its workload. Tells where the
   * workload can be reached.
   */
  async claim(endpoints: readonly Endpoint[]): Promise<void> {
    const nothing = { progress: undefined, health: undefined };
    await this.#lifecycle.updateExecution({
      ...this.#binding,
      ...nothing,
      started: true,
      endpoints,
    });
  }

  /**
   * Says that the runner lives, how far the workload is and how well. Tells whether it should end.
   */
  async beat(progress: Progress | undefined, health: Health | undefined): Promise<boolean> {
    const update = { ...this.#binding, started: false, progress, health, endpoints: [] };
    return (await this.#lifecycle.updateExecution(update)).stopRequested;
  }

  /** Passes on what the workload said of its end, or that it said nothing, and what it printed. */
  async complete(
    last: Pick<CompleteCloneExecutionRequest, 'report' | 'outputTail' | 'resultsProblem'>,
  ): Promise<void> {
    const { executionId, epoch } = this.#binding;
    await this.#lifecycle.completeCloneExecution({ executionId, epoch, ...last });
  }

  /** Sends something that the workload left. */
  async upload(
    { sizeBytes, ...result }: Upload,
    chunks: AsyncIterable<Buffer>,
    signal: AbortSignal,
  ): Promise<void> {
    const { executionId, epoch } = this.#binding;
    const header = { executionId, epoch, ...result, sizeBytes: BigInt(sizeBytes) };
    await this.#lifecycle.uploadResult(partsOf(header, chunks), { signal });
  }

  /** Streams an input of the clone that is a result of another clone. */
  async *fetchInput(name: string, signal: AbortSignal): AsyncGenerator<Buffer> {
    const { executionId, epoch } = this.#binding;
    const wish = { executionId, epoch, name };
    for await (const { data } of this.#lifecycle.fetchInput(wish, { signal })) yield data;
  }

  /** Signs with the clone's key. Throws what keys answered, as an error for the workload. */
  async sign(request: SignTransactionRequest) {
    try {
      return await this.#keys.signTransaction(request);
    } catch (error) {
      throw error instanceof RemoteError ? passedOn(error) : error;
    }
  }

  /** How long the token in use is good for, as its own text says. */
  tokenLifetimeMs(): number {
    const [, claims = ''] = this.#token.split('.');
    const { iat, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    return (exp - iat) * 1_000;
  }

  /** Changes the token for a fresh one. */
  async renewToken(): Promise<void> {
    this.#token = (await this.#teams.renewWorkloadToken({})).token;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#connections[Symbol.asyncDispose]();
  }
}

/** Whether an answer means that the execution is over for this runner, and for good. */
export function isOver(error: unknown): boolean {
  if (!(error instanceof RemoteError)) return false;
  const refused = ['UNAUTHENTICATED', 'PERMISSION_DENIED', 'NOT_FOUND'].includes(error.code);
  return refused || error.reason === 'EPOCH_STALE';
}

/** The reason that an answer gives; empty if it is none, or gives none. */
export function reasonOf(error: unknown): string {
  return error instanceof RemoteError ? error.reason : '';
}

/** Whether an answer only means that nobody was there to give one. */
export function isAway(error: unknown): boolean {
  return error instanceof RemoteError && ['UNAVAILABLE', 'DEADLINE_EXCEEDED'].includes(error.code);
}

async function* partsOf(
  header: ResultHeader,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<UploadResultRequest> {
  yield { part: { $case: 'header', value: header } };
  for await (const value of chunks) yield { part: { $case: 'data', value } };
}

const PASSED_ON = {
  INVALID_ARGUMENT: 'invalid_argument',
  UNAUTHENTICATED: 'unauthenticated',
  PERMISSION_DENIED: 'permission_denied',
  NOT_FOUND: 'not_found',
  ALREADY_EXISTS: 'already_exists',
  FAILED_PRECONDITION: 'failed_precondition',
  ABORTED: 'aborted',
  RESOURCE_EXHAUSTED: 'resource_exhausted',
} as const;

/** The workload has no other way to keys: what keys answered is meant for it. */
function passedOn(error: RemoteError): unknown {
  const code = PASSED_ON[error.code as keyof typeof PASSED_ON];
  if (code === undefined) return error;
  const { retryAfterMs, resource, ...rest } = error;
  return new PublicError(code, error.reason, error.message, {
    cause: error,
    metadata: rest.metadata,
    violations: rest.violations,
    preconditions: rest.preconditions,
    quotas: rest.quotas,
    ...(resource && { resource }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

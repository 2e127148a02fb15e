import { PublicError } from '@ramet/errors';
import { SigningServiceService, type SignTransactionRequest } from '@ramet/proto-gen/keys.v1';
import {
  type CompletionReport,
  ExecutionReportServiceService,
  type Progress,
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

/** What a runner asks of the mesh, as the one execution that its token is bound to. */
export class Mesh implements AsyncDisposable {
  readonly #binding: Binding;
  readonly #lifecycle: Remote<typeof ExecutionReportServiceService>;
  readonly #keys: Remote<typeof SigningServiceService>;
  readonly #teams: Remote<typeof WorkloadTokenServiceService>;
  readonly #connections = new Scope();
  #token: string;

  constructor(config: MeshConfig, binding: Binding, contract: Contract, clock: Clock) {
    const options = { token: async () => this.#token, contract, clock };
    const { lifecycleAddress, keysAddress, teamsAddress } = config;
    const open = this.#connections;
    this.#binding = binding;
    this.#token = config.token;
    this.#lifecycle = open.use(connect(ExecutionReportServiceService, lifecycleAddress, options));
    this.#keys = open.use(connect(SigningServiceService, keysAddress, options));
    this.#teams = open.use(connect(WorkloadTokenServiceService, teamsAddress, options));
  }

  /** Claims the execution for this runner, so that no other one starts its workload. */
  async claim(): Promise<void> {
    await this.#lifecycle.updateExecution({
      ...this.#binding,
      started: true,
      progress: undefined,
    });
  }

  /** Says that the runner lives, and how far the workload is. Tells whether it should end. */
  async beat(progress: Progress | undefined): Promise<boolean> {
    const update = { ...this.#binding, started: false, progress };
    return (await this.#lifecycle.updateExecution(update)).stopRequested;
  }

  /** Passes on what the workload said of its end, or that it said nothing. */
  async complete(report: CompletionReport | undefined): Promise<void> {
    const { executionId, epoch } = this.#binding;
    await this.#lifecycle.completeCloneExecution({ executionId, epoch, report });
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

/** Whether an answer only means that nobody was there to give one. */
export function isAway(error: unknown): boolean {
  return error instanceof RemoteError && ['UNAVAILABLE', 'DEADLINE_EXCEEDED'].includes(error.code);
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

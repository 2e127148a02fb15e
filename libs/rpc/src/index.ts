export type { Audit, AuditRecord } from './audit.js';
export {
  ANONYMOUS,
  type Call,
  type Caller,
  type CallerKind,
  type CallMetadata,
  type Encoded,
  type Proven,
  type Streaming,
  type Unary,
  type Uploading,
  type WorkloadIdentity,
} from './call.js';
export { type ClientTls, type PeerTls, staysHere, type Trust } from './channel.js';
export {
  type CallOptions,
  type ConnectOptions,
  connect,
  type Remote,
} from './connect.js';
export { currentCorrelationId, detached } from './context.js';
export type { Contract, Rule, RuleCaller } from './contract.js';
export type { Authenticate, Limits } from './endpoint.js';
export { createIdentity } from './identity.js';
export { type Implemented, implement } from './implement.js';
export type { Jwk } from './key-ring.js';
export { Limiter, type LimiterOptions } from './limiter.js';
export { type MeshIdentity, type MeshMember, openMeshIdentity } from './mesh-identity.js';
export type { Handlers, Method } from './method.js';
export type { Clock, Logger } from './ports.js';
export { RemoteError, type StatusName } from './remote-error.js';
export type { RevocationNews, RevocationSource } from './revocation-feed.js';
export {
  FRESH_MS,
  REVOKED_MS,
  type Revocations,
  type Revoked,
  RevokedSubjects,
} from './revocations.js';
export { type RunningServer, type ServeOptions, serve } from './serve.js';
export {
  openServiceTls,
  type ServiceListening,
  type ServiceTls,
  type TlsFiles,
} from './service-tls.js';
export { statusCodeOf } from './status.js';
export { ownerCharge, type ThrottlePolicy, throttlePolicy } from './throttle.js';
export type { Rate } from './token-bucket.js';
export { createTokenSource, type Issued, type TokenSourceOptions } from './token-source.js';
export { createVerifier, type VerifierOptions } from './tokens.js';

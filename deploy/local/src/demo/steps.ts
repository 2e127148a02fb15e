import type { Recorded } from './spans.js';

/** One of the fifteen steps of the main job, as DESIGN section 1 draws them. */
export interface Step {
  readonly n: number;
  readonly caller: 'user' | 'keys' | 'lifecycle' | 'runner';
  readonly callee: 'teams' | 'keys' | 'lifecycle' | 'executor';
  /** The full name of the RPC. */
  readonly rpc: string;
  /** Which end of the call recorded it: the callee, or the caller for what came back. */
  readonly seenBy: 'server' | 'client';
}

const KEYS = 'ramet.keys.v1';
const LIFECYCLE = 'ramet.lifecycle.v1';
const AUTHORIZE = `${KEYS}.GrantService/AuthorizeCloneToUseKey`;

/** The steps, in the order of the diagram. */
export const STEPS: readonly Step[] = [
  served(1, 'user', 'keys', `${KEYS}.KeyService/CreateKey`),
  served(2, 'user', 'keys', `${KEYS}.KeyService/ListAvailableKeys`),
  served(3, 'user', 'lifecycle', `${LIFECYCLE}.CloneService/CreateClone`),
  served(4, 'lifecycle', 'keys', `${KEYS}.KeyService/ListAvailableKeys`),
  served(5, 'lifecycle', 'keys', AUTHORIZE),
  served(6, 'keys', 'lifecycle', `${LIFECYCLE}.CloneDirectoryService/GetCloneTeamAndBot`),
  served(7, 'keys', 'teams', 'ramet.teams.v1.TeamService/ListTeamMembers'),
  // The grant comes back to lifecycle: its own record of call 5 says so.
  { n: 8, caller: 'lifecycle', callee: 'keys', rpc: AUTHORIZE, seenBy: 'client' },
  served(9, 'lifecycle', 'executor', 'ramet.executor.v1.ExecutionService/CreateExecution'),
  served(10, 'runner', 'keys', `${KEYS}.SigningService/SignTransaction`),
  served(11, 'runner', 'lifecycle', `${LIFECYCLE}.ExecutionReportService/UpdateExecution`),
  served(12, 'user', 'lifecycle', `${LIFECYCLE}.CloneService/GetCloneExecutionInformation`),
  served(13, 'runner', 'lifecycle', `${LIFECYCLE}.ExecutionReportService/CompleteCloneExecution`),
  served(14, 'user', 'lifecycle', `${LIFECYCLE}.CloneService/DeleteClone`),
  served(15, 'lifecycle', 'keys', `${KEYS}.GrantService/ReleaseKey`),
];

/** The step that a span is the record of, or undefined if it is of none. */
export function stepOf(span: Recorded): Step | undefined {
  return STEPS.find((step) => {
    if (span.name !== step.rpc || span.kind !== step.seenBy) return false;
    if (step.seenBy === 'client') return span.service === step.caller;
    return span.service === step.callee && callerOf(span) === step.caller;
  });
}

/** Who made a call, as the service that served it has proven: `user`, or the name of a service. */
function callerOf({ attributes }: Recorded): string {
  const service = attributes['ramet.caller_service'];
  if (typeof service === 'string') return service;
  return String(attributes['ramet.caller'] ?? '').split(':')[0] ?? '';
}

function served(n: number, caller: Step['caller'], callee: Step['callee'], rpc: string): Step {
  return { n, caller, callee, rpc, seenBy: 'server' };
}

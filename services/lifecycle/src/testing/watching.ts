import {
  type Clone,
  ClonePhase,
  WatchClonesRequest,
  type WatchClonesResponse,
} from '@ramet/proto-gen/lifecycle.v1';
import type { Api } from './house.js';

/** What a watch is asked for. */
export type Filter = Parameters<typeof WatchClonesRequest.fromPartial>[0];

/** The request of a filter. */
export function requestOf(filter: Filter): WatchClonesRequest {
  return WatchClonesRequest.fromPartial(filter);
}

/** All that is told until it is enough. */
export async function told(
  { clones }: Api,
  filter: Filter,
  isEnough: (all: readonly WatchClonesResponse[]) => boolean,
): Promise<readonly WatchClonesResponse[]> {
  const all: WatchClonesResponse[] = [];
  for await (const response of clones.watchClones(requestOf(filter))) {
    all.push(response);
    if (isEnough(all)) break;
  }
  return all;
}

/** Tells whether something is a proof. */
export function isCheckpoint({ event }: WatchClonesResponse): boolean {
  return event?.$case === 'checkpoint';
}

/** The clone that something is about. */
export function idOf(response: WatchClonesResponse): string | undefined {
  const { event } = response;
  return event?.$case === 'left' ? event.value.cloneId : cloneOf(response)?.id;
}

/** The seq of what is told of a clone. */
export function seqOf(response: WatchClonesResponse): number {
  const { event } = response;
  return (event?.$case === 'left' ? event.value.seq : cloneOf(response)?.seq) ?? 0;
}

/** The phase of what is told of a clone, or else what it is. */
export function nameOf(response: WatchClonesResponse): string {
  const phase = cloneOf(response)?.phase;
  if (phase === undefined) return response.event?.$case ?? '';
  return Object.entries(ClonePhase).find(([, value]) => value === phase)?.[0] ?? '';
}

function cloneOf({ event }: WatchClonesResponse): Clone | undefined {
  if (event?.$case === 'snapshot') return event.value;
  return event?.$case === 'change' ? event.value.clone : undefined;
}

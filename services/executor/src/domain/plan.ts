import type { Observation } from './observation.js';
import type { Workload } from './workload.js';

/** What to do about a workload outside, given what is seen of it. */
export type Action = 'start' | 'stop' | 'kill' | 'remove' | 'watch' | 'nothing';

/** How long after its grace a runner may take before it is taken for stuck. */
const STUCK_MS = 20_000;

/** The one next thing to do. Doing it twice does what doing it once does. */
export function nextAction(workload: Workload, seen: Observation, now: Date): Action {
  switch (workload.state) {
    case 'pending':
      return seen.state === 'absent' || seen.state === 'created' ? 'start' : 'watch';
    case 'running':
      return 'watch';
    case 'stopping':
      return isUp(seen) && isStuck(workload, now) ? 'kill' : 'stop';
    case 'removing':
      return 'remove';
    case 'exited':
    case 'removed':
      return 'nothing';
  }
}

/** What was never started has nothing to kill: a stop records its end, however late that is. */
function isUp({ state }: Observation): boolean {
  return state === 'starting' || state === 'running';
}

function isStuck({ stop, made }: Workload, now: Date): boolean {
  const limitMs = (made?.limits.graceMs ?? 0) + STUCK_MS;
  return stop !== undefined && now.getTime() - stop.at.getTime() > limitMs;
}

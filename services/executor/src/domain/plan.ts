import type { Observation } from './observation.js';
import type { Workload } from './workload.js';

/** What to do about a workload outside, given what is seen of it. */
export type Action = 'start' | 'stop' | 'kill' | 'remove' | 'watch' | 'nothing';

/** How long after its grace a runner may take before it is taken for stuck. */
const STUCK_MS = 20_000;
/** How much longer it may take once nothing but itself runs: it sends what its workload left. */
const FINISHING_MS = 6 * 60_000;

/** The one next thing to do. Doing it twice does what doing it once does. */
export function nextAction(workload: Workload, seen: Observation, now: Date): Action {
  switch (workload.state) {
    case 'pending':
      return seen.state === 'absent' || seen.state === 'created' ? 'start' : 'watch';
    case 'running':
      return 'watch';
    case 'stopping':
      if (isUp(seen) && isStuck(workload, seen, now)) return 'kill';
      return seen.state === 'finishing' && workload.stop?.cause !== 'INTERRUPTED'
        ? 'watch'
        : 'stop';
    case 'removing':
      return 'remove';
    case 'exited':
    case 'removed':
      return 'nothing';
  }
}

/** What was never started has nothing to kill: a stop records its end, however late that is. */
function isUp({ state }: Observation): boolean {
  return state === 'starting' || state === 'running' || state === 'finishing';
}

function isStuck({ stop, made }: Workload, seen: Observation, now: Date): boolean {
  const finishingMs = seen.state === 'finishing' ? FINISHING_MS : 0;
  const limitMs = (made?.limits.graceMs ?? 0) + STUCK_MS + finishingMs;
  return stop !== undefined && now.getTime() - stop.at.getTime() > limitMs;
}

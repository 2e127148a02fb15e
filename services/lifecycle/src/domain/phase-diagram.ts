import { PHASES, TRANSITIONS } from './phases.js';

/** The phase table as a Mermaid state diagram, as it stands in docs/clone-phases.md. */
export function phaseDiagram(): string {
  const moves = PHASES.flatMap((phase) => movesFrom(phase));
  return ['stateDiagram-v2', '  [*] --> ACCEPTED', ...moves, '  DELETED --> [*]'].join('\n');
}

function movesFrom(phase: (typeof PHASES)[number]): readonly string[] {
  const events = new Map<string, string[]>();
  for (const [event, next] of Object.entries(TRANSITIONS[phase])) {
    if (next === null || next === phase) continue;
    events.set(next, [...(events.get(next) ?? []), event]);
  }
  return [...events].map(([next, names]) => `  ${phase} --> ${next}: ${names.join(', ')}`);
}

import type { CommandContext } from './context.js';

/** Runs the story of the main job on a mesh of its own and says what happened. */
export async function demo(context: CommandContext): Promise<number> {
  context.complain('the demo is not part of this build');
  return 1;
}

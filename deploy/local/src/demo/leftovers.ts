import { ClonePhase, CloneView } from '@ramet/proto-gen/lifecycle.v1';
import type { Scene } from './story.js';
import { WatchedClone } from './watched-clone.js';

/** Marks the clones of demos, so that no other clone of the user is ever touched. */
export const LABELS: Readonly<Record<string, string>> = { 'made-by': 'demo' };

const MOST = 1_000;

/**
 * Deletes what demos that failed have left, so that neither the quota nor the records of this one
 * tell of them.
 */
export async function removeLeftovers(scene: Omit<Scene, 'exchange'>): Promise<void> {
  const { clones } = scene.user;
  const asked = {
    owner: undefined,
    view: CloneView.ACTIVE,
    pageSize: MOST,
    pageToken: '',
    filter: '',
    orderBy: '',
  };
  const left = (await clones.listClones(asked)).clones.filter(({ labels }) => {
    return Object.entries(LABELS).every(([name, value]) => labels[name] === value);
  });
  if (left.length > 0) scene.say(`  removing ${left.length} that a demo before has left`);
  for (const { id: cloneId } of left) {
    await clones.deleteClone({ id: cloneId, etag: '' });
    await new WatchedClone({ ...scene, clones, cloneId }).until(ClonePhase.DELETED);
  }
}
